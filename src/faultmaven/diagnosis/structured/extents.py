"""How far a part goes: for every kind the rule by which its lines are told from what follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from faultmaven.diagnosis.structured.json_text import parse_json
from faultmaven.diagnosis.structured.text import Text

LONGEST = 4000  # characters of a line that a rule looks at


# From the line where a part may begin to the line behind it; the same line again where it is none.
Extent = Callable[[Text, int], int]

_PROMPT = re.compile(r"(?:\[?[\w.-]+@[\w.-]+[^\n$#]{0,80}[$#] |\$ |Command executed: |Command `)[A-Za-z./_]")
_TIME = re.compile(r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ")
_DESCRIBED = re.compile(r"Name:[ \t]{2,}\S")
_TWO_COLUMNS = re.compile(r"\S(?: {2,}|\t| \| )\s*\S")
_YAML_LINE = re.compile(
    r"\s*(?:$|#|---|\.\.\.|%YAML|[\"']?[\w./$@*{}-][\w ./$@*{}()-]{0,120}[\"']?:(?:\s|$)|-(?:\s|$)|[}\]])"
)
_YAML_CHILD = re.compile(r"[\w.\"'/-]+:\s*$")
_ASSIGNED = re.compile(r"\s*(?:$|[#;]|\[[^\]]{1,100}\]\s*$|[\w.@\"'/ -]{1,80}\s*[=:]|\s+\S)")
_VARIABLE = re.compile(r"(?:$|#|(?:export )?[A-Za-z_]\w{0,80}=)")
_INSTRUCTION = re.compile(
    r"\s*(?:$|#|(?:FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|ONBUILD|STOPSIGNAL"
    r"|HEALTHCHECK|SHELL|MAINTAINER)\s)"
)
_CURL = re.compile(r"[*<>{}]|\s*%|\s+\d|\s*$")


def _stops(line: str) -> bool:
    """Another part or a log begins here, whatever went before."""
    return bool(_PROMPT.match(line) or _TIME.match(line))


def _while(text: Text, begin: int, holds: Callable[[str], object]) -> int:
    end = begin
    while end < len(text.lines) and holds(text.lines[end][:LONGEST]):
        end += 1
    return _without_blank(text, begin, end)


def _without_blank(text: Text, begin: int, end: int) -> int:
    while end > begin and not text.lines[end - 1].strip():
        end -= 1
    return end


def command(_text: Text, begin: int) -> int:
    return begin + 1


def json(text: Text, begin: int) -> int:
    """A value over several lines, or one alone on its line: one after the other in lines is a log of JSON lines."""
    if _is_json_line(text, begin) and (_is_json_line(text, begin - 1) or _is_json_line(text, begin + 1)):
        return begin
    parsed = parse_json(text, text.starts[begin])
    return begin if parsed is None else text.index(max(parsed.end - 1, 0)) + 1


def _is_json_line(text: Text, index: int) -> bool:
    if not 0 <= index < len(text.lines):
        return False
    line = text.lines[index]
    return line[:1] == "{" and line.rstrip()[-1:] == "}"


def yaml(text: Text, begin: int) -> int:
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
        if re.search(r":\s*[|>][+-]?\d?\s*$", line):
            scalar = indent
        nested = nested or indent > 0
        end += 1
    end = _without_blank(text, begin, end)
    return end if nested and end - begin >= 3 else begin


def describe(text: Text, begin: int) -> int:
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
    end = _without_blank(text, begin, end)
    return end if end - begin >= 3 else begin


def table(text: Text, begin: int) -> int:
    """A head and the rows below it: lines of at least two columns, or indented ones."""
    return _while(
        text,
        begin,
        lambda line: (
            line.strip()
            and not _stops(line)
            and (_TWO_COLUMNS.search(line) or "\t" in line or line[:1] in "-+ " or " " in line)
        ),
    )


def ini(text: Text, begin: int) -> int:
    end = _while(text, begin, lambda line: _ASSIGNED.match(line) and not _stops(line))
    return end if any("=" in line for line in text.lines[begin:end]) else begin


def env(text: Text, begin: int) -> int:
    end = _while(text, begin, _VARIABLE.match)
    return end if end - begin >= 2 else begin


def dockerfile(text: Text, begin: int) -> int:
    end = begin
    while end < len(text.lines):
        continued = end > begin and text.lines[end - 1].rstrip().endswith("\\")
        if not continued and not _INSTRUCTION.match(text.lines[end][:LONGEST]):
            break
        end += 1
    end = _without_blank(text, begin, end)
    return end if end - begin >= 2 else begin


def nginx(text: Text, begin: int) -> int:
    """Up to the brace that closes what the line opens, then the same again for the next block."""
    depth, end, closed = 0, begin, begin
    while end < len(text.lines) and end - begin < 20_000:
        line = text.lines[end].partition("#")[0]
        if depth == 0 and line.strip() and not re.match(r"\s*[a-z_]+\b[^\n]*[;{]\s*$", line):
            break
        depth += line.count("{") - line.count("}")
        end += 1
        if depth <= 0:
            depth, closed = 0, end
    return _without_blank(text, begin, closed)


def http(text: Text, begin: int) -> int:
    return _while(text, begin, _CURL.match)


def _to_end_of(mark: str) -> Extent:
    """Up to the line that such output ends with, or to the next prompt."""
    last = re.compile(mark)

    def extent(text: Text, begin: int) -> int:
        end = begin + 1
        while end < len(text.lines) and not _PROMPT.match(text.lines[end][:LONGEST]):
            end += 1
            if last.match(text.lines[end - 1]):
                break
        return _without_blank(text, begin, end)

    return extent


EXTENTS: Mapping[str, Extent] = {
    "command": command,
    "json": json,
    "describe": describe,
    "unit_status": _to_end_of(r"\s*$"),
    "dns": _to_end_of(r";; MSG SIZE"),
    "tls": _to_end_of(r"\s*Verify return code|DONE"),
    "http": http,
    "dockerfile": dockerfile,
    "nginx": nginx,
    "table": table,
    "ini": ini,
    "env": env,
    "yaml": yaml,
}
