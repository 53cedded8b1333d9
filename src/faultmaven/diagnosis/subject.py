"""What it happened to: the host, file, pod or place in code that the evidence of a suspect names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from faultmaven.diagnosis import naming
from faultmaven.diagnosis.naming import address_in, named_title, place_of, things_in
from faultmaven.diagnosis.quoting import Phrase, snippet
from faultmaven.diagnosis.signs import Sign
from faultmaven.diagnosis.suspects import Suspect, trace_title

MOST_TRACE_LINES = 60
_AT = "at "
EXCEPTION = re.compile(r"(?:Exception in thread \"[^\"]*\" )?[\w.$]+(?:Error|Exception)\b")


def title_of(suspect: Suspect) -> Phrase:
    """The title with the thing it happened to: host, database, file, pod, as far as the evidence names it plainly."""
    if suspect.fault and suspect.fault.headline and (named := named_title(suspect.fault.headline, names_of(suspect))):
        return (named,)
    subject = subject_of(suspect)
    if subject.startswith(_AT):
        return (*suspect.title, ", ", subject)
    return (*suspect.title, f" ({subject})") if subject else suspect.title


def headline_title(suspect: Suspect) -> Phrase:
    """Of a defect in code the exception and its place say more than the fault's name."""
    leading = suspect.leading
    if suspect.category == "code_defect" and leading.trace:
        return trace_title(leading)
    return title_of(suspect)


def subject_of(suspect: Suspect) -> str:
    leading = suspect.leading
    if suspect.fault and suspect.category == "code_defect" and leading.trace and leading.trace.frame:
        return _AT + snippet(place_of(leading.trace.frame), 70)
    return naming.subject_of(_own_names(suspect)) or naming.subject_of(names_of(suspect))


def names_of(suspect: Suspect) -> Mapping[str, str]:
    """What the evidence calls things, for the commands of a known fault; an address its pattern did not name is looked
    for in the words. Hostile until checked by the grammar of each kind."""
    names = _own_names(suspect)
    if suspect.fault is None:
        return names
    text = _whole_text(suspect.leading)
    address = {} if "host" in names else address_in(text)
    return {**address, **things_in(text), **names}


def _own_names(suspect: Suspect) -> Mapping[str, str]:
    """Of several names of a kind the first."""
    names: dict[str, str] = {}
    for sign in suspect.signs:
        for kind, name in sign.names.items():
            names.setdefault(kind, name)
    return names


def _whole_text(sign: Sign) -> str:
    """What a sign says with what a trace around it adds."""
    if sign.trace is None:
        return sign.text
    last = min(sign.trace.last_line, sign.trace.first_line + MOST_TRACE_LINES)
    said = (text[:1000] for text in sign.source.document.texts(sign.trace.first_line, last))
    return "\n".join([sign.text, *(text for text in said if "Error" in text or "Exception" in text)])
