"""What a shell would make of a line, as far as that can be known without running it.

    text ──parse──▶ Script ── commands[] ── words[], redirects[]
                       └── opaque: something in it is decided only when it runs

The commands of pipelines, lists, subshells and substitutions all end up in one flat list: for judging risk it matters
that a part would run, not when. Whatever is not understood makes the script opaque, never an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BLANKS = " \t"
_SEPARATORS = "\n;&|"
_META = _BLANKS + _SEPARATORS + "<>()"
_DEPTH_LIMIT = 16
_SIMPLE_VARIABLE = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\}|[0-9@*#?$!-])")
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")
_DESCRIPTOR = re.compile(r"[0-9]{1,3}-?|-")
_REDIRECT = re.compile(r"&>>?|<<<|<<-?|<>|>>|>\||[<>]&|[<>]\(|[<>]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes. `dynamic`: the shell would replace part of it (variable, glob, braces)."""

    text: str
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """Output sent to a file; `appends` leaves what is in it."""

    target: Word
    appends: bool


@dataclass(frozen=True, slots=True)
class Command:
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(slots=True)
class Script:
    commands: list[Command] = field(default_factory=list)
    opaque: bool = False


def parse(text: str) -> Script:
    """Never raises; takes time linear in the text."""
    reader = _Reader(text)
    reader.read_until("", 0)
    return reader.script


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.script = Script()

    def read_until(self, closer: str, depth: int) -> None:
        """Commands up to the closing character, or to the end of the text when there is none."""
        if depth > _DEPTH_LIMIT:
            self._give_up()
            return
        words: list[Word] = []
        redirects: list[Redirect] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == closer:
                self._at += 1
                self._keep(words, redirects)
                return
            if char in _BLANKS:
                self._at += 1
            elif operator := self._redirect_here():
                self._redirect(operator, redirects, depth)
            elif char in _SEPARATORS:
                self._at += 1
                self._keep(words, redirects)
            elif char in "()":
                self._parenthesis(char, bool(words), depth)
            else:
                words.extend(self._word(closer, depth))
        self._keep(words, redirects)
        self.script.opaque |= closer != ""

    def _keep(self, words: list[Word], redirects: list[Redirect]) -> None:
        if words or redirects:
            self.script.commands.append(Command(tuple(words), tuple(redirects)))
        words.clear()
        redirects.clear()

    def _give_up(self) -> None:
        self.script.opaque = True
        self._at = len(self._text)

    def _parenthesis(self, char: str, after_words: bool, depth: int) -> None:
        self._at += 1
        # `name()` defines a function, an array or a pattern; a closing one without an opening one is an error.
        self.script.opaque |= after_words or char == ")"
        if char == "(":
            self.read_until(")", depth + 1)

    def _redirect_here(self) -> str:
        found = _REDIRECT.match(self._text, self._at)
        return found[0] if found else ""

    def _redirect(self, operator: str, redirects: list[Redirect], depth: int) -> None:
        self._at += len(operator)
        if operator.endswith("("):
            self.script.opaque = True
            self.read_until(")", depth + 1)
            return
        # The lines of a here-document are then read as commands: more is feared than would happen, never less.
        self.script.opaque |= operator.startswith("<<") and operator != "<<<"
        while self._at < len(self._text) and self._text[self._at] in _BLANKS:
            self._at += 1
        target = self._word("", depth, file_name=True)
        if not target:
            self.script.opaque = True
        elif ">" in operator and not (operator == ">&" and _DESCRIPTOR.fullmatch(target[0].text)):
            redirects.append(Redirect(target[0], operator.endswith(">>")))

    def _word(self, closer: str, depth: int, file_name: bool = False) -> list[Word]:
        """The word that begins here: none where it turns out to be the number of a redirected descriptor."""
        start, parts, dynamic = self._at, list[str](), False
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in _META or char == closer:
                break
            text, replaced = self._piece(char, depth)
            parts.append(text)
            dynamic |= replaced
        raw = self._text[start : self._at]
        if raw.isdigit() and not file_name and self._text[self._at : self._at + 1] in ("<", ">"):
            return []
        if self._at == start:
            return []
        self.script.opaque |= raw.startswith("#")
        return [Word("".join(parts), dynamic or _expands(raw))]

    def _piece(self, char: str, depth: int) -> tuple[str, bool]:
        match char:
            case "'":
                return self._single_quoted(), False
            case '"':
                return self._double_quoted(depth)
            case "\\":
                return self._escaped(), False
            case "$" | "`":
                return self._expansion(char, depth)
            case "!":
                self._history()
        self._at += 1
        return char, False

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            inside = self._text[self._at + 1 :]
            self._give_up()
            return inside
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        return inside

    def _double_quoted(self, depth: int) -> tuple[str, bool]:
        self._at += 1
        parts, dynamic = list[str](), False
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                return "".join(parts), dynamic
            if char in "$`":
                text, replaced = self._expansion(char, depth)
                parts.append(text)
                dynamic |= replaced
                continue
            if char == "!":
                self._history()
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in ("$", "`", '"', "\\", "\n"):
                self._at += 1
                char = self._text[self._at].replace("\n", "")
            parts.append(char)
            self._at += 1
        self.script.opaque = True
        return "".join(parts), dynamic

    def _escaped(self) -> str:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        # A hidden separator is taken for a trick: `ls \; rm` only lists, but nobody should have to know that.
        self.script.opaque |= following == "" or following in _META
        return "" if following == "\n" else following

    def _expansion(self, char: str, depth: int) -> tuple[str, bool]:
        if char == "`":
            return self._substitution(1, "`", depth)
        if self._text.startswith("$(", self._at):
            return self._substitution(2, ")", depth)
        if variable := _SIMPLE_VARIABLE.match(self._text, self._at):
            self._at = variable.end()
            return variable[0], True
        # Left are `${name:-…}`, `$'…'`, `$"…"`, `$[…]`, and a lone dollar, which is just that.
        self.script.opaque |= self._text[self._at + 1 : self._at + 2] in ("{", "'", '"', "[")
        self._at += 1
        return "$", False

    def _substitution(self, opening: int, closer: str, depth: int) -> tuple[str, bool]:
        self.script.opaque = True
        self._at += opening
        self.read_until(closer, depth + 1)
        return "", True

    def _history(self) -> None:
        """An interactive shell replaces `!word` by something typed before."""
        following = self._text[self._at + 1 : self._at + 2]
        self.script.opaque |= following not in ("", " ", "\t", "\n", "=", "(")


def _expands(raw: str) -> bool:
    """Globs that could turn into an option, and braces; those inside quotes count too, which errs on the safe side."""
    if raw[:1] in ("'", '"'):
        return False
    globbed = raw != "[" and (raw[:1] in "*?[" or (raw[:1] == "-" and any(mark in raw for mark in "*?[")))
    return globbed or _BRACES.search(raw) is not None
