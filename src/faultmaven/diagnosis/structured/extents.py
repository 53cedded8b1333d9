"""How far a part goes: for every kind the rule by which its lines are told from what follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from faultmaven.diagnosis.structured.json_text import parse_json
from faultmaven.diagnosis.structured.text import Text

LONGEST = 4000  # characters of a line that a rule looks at

# From the line where a part may begin to the line behind it, or the same line again where it is none; and the line up
# to which no part of this kind begins in that case.
Extent = Callable[[Text, int], tuple[int, int]]

_PROMPT = re.compile(r"(?:\[?[\w.-]+@[\w.-]+[^\n$#]{0,80}[$#] |\$ |Command executed: |Command `)[A-Za-z./_]")
_TIME = re.compile(r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ")
_DESCRIBED = re.compile(r"Name:[ \t]{2,}\S")
_TWO_COLUMNS = re.compile(r"\S(?: {2,}|\t| \| )\s*\S")
_YAML_LINE = re.compile(
    r"\s*(?:$|#|---|\.\.\.|%YAML|[\"']?[\w./$@*{}-][\w ./$@*{}()-]{0,120}[\"']?:(?:\s|$)|-(?:\s|$)|[}\]])"
)
_TEXT_BLOCK = re.compile(r":\s*[|>][+-]?\d?\s*$")
_SECTION = re.compile(r"\[\[?[^\]\n]{1,100}\]\]?\s*(?:[#;].*)?$")
_ASSIGNED = re.compile(r"\s*(?:$|[#;]|[\w.@\"'/ -]{1,80}\s*[=:]|\s+\S|[\]})]|\"\"\"|''')")
_VARIABLE = re.compile(r"(?:$|#|(?:export )?[A-Za-z_]\w{0,80} ?=)")
_INSTRUCTION = re.compile(
    r"\s*(?:$|#|(?:FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|ONBUILD|STOPSIGNAL"
    r"|HEALTHCHECK|SHELL|MAINTAINER)\s)"
)
HEREDOC = re.compile(r"<<-?[\"']?(\w{1,40})[\"']?")
_DIRECTIVE = re.compile(r"\s*+(?:$|#|[a-z_]\w*\b[^\n]*[;{]\s{0,40}(?:#.*)?$|\}|[^\n]*;\s{0,40}(?:#.*)?$)")
_CURL = re.compile(r"[*<>{}]|\s*%|\s+\d|\s*$|curl: \(\d+\)")
_DIG = re.compile(r";|\s*$|\S+\.?\s+\d+\s+(?:IN|CH|HS)\s")
_STATUS = re.compile(r"\s+\S")
_TOP = re.compile(r"top - |Tasks:|Threads:|%?Cpu|[KMGT]iB |Mem|Swap|\s*$")


def _stops(line: str) -> bool:
    """Another part or a log begins here, whatever went before."""
    return bool(_PROMPT.match(line) or _TIME.match(line))


def _while(text: Text, begin: int, holds: Callable[[str], object]) -> int:
    end = begin
    while end < len(text.lines) and holds(text.lines[end][:LONGEST]):
        end += 1
    return end


def _without_blank(text: Text, begin: int, end: int) -> int:
    while end > begin and not text.lines[end - 1].strip():
        end -= 1
    return end


def _if(text: Text, begin: int, end: int, holds: object) -> tuple[int, int]:
    """Up to `end` without the blank lines before it, where the rule holds that what was looked at is such a part."""
    return (_without_blank(text, begin, end) if holds else begin), max(end, begin + 1)


def command(_text: Text, begin: int) -> tuple[int, int]:
    return begin + 1, begin + 1


def json(text: Text, begin: int) -> tuple[int, int]:
    """A value over several lines, or one alone on its line: one after the other in lines is a log of JSON lines."""
    if _is_json_line(text, begin) and (_is_json_line(text, begin - 1) or _is_json_line(text, begin + 1)):
        return begin, begin + 1
    parsed = parse_json(text, text.starts[begin])
    return begin if parsed is None else text.index(max(parsed.end - 1, 0)) + 1, begin + 1


def _is_json_line(text: Text, index: int) -> bool:
    if not 0 <= index < len(text.lines):
        return False
    line = text.lines[index]
    return line[:1] == "{" and line.rstrip()[-1:] == "}"


def yaml(text: Text, begin: int) -> tuple[int, int]:
    """Lines with keys, items, comments and what is indented below them; at least one key has children."""
    end, nested, scalar = begin, False, -1
    while end < len(text.lines):
        line = text.lines[end][:LONGEST]
        indent = len(line) - len(line.lstrip())
        if scalar >= 0 and (not line.strip() or indent > scalar):
            end += 1  # inside a block of text
            continue
        scalar = -1
        if _stops(line) or _DESCRIBED.match(line) or (indent == 0 and not _YAML_LINE.match(line)):
            break
        if _TEXT_BLOCK.search(line):
            scalar = indent
        nested = nested or indent > 0
        end += 1
    return _if(text, begin, end, nested and _without_blank(text, begin, end) - begin >= 3)


def describe(text: Text, begin: int) -> tuple[int, int]:
    """A `kubectl describe`: up to the next one, a prompt, or two blank lines."""
    end = begin + 1
    while end < len(text.lines):
        line = text.lines[end][:LONGEST]
        blank = not line.strip()
        if (
            _stops(line)
            or _DESCRIBED.match(line)
            or (blank and end + 1 < len(text.lines) and not text.lines[end + 1].strip())
        ):
            break
        end += 1
    return _if(text, begin, end, _without_blank(text, begin, end) - begin >= 3)


def table(text: Text, begin: int) -> tuple[int, int]:
    """A head and the rows below it: lines of at least two columns, or indented ones."""
    end = _while(
        text,
        begin,
        lambda line: (
            line.strip()
            and not _stops(line)
            and (_TWO_COLUMNS.search(line) or "\t" in line or line[:1] in "-+ " or " " in line)
        ),
    )
    return _if(text, begin, end, end > begin)


def ini(text: Text, begin: int) -> tuple[int, int]:
    """Sections with assignments, as INI, TOML and units have them; without any section it is source code."""
    end, quote, has_section, has_value = begin, "", False, False
    while end < len(text.lines):
        line = text.lines[end][:LONGEST]
        if not quote:
            is_section = bool(_SECTION.match(line))
            if _stops(line) or not (is_section or _ASSIGNED.match(line)):
                break
            has_section, has_value = has_section or is_section, has_value or "=" in line
        # A text of many lines, as only TOML has it.
        for mark in ('"""', "'''"):
            if quote in ("", mark) and line.count(mark) % 2:
                quote = "" if quote else mark
                break
        end += 1
    return _if(text, begin, end, has_section and has_value)


def env(text: Text, begin: int) -> tuple[int, int]:
    end = _while(text, begin, _VARIABLE.match)
    return _if(text, begin, end, end - begin >= 2)


def dockerfile(text: Text, begin: int) -> tuple[int, int]:
    """Instructions, each with the lines that continue it and the texts it takes in place (`<<EOF`)."""
    end, until, continued = begin, "", False
    while end < len(text.lines):
        line = text.lines[end][:LONGEST]
        if until:
            until = "" if line.strip() == until else until
        elif continued or _INSTRUCTION.match(line):
            found = HEREDOC.search(line)
            until = found[1] if found else ""
            # A comment between the lines of an instruction is left out of it.
            continued = line.rstrip().endswith("\\") or (continued and line.lstrip().startswith("#"))
        else:
            break
        end += 1
    return _if(text, begin, end, end - begin >= 2)


def nginx(text: Text, begin: int) -> tuple[int, int]:
    """Blocks one after the other, with the directives between them; the last one may want its brace."""
    depth, end = 0, begin
    while end < len(text.lines):
        line = text.lines[end][:LONGEST]
        bare = line.partition("#")[0]
        if _stops(line) or (depth <= 0 and bare.strip() and not _DIRECTIVE.match(line)):
            break
        depth += bare.count("{") - bare.count("}")
        end += 1
    lines = [line for line in text.lines[begin:end] if line.strip()]
    fit = sum(1 for line in lines if _DIRECTIVE.match(line[:LONGEST]))
    return _if(text, begin, end, len(lines) >= 2 and fit >= 0.6 * len(lines))


def _lines_like(pattern: re.Pattern[str], least: int = 1) -> Extent:
    """As long as lines look so; the first one is known to."""

    def extent(text: Text, begin: int) -> tuple[int, int]:
        end = begin + 1
        while end < len(text.lines) and pattern.match(text.lines[end][:LONGEST]):
            end += 1
        return _if(text, begin, end, end - begin >= least)

    return extent


def tls(text: Text, begin: int) -> tuple[int, int]:
    """Up to the result of the verification, or to what is none of it any more."""
    end = begin + 1
    while end < len(text.lines) and not _stops(text.lines[end][:LONGEST]):
        end += 1
        if re.match(r"\s*Verify return code|DONE|closed$", text.lines[end - 1]):
            break
    return _if(text, begin, end, True)


EXTENTS: Mapping[str, Extent] = {
    "command": command,
    "json": json,
    "describe": describe,
    "unit_status": _lines_like(_STATUS, 2),
    "dns": _lines_like(_DIG),
    "tls": tls,
    "top": _lines_like(_TOP),
    "http": _lines_like(_CURL),
    "dockerfile": dockerfile,
    "nginx": nginx,
    "table": table,
    "ini": ini,
    "env": env,
    "yaml": yaml,
}
