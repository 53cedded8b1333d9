"""The golden answers: `python tests/corpus/regenerate.py` writes them anew."""

import pytest
from tests.corpus import regenerate


@pytest.mark.parametrize("name", regenerate.names())
def test_the_answer_is_the_one_that_was_reviewed(name: str) -> None:
    golden = (regenerate.CORPUS / name / "golden.json").read_text(encoding="utf-8")
    assert regenerate.as_text(regenerate.answer(name)) == golden


@pytest.mark.parametrize("name", [name for name in regenerate.names() if name.startswith("healthy")])
def test_a_healthy_log_is_called_healthy(name: str) -> None:
    report = regenerate.answer(name)
    assert report.verdict == "no_fault_found"
    assert all(hypothesis.strength == "weak" for hypothesis in report.hypotheses)
    assert report.actions == []
