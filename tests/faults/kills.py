"""Servers killed at any moment, under a mixed load and while they start, again and again on the same data; and if there
is a FailingDisk, with writes and syncs that fail under the load, and with the power cut after the kill.

After each start: what was acknowledged is there, what was not is there whole or not at all, the log goes on where
readers have it, questions come to an end, and there is a file for every row and a row for every file.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import random
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import httpx
from tests import databases
from tests.faults.claims import Refused, Thing, new_things
from tests.faults.failing_disk import Call, FailingDisk
from tests.faults.outcome import Budget, Outcome
from tests.faults.power_cut import cut_power
from tests.faults.record import Record, files_of, files_there, read_on, reading_on
from tests.following import Frame, follow
from tests.servers import COMMAND, PATIENCE, Process, running

CALLERS = 5
# Promised to whoever has asked: so long after the next start there is an answer, or a failure with its reason.
ENDED_WITHIN = 15.0
LONGEST_LOAD = 10.0
MOST_WRITES = 120
LONGEST_START = 1.2
SETTINGS: Any = {"max_sessions_per_user": "10000", "log_level": "warning"}
WEIGHTS = (4, 2, 1, 3)


class Reader:
    """Follows the user's stream across all kills, from where it was."""

    def __init__(self) -> None:
        self.server: Process | None = None
        self.record = Record()
        self.digest = hashlib.sha256()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="reader", daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def catch_up(self, position: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.record.position < position:
            assert time.monotonic() < deadline, f"the reader stays at {self.record.position}, the log is at {position}"
            time.sleep(0.01)

    def _follow(self) -> None:
        while not self._stopping.wait(0.01):
            if self.server is None:
                continue
            try:
                with self.server.client() as api:
                    self._read(api)
            except httpx.TransportError:  # killed
                pass
            except AssertionError as refused:
                if "session_ended" not in str(refused):  # which the load does to all sessions before each kill
                    self.record.violations.append(f"the reader was refused: {refused}")

    def _read(self, api: httpx.Client) -> None:
        opened = api.post("/api/v1/sessions", json={"client_id": "follower"})
        if not opened.is_success:  # the disk fails
            return
        session = opened.json()["session_id"]
        path, after = f"/api/v1/sessions/{session}/events", {"after": self.record.position}
        with follow(api, path, params=after, timeout=1.0) as stream:
            for frame in stream:
                if frame.id is not None and not self._stopping.is_set():
                    self.record.take(frame)
                    add_to(self.digest, frame)


class Killing:
    """`budget.count` is how many times the server is killed under load; `patience` how long after a start questions may
    take to come to their end."""

    def __init__(
        self,
        data_dir: Path,
        seed: int,
        budget: Budget,
        patience: float = ENDED_WITHIN,
        disk: FailingDisk | None = None,
    ) -> None:
        self._disk = disk
        self._data_dir = data_dir
        self._budget = budget
        self._patience = patience
        self._chance = random.Random(seed)
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._record = Record()
        self._things: list[list[Thing]] = []
        self.outcome = Outcome("kills", seed)

    def run(self) -> Outcome:
        with Reader() as reader, self._disk.in_use() if self._disk else nullcontext():
            while self._round(reader):
                self._perhaps_cut_power()
                for _ in range(self._chance.choice((0, 0, 1, 2))):
                    self._kill_while_starting()
                    self._perhaps_cut_power()
        self.outcome.violations += reader.record.violations
        self.outcome.counts["events"] = self._record.position
        self.outcome.figures = {
            "seconds to serve again, median": round(statistics.median(self._starts), 2),
            "seconds to serve again, most": round(max(self._starts), 2),
            "seconds to the end of all questions, most": round(max(self._ends), 2),
        }
        return self.outcome

    def _round(self, reader: Reader) -> bool:
        """Starts, verifies, and kills under load; after the last kill it verifies once more, and all."""
        began = time.monotonic()
        with running(self._data_dir, **SETTINGS) as server, server.client() as api:
            self._starts.append(time.monotonic() - began)
            reader.server = server
            self._verify(api, began)
            self._verify_files(starting=True)
            if not self._budget.left(self.outcome.counts["kills"]):
                self._verify_log(api, reader)
                return False
            self._load_until_killed(server, api)
        self.outcome.counts["kills"] += 1
        return True

    def _verify(self, api: httpx.Client, began: float) -> None:
        if left := self._unended(api, began + self._patience):
            self._violation(f"{self._patience} s after the start there was no end of {left}")
        self._ends.append(time.monotonic() - began)
        for thing in itertools.chain(*self._things):
            self.outcome.counts["things verified"] += 1
            for broken in thing.broken(api):
                self._violation(broken)
        self._unended(api, time.monotonic() + PATIENCE)
        for violation in self._record.violations:
            self._violation(violation)
        self._record.violations.clear()

    def _verify_files(self, *, starting: bool) -> None:
        """Of what was in doubt the file is kept for a while, but not over a start."""
        there, wanted = files_there(self._data_dir), files_of(self._record.evidence)
        if lacking := wanted - there:
            self._violation(f"rows without a file: {lacking}")
        if starting and (surplus := there - wanted):
            self._violation(f"files without a row: {surplus}")

    def _unended(self, api: httpx.Client, deadline: float) -> set[str]:
        """Questions that have not come to an end by then."""
        while True:
            read_on(self._record, api)
            left = self._record.asked.keys() - self._record.ended.keys()
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.05)

    def _load_until_killed(self, server: Process, api: httpx.Client) -> None:
        number = self.outcome.counts["kills"]
        mine = api.post("/api/v1/sessions", json={"client_id": "the reader of the record"}).json()["session_id"]
        api.post(f"/api/v1/sessions/{mine}/end-others").raise_for_status()
        self._things = [new_things(api, f"kill-{number}.{caller}") for caller in range(CALLERS)]
        done: list[str] = []
        with ThreadPoolExecutor(CALLERS) as threads:
            acting = [
                threads.submit(_act, server, things, random.Random(self._chance.random()), done)
                for things in self._things
            ]
            with self._failing_disk() as fails:
                self._wait_for_some(done)
                mend_first = fails and self._chance.random() < 0.5
                if not mend_first:
                    server.process.kill()
            if mend_first:
                if not (answer := api.post("/api/v1/cases", json={"title": "mended"})).is_success:
                    self._violation(f"the disk is mended, but the server says {answer.text}")
                self._wait_for_some(done)
                server.process.kill()
            for one in acting:
                one.result()
        self.outcome.counts.update(done)

    def _wait_for_some(self, done: list[str]) -> None:
        """By what was done rather than by time alone: a slow machine is not to be killed before it has begun."""
        enough, deadline = len(done) + self._chance.randrange(MOST_WRITES), time.monotonic() + LONGEST_LOAD
        while len(done) < enough and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(self._chance.uniform(0, 0.02))

    @contextmanager
    def _failing_disk(self) -> Iterator[bool]:
        """Whether it fails."""
        if self._disk is None or self._chance.random() < 0.4:
            yield False
            return
        error = self._chance.choice((errno.EIO, errno.ENOSPC))
        calls: tuple[Call, ...] = self._chance.choice((("write",), ("sync",), ("write", "sync", "truncate")))
        likely = self._chance.choice((0.01, 0.05, 0.3))
        with self._disk.failing(error, *calls, chance=likely, seed=self._chance.randrange(1 << 32)):
            yield True
        self.outcome.counts["failed calls of the disk"] += self._disk.failed

    def _perhaps_cut_power(self) -> None:
        if self._disk is not None:
            likely = self._chance.choice((0.0, 0.1, 0.5, 1.0))
            lost = cut_power(self._disk.journal, self._data_dir, self._chance, likely)
            self.outcome.counts.update({"power cuts": likely > 0, "changes lost to power cuts": lost})

    def _kill_while_starting(self) -> None:
        environment = os.environ | databases.environment_for(self._data_dir)
        command = [str(COMMAND), "serve", "--data-dir", str(self._data_dir), "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        ) as process:
            time.sleep(self._chance.uniform(0, LONGEST_START))
            process.kill()
        self.outcome.counts["kills while starting"] += 1

    def _verify_log(self, api: httpx.Client, reader: Reader) -> None:
        """From its beginning once more: it is what the reader was told, and every question was asked once."""
        reader.catch_up(self._record.position)
        again, digest = Record(), hashlib.sha256()
        for frame in reading_on(again, api):
            add_to(digest, frame)
        if digest.digest() != reader.digest.digest():
            self._violation("the log is not what the reader was told across the kills")
        texts = Counter(again.asked.values())
        for text in [text for text, count in texts.items() if count > 1]:
            self._violation(f"asked more than once: {text}")

    def _violation(self, said: str) -> None:
        self.outcome.violations.append(f"after kill {self.outcome.counts['kills']}: {said}")


def add_to(digest: hashlib._Hash, frame: Frame) -> None:
    digest.update(f"{frame.id} {frame.event} {json.dumps(frame.data)}".encode())


def _act(server: Process, things: list[Thing], chance: random.Random, done: list[str]) -> None:
    """Until the server is gone; what became of each write."""
    with server.client() as api, suppress(httpx.TransportError):
        while True:
            (thing,) = chance.choices(things, WEIGHTS)
            try:
                thing.act(api, chance)
            except Refused:
                done.append("refused")
            else:
                done.append(f"acknowledged, {type(thing).__name__.lower()}")
