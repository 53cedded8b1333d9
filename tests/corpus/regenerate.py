"""Golden answers: small incidents, each a folder with a question, its evidence and the report it should get.

python tests/corpus/regenerate.py [NAME…]     writes golden.json anew; read the difference before keeping it
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from faultmaven.diagnosis.diagnose import Source, diagnose
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.report import Report

CORPUS = Path(__file__).parent


def names() -> list[str]:
    return sorted(path.parent.name for path in CORPUS.glob("*/question.txt"))


def question_of(name: str) -> str:
    return (CORPUS / name / "question.txt").read_text(encoding="utf-8")


def sources_of(name: str) -> list[Source]:
    return [source(path.name, path.read_bytes()) for path in sorted((CORPUS / name).glob("evidence/*"))]


def source(name: str, content: bytes, asked_with: bool = True) -> Source:
    return Source(hashlib.sha256(content).hexdigest(), name, Document(content), read(content), asked_with)


def answer(name: str) -> Report:
    return diagnose(question_of(name), sources_of(name))


def as_text(report: Report) -> str:
    """The report as golden.json holds it: without the versions, which change with every word of the catalogue."""
    told = report.model_dump(mode="json")
    del told["engine"]["versions"]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    for name in sys.argv[1:] or names():
        (CORPUS / name / "golden.json").write_text(as_text(answer(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
