"""The user's log as a reader keeps it, checked as it is read.

Whatever was cut or killed in between: numbers are 1..n, each once; a client has at most one live session; a question is
asked once and has one end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
from tests.following import Frame, follow

ENDS = ("answer.completed", "answer.failed", "answer.cancelled")


class Record:
    """Give it every frame of the user's stream in order. `violations` are sentences."""

    def __init__(self) -> None:
        self.position = 0
        self.types: Counter[str] = Counter()
        self.evidence: dict[str, str] = {}
        self.ended: dict[str, str] = {}
        self.asked: dict[str, str] = {}
        self.violations: list[str] = []
        self._live: dict[str, str] = {}
        self._seqs: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()

    def take(self, frame: Frame) -> None:
        event, number = frame.data, frame.id
        if number != self.position + 1 or event["cursor"] != number:
            self.violations.append(f"after event {self.position} came {number}, with cursor {event['cursor']}")
        self.position = number or self.position
        self.types[frame.event] += 1
        if (case_id := event.get("case_id")) is not None:
            self._seqs[case_id] += 1
            if event["seq"] != self._seqs[case_id]:
                self.violations.append(f"event {number} of {case_id} has seq {event['seq']}, not {self._seqs[case_id]}")
                self._seqs[case_id] = event["seq"]
        if frame.event.startswith("session."):
            self._session(frame.event, event)
        elif frame.event == "evidence.added":
            self.evidence[event["evidence_id"]] = event["name"]
        elif "query_id" in event:
            self._query(frame.event, event)

    def _session(self, kind: str, event: dict[str, Any]) -> None:
        client, session = event["client_id"], event["session_id"]
        if kind == "session.opened":
            if client in self._live:
                self.violations.append(f"{session} of {client} was opened while {self._live[client]} was live")
            self._live[client] = session
        elif self._live.get(client) != session:
            self.violations.append(f"{kind} of {session}, which was not live")
        elif kind != "session.updated":
            del self._live[client]

    def _query(self, kind: str, event: dict[str, Any]) -> None:
        query_id = event["query_id"]
        if kind == "question.asked":
            if query_id in self.asked:
                self.violations.append(f"{query_id} was asked twice")
            self.asked[query_id] = event["query"]
            return
        if query_id not in self.asked:
            self.violations.append(f"{kind} of {query_id}, which was never asked")
        if kind == "answer.started":
            self._attempts[query_id] += 1
            if event["attempt"] != self._attempts[query_id]:
                self.violations.append(f"attempt {event['attempt']} of {query_id} is its {self._attempts[query_id]}.")
        if kind.startswith("answer.") and kind != "answer.removed" and query_id in self.ended:
            self.violations.append(f"{kind} of {query_id} after its {self.ended[query_id]}")
        if "attempt" in event and event["attempt"] != self._attempts[query_id]:
            self.violations.append(f"{kind} of {query_id} by attempt {event['attempt']}, which was taken over")
        if kind in ENDS:
            self.ended[query_id] = kind


def reading_on(record: Record, api: httpx.Client) -> Iterator[Frame]:
    """All that has happened since; each is taken into the record as it is read."""
    opened = api.post("/api/v1/sessions", json={"client_id": "the reader of the record"}).json()
    if opened["cursor"] == record.position:
        return
    events = f"/api/v1/sessions/{opened['session_id']}/events"
    with follow(api, events, params={"after": record.position}, timeout=30.0) as stream:
        for frame in stream:
            record.take(frame)
            yield frame
            if record.position >= opened["cursor"]:
                return
    raise AssertionError(f"the user's stream ended at {record.position}, before {opened['cursor']}")


def read_on(record: Record, api: httpx.Client) -> list[Frame]:
    return list(reading_on(record, api))


def files_there(data_dir: Path) -> set[str]:
    """Names of the files of evidence and of their indexes."""
    return {path.name for path in (data_dir / "evidence").iterdir() if path.is_file()}


def files_of(evidence_ids: Iterable[str]) -> set[str]:
    """What there must be on disk, no more and no less."""
    return {name for one in evidence_ids for name in (one, f"{one}.index")}
