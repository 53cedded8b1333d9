"""`faultmaven ask`: a question and its evidence in, an answer out; in this process, or by a running server."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from faultmaven.cli.failures import ANSWERED, NO_ENGINE, USAGE, Failure
from faultmaven.cli.guarded import guarded
from faultmaven.cli.inputs import Given, gather, needs_mapping, paths_of
from faultmaven.cli.progress import progress_over
from faultmaven.cli.terminal import write_json
from faultmaven.diagnosis.report import Report

QUESTION_LIMIT = 20_000


def run(options: argparse.Namespace) -> int:
    question = asked(options.question)
    if options.engine == "llm":
        raise Failure(NO_ENGINE, "No language model is configured; this version answers with the embedded engine only.")
    if options.server:
        from faultmaven.cli import remote

        return remote.ask(question, options)
    paths = paths_of(options.files)
    if needs_mapping(paths):
        return guarded(lambda: _answer(question, paths, options))
    return _answer(question, paths, options)


def asked(words: Sequence[str]) -> str:
    """The question as it was meant, trimmed. Raises Failure."""
    if len(words) > 1:
        raise Failure(
            USAGE, f"There are {len(words)} questions here. Put the question in quotes, and -f before each file."
        )
    question = os.fsencode(words[0]).decode("utf-8", "replace").strip()
    if not question:
        raise Failure(USAGE, "The question is empty.")
    if len(question) > QUESTION_LIMIT:
        raise Failure(
            USAGE,
            f"The question has {len(question):,} characters and may have {QUESTION_LIMIT:,}; "
            "give what it quotes as a file with -f.",
        )
    return question


def _answer(question: str, paths: Sequence[str], options: argparse.Namespace) -> int:
    report = _diagnosed(question, gather(paths, optional=not options.files))
    if options.json:
        write_json(report.model_dump_json())
    else:
        from faultmaven.cli.show import show

        show(report, options.verbose)
    return ANSWERED


def _diagnosed(question: str, given: Sequence[Given]) -> Report:
    from faultmaven.cli.digesting import digest_of, document_of
    from faultmaven.diagnosis.diagnose import Source, diagnose

    progress = progress_over([len(one.content) for one in given])
    sources = [
        Source(
            one.evidence_id,
            one.name,
            document_of(one.content),
            digest_of(one.content, progress.piece(len(one.content))),
        )
        for one in given
    ]
    progress.clear()
    return diagnose(question, sources)
