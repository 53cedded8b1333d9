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
_DOCTOR = """\
What is set up, what is missing, and what to do about it. With --session, what happened to a session:
  faultmaven doctor --session session_0f3c…
It asks the server that keeps it: when it was opened, resumed and used, why it is over, and what failed lately."""
_TOKEN = """\
Make, list and revoke the access tokens of users. A server started with FAULTMAVEN_AUTH=token lets in whoever has one:
  TOKEN=$(faultmaven token create alice)
  faultmaven token list
  faultmaven token revoke alice
This works on the database, beside a running server or without one. Whoever has no token any more is out at once."""

_BACKUP = """\
Save a data folder, beside a running server or without one, in one file:
  faultmaven backup /backups/faultmaven.tar.gz
  faultmaven backup - | ssh elsewhere 'cat > faultmaven.tar.gz'
  faultmaven backup --verify /backups/faultmaven.tar.gz
The file is whole, or it is not there. It holds all evidence, and it is not encrypted: keep it as safe as the data.
The access token of local mode is not in it; a restored server makes a new one."""
_RESTORE = """\
Make a new data folder from a backup:
  faultmaven restore /backups/faultmaven.tar.gz --data-dir ~/restored
  faultmaven serve --data-dir ~/restored
The whole backup is checked before anything is written. A folder that is not empty is never touched."""


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
    _doctor(_command(commands, "doctor", "what is set up, what is missing, and what to do about it", _DOCTOR))
    _open(_command(commands, "open", "open the panel of the running server in a browser"))
    _serve(_command(commands, "serve", "start the server"))
    _token(_command(commands, "token", "the access tokens of users, for FAULTMAVEN_AUTH=token", _TOKEN))
    _backup(_command(commands, "backup", "save the data folder in one file while the server goes on serving", _BACKUP))
    _restore(_command(commands, "restore", "make a new data folder from a backup", _RESTORE))
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
    _token_file(ask)


def _analyze(analyze: argparse.ArgumentParser) -> None:
    analyze.add_argument("files", metavar="FILE", nargs="*", help="evidence; `-` is standard input")
    analyze.add_argument("--json", action="store_true", help="print one JSON object")
    analyze.add_argument("-v", "--verbose", action="store_true", help="list all templates, not only the most telling")


def _doctor(doctor: argparse.ArgumentParser) -> None:
    _place(doctor)
    doctor.add_argument("--session", metavar="ID", help="say what happened to this session")
    doctor.add_argument("--json", action="store_true", help="with --session: print what the server says as JSON")
    doctor.add_argument("--server", metavar="URL", help="with --session: ask this server; without URL the local one")
    _token_file(doctor)


def _open(opening: argparse.ArgumentParser) -> None:
    _place(opening)
    _token_file(opening)


def _serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", help="interface to listen on (default: 127.0.0.1)")
    _place(serve)
    serve.add_argument("--no-auth", action="store_true", help="let every program of this machine in without the token")
    serve.add_argument(
        "--behind-tls-proxy", action="store_true", help="a proxy adds TLS to all that comes from other machines"
    )


def _token(token: argparse.ArgumentParser) -> None:
    actions = token.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = _command(actions, "create", "print a new access token, this once; the user is made at first use")
    create.add_argument("user", metavar="USER", help="1 to 64 letters, digits, dots, underscores, @ or hyphens")
    listing = _command(actions, "list", "who has which tokens since when; never the tokens themselves")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    revoke = _command(actions, "revoke", "end all tokens of a user, or one token")
    revoke.add_argument("whose", metavar="USER|TOKEN_ID", help="as `faultmaven token list` has them")
    for action in (create, listing, revoke):
        _data_dir(action)


def _backup(backup: argparse.ArgumentParser) -> None:
    backup.add_argument("file", metavar="FILE", help="where to; `-` is standard output")
    backup.add_argument("--force", action="store_true", help="replace FILE if it is there already")
    backup.add_argument(
        "--verify", action="store_true", help="make nothing, but check that FILE is whole; `-` is standard input"
    )
    _data_dir(backup)


def _restore(restore: argparse.ArgumentParser) -> None:
    restore.add_argument("file", metavar="FILE", help="a backup; not a pipe, since it is read twice")
    _data_dir(restore)


def _place(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, help="port of the server (default: 8000)")
    _data_dir(command)


def _token_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("--token-file", type=Path, metavar="FILE", help="file with your access token of that server")


def _data_dir(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of database, evidence and access token")
