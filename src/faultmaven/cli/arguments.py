"""What can be typed: every sub-command with its arguments. Nothing heavy is imported to know this."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from faultmaven.cli.failures import EXIT_CODES

LOCAL_SERVER = "local"
_ADDRESS = re.compile(r"https?://\S+|local|[\w.\[\]:-]+:\d{1,5}/?")

_DESCRIPTION = "Shows what broke, and the exact lines that say so."
_ASK = """\
Ask what is wrong. Evidence comes from -f (repeatable; `-` is standard input), or from a pipe:
  faultmaven ask -f app.log -f db.log "Why is checkout failing?"
  kubectl logs api-0 | faultmaven ask "What happened?"
  faultmaven ask "What does ECONNREFUSED mean?"
Without --server nothing is stored and nothing leaves this machine."""


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="faultmaven",
        description=_DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.add_argument("--version", action="store_true", help="print the version and stop")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    _ask(_command(commands, "ask", "ask a question about evidence", _ASK))
    _analyze(_command(commands, "analyze", "what is in a log: templates, levels, first errors, traces"))
    _doctor(_command(commands, "doctor", "what is set up, what is missing, and what to do about it"))
    _open(_command(commands, "open", "open the panel of the running server in a browser"))
    _serve(_command(commands, "serve", "start the server"))
    _command(commands, "contract", "print the OpenAPI document of the server")
    return root


def with_local_server(argv: Sequence[str]) -> list[str]:
    """`--server` may stand alone for the local one; what follows it then is the question, not an address."""
    words = list(argv)
    for at, word in enumerate(words):
        if word == "--":
            break
        if word == "--server" and not _ADDRESS.fullmatch("".join(words[at + 1 : at + 2])):
            words[at] = f"--server={LOCAL_SERVER}"
    return words


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, description: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=description or summary[0].upper() + summary[1:] + ".",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _ask(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("question", metavar="QUESTION", nargs="+", help="what you want to know, in quotes")
    ask.add_argument(
        "-f",
        "--file",
        dest="files",
        metavar="FILE",
        action="append",
        default=[],
        help="evidence; `-` is standard input",
    )
    ask.add_argument("--json", action="store_true", help="print the whole answer as one JSON object")
    ask.add_argument("-v", "--verbose", action="store_true", help="print everything that was found")
    ask.add_argument(
        "--engine", choices=("auto", "embedded", "llm"), default="auto", help="what thinks (default: auto)"
    )
    ask.add_argument(
        "--server", metavar="URL", help="ask a running server, which keeps the case; without URL the local one"
    )
    ask.add_argument("--token-file", type=Path, metavar="FILE", help="access token of that server")


def _analyze(analyze: argparse.ArgumentParser) -> None:
    analyze.add_argument("files", metavar="FILE", nargs="*", help="evidence; `-` is standard input")
    analyze.add_argument("--json", action="store_true", help="print one JSON object")
    analyze.add_argument("-v", "--verbose", action="store_true", help="list all templates, not only the most telling")


def _doctor(doctor: argparse.ArgumentParser) -> None:
    _place(doctor)


def _open(opening: argparse.ArgumentParser) -> None:
    _place(opening)


def _serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", help="interface to listen on (default: 127.0.0.1)")
    _place(serve)
    serve.add_argument("--no-auth", action="store_true", help="let every program of this machine in without the token")


def _place(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, help="port of the server (default: 8000)")
    command.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of database, evidence and access token")
