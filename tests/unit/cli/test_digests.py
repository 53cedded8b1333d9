import json

from faultmaven.cli.digests import as_json, described
from faultmaven.cli.inputs import Given
from faultmaven.cli.terminal import Page
from faultmaven.diagnosis.read import read

LOG = b"""\
2026-01-02T03:04:04Z INFO api started
2026-01-02T03:04:05Z ERROR api cannot reach db-1 after 3 attempts
2026-01-02T03:04:06Z ERROR api cannot reach db-2 after 4 attempts
2026-01-02T03:04:07Z WARN api slow
"""
YEARLESS = b"Jan  2 03:04:05 host sshd[1]: error: no supported authentication\n" * 2


def test_tells_size_span_levels_first_errors_and_templates() -> None:
    lines = described("api.log", read(LOG), Page())
    assert lines[:4] == [
        "api.log",
        "4 lines, 205 B, log",
        "from 2026-01-02 03:04:04 UTC to 2026-01-02 03:04:07 UTC",
        "levels: 2 error, 1 warning, 1 info",
    ]
    errors = lines[lines.index("First errors") + 1]
    assert errors.split(maxsplit=1)[0] == "2"
    assert "cannot reach db-1 after 3 attempts" in errors
    templates = lines[lines.index("Templates (count, level, first line)") + 1 :]
    assert templates[0].split()[:3] == ["2", "error", "2"]


def test_evidence_without_content_or_text_is_called_what_it_is() -> None:
    assert described("x", read(b""), Page())[1] == "0 lines, 0 B, empty"
    assert described("x", read(bytes(range(256)) * 40), Page())[1].endswith("binary")


def test_json_gives_ids_and_times_and_invents_no_year() -> None:
    given = [Given("e1", "api.log", memoryview(LOG)), Given("e2", "sshd.log", memoryview(YEARLESS))]
    told = json.loads(as_json(given, [read(one.content) for one in given]))["evidence"]
    assert [one["evidence_id"] for one in told] == ["e1", "e2"]
    assert told[0]["first_at"] == "2026-01-02T03:04:04Z"
    assert {template["level"] for template in told[0]["templates"]} == {"info", "error", "warning"}
    assert "first_at" not in told[1]
    assert "first_at" not in told[1]["templates"][0]


def test_evidence_cannot_speak_to_the_terminal() -> None:
    hostile = b"2026-01-02T03:04:05Z ERROR \x1b]0;owned\x07 \xe2\x80\xae boom\n"
    text = "\n".join(described("\x1bname", read(hostile), Page(80)))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
