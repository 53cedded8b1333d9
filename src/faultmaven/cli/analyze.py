"""`faultmaven analyze`: what is in each piece of evidence, without a question and without a verdict."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from faultmaven.cli.failures import ANSWERED, USAGE, Failure
from faultmaven.cli.guarded import guarded
from faultmaven.cli.inputs import Given, gather, needs_mapping, paths_of
from faultmaven.cli.progress import progress_over
from faultmaven.cli.terminal import page, write, write_json
from faultmaven.diagnosis.digest import Digest


def run(options: argparse.Namespace) -> int:
    paths = paths_of(options.files)
    if not paths:
        raise Failure(USAGE, "There is nothing to analyze; name a file, or pipe something in.")
    if needs_mapping(paths):
        return guarded(lambda: _analyzed(paths, options))
    return _analyzed(paths, options)


def _analyzed(paths: Sequence[str], options: argparse.Namespace) -> int:
    from faultmaven.cli.digests import as_json, described

    given = gather(paths)
    digests = _digests(given)
    if options.json:
        write_json(as_json(given, digests))
        return ANSWERED
    paper = page()
    for at, (one, digest) in enumerate(zip(given, digests, strict=True)):
        write(["", *described(one.name, digest, paper, options.verbose)][0 if at else 1 :])
    return ANSWERED


def _digests(given: Sequence[Given]) -> list[Digest]:
    from faultmaven.cli.digesting import digest_of

    progress = progress_over([len(one.content) for one in given])
    digests = [digest_of(one.content, progress.piece(len(one.content))) for one in given]
    progress.clear()
    return digests
