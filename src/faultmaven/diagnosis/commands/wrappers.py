"""Programs that run other programs: what is the command inside?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from faultmaven.diagnosis.commands.shell import Word
from faultmaven.diagnosis.report import Risk


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The commands inside, as words or as text for another shell, and the least risk the wrapping itself carries."""

    floor: Risk
    commands: tuple[Sequence[Word], ...] = ()
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Form:
    """`takes` are options followed by a value, `plain` options known to be harmless, `skips` words before the command.

    `joined` says that the words are put together and handed to another shell.
    """

    floor: Risk = "read_only"
    takes: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    skips: int = 0
    joined: bool = False


def _form(floor: Risk = "read_only", takes: str = "", plain: str = "", skips: int = 0, joined: bool = False) -> _Form:
    return _Form(floor, frozenset(takes.split()), frozenset(plain.split()), skips, joined)


_FORMS = {
    "sudo": _form("unknown", "-u -g -h -p -C -r -t -U -D -R -T --user --group --host"),
    "doas": _form("unknown", "-u -C"),
    "su": _form("unknown", "-s -g -G --shell"),
    "runuser": _form("unknown", "-u -g -s"),
    "env": _form("read_only", "-u --unset -C --chdir", "-i -0 --ignore-environment --null -"),
    "nohup": _form("changes_state"),
    "time": _form("read_only", "-f --format", "-p -v --portability --verbose"),
    "timeout": _form(
        "read_only", "-s -k --signal --kill-after", "-v --foreground --preserve-status --verbose", skips=1
    ),
    "nice": _form("read_only", "-n --adjustment"),
    "ionice": _form("read_only", "-c -n --class --classdata", "-t"),
    "stdbuf": _form("read_only", "-i -o -e", "-oL -o0 -eL -iL"),
    "setsid": _form("unknown"),
    "watch": _form("read_only", "-n --interval", "-d -t -e -g -c -b --differences --no-title --color", joined=True),
    # What xargs appends to the command comes from its input.
    "xargs": _form(
        "unknown", "-I -n -P -L -d -a -E -s --max-args --max-procs --delimiter", "-0 -r -t --null --no-run-if-empty"
    ),
    "parallel": _form("unknown", "-j --jobs -a"),
    "exec": _form("unknown", "-a"),
    "builtin": _form("read_only"),
    "busybox": _form("unknown"),
    "chroot": _form("unknown", skips=1),
    "nsenter": _form("unknown", "-t --target -S -G"),
    "unshare": _form("unknown"),
    "strace": _form("unknown", "-e -o -p -s -P"),
    "ltrace": _form("unknown", "-e -o -p -s"),
    "flock": _form("unknown", "-w -E", skips=1),
    "eval": _form("unknown", joined=True),
    "script": _form("unknown"),
    "pkexec": _form("unknown", "--user"),
    "ssh": _form("unknown", "-i -p -l -F -o -J -L -R -D -b -c -m -W -S -E -O -e -I -B -w", skips=1, joined=True),
    "caffeinate": _form("unknown"),
}
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash"}
_EXEC_TAKES = {
    *("-e", "--env", "-u", "--user", "-w", "--workdir", "-c", "--container", "-n", "--namespace", "--context"),
    *("-p", "--project-name", "-f", "--file"),
}


def inner(name: str, arguments: Sequence[Word]) -> Wrapped | None:
    """What a wrapper would run; None where the program is none."""
    if name in _SHELLS:
        return _shell(arguments)
    if name == "command":
        return _command(arguments)
    if name in ("docker", "docker-compose", "kubectl"):
        return _in_container(arguments)
    if name == "ssh" and any(word.text == "-G" for word in arguments):
        return None
    form = _FORMS.get(name)
    return _by_form(form, arguments) if form else None


def _by_form(form: _Form, arguments: Sequence[Word]) -> Wrapped:
    at, floor, scripts = 0, form.floor, list[str]()
    while at < len(arguments) and arguments[at].text.startswith("-"):
        text = arguments[at].text
        at += 2 if text in form.takes else 1
        if text in ("-S", "--split-string", "-c", "--command", "-e") or text.startswith(
            ("-S", "--split-string=", "--command=")
        ):
            # `env -S "rm x"`, `su -c "rm x"`: the next word, or the rest of this one, is a command line.
            floor = "unknown" if floor == "read_only" else floor
            scripts += [word.text for word in arguments[at : at + 1]] + [text.partition("=")[2] or text[2:]]
        elif text not in form.takes and text not in form.plain and text != "--":
            floor = "unknown" if floor == "read_only" else floor
    rest = arguments[at + form.skips :]
    scripts += [after.text for word, after in pairwise(rest) if word.text == "-c"]
    scripts = [script for script in scripts if script.strip()]
    if form.joined:
        return Wrapped(floor, scripts=(*scripts, " ".join(word.text for word in rest)))
    return Wrapped(floor, (rest,) if rest else (), tuple(scripts))


def _shell(arguments: Sequence[Word]) -> Wrapped:
    """`sh -c "…"` is as grave as its text; a script file or the standard input cannot be known."""
    for at, word in enumerate(arguments):
        if not word.text.startswith("-"):
            break
        if not word.text.startswith("--") and "c" in word.text and at + 1 < len(arguments):
            given = arguments[at + 1]
            return Wrapped("unknown" if given.dynamic else "read_only", scripts=(given.text,))
    return Wrapped("unknown")


def _command(arguments: Sequence[Word]) -> Wrapped:
    if arguments and arguments[0].text in ("-v", "-V"):
        return Wrapped("read_only")
    return _by_form(_form(plain="-p"), arguments)


def _in_container(arguments: Sequence[Word]) -> Wrapped | None:
    """`kubectl exec POD -- df -h`, `docker exec NAME df -h`: the command after the name of the pod or container."""
    at = _after_options(arguments, 0)
    if arguments[at : at + 1] and arguments[at].text in ("compose", "container"):
        at = _after_options(arguments, at + 1)
    if not arguments[at : at + 1] or arguments[at].text not in ("exec", "rsh"):
        return None
    at = _after_options(arguments, at + 1) + 1
    at = _after_options(arguments, at)
    rest = arguments[at:]
    dynamic = any(word.dynamic for word in arguments[:at])
    return Wrapped("unknown" if dynamic or not rest else "read_only", (rest,) if rest else ())


def _after_options(arguments: Sequence[Word], at: int) -> int:
    while at < len(arguments) and arguments[at].text.startswith("-"):
        if arguments[at].text == "--":
            return at + 1
        at += 2 if arguments[at].text in _EXEC_TAKES else 1
    return at
