"""Runs queries: claims them under a lease, drives an engine, records what it says, and never falls silent."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from pathlib import Path

import anyio.to_thread
import structlog

from faultmaven.answers import runs, service, told
from faultmaven.answers.coalesce import coalesced
from faultmaven.answers.engine import Delta, Done, Engine, Exhibit, Progress, Step, Task
from faultmaven.answers.runs import Run
from faultmaven.bus import Bus
from faultmaven.cases.events import AnswerDelta, AnswerProgress, Event
from faultmaven.database import Database, now_micros
from faultmaven.diagnosis.read import READER_VERSION
from faultmaven.evidence.store import Store
from faultmaven.observability import Metrics

log = structlog.get_logger()

COALESCE_SECONDS = 0.03
RENEW_SECONDS = 3.0
POLL_SECONDS = 1.0


class NotOurs(Exception):
    """The run was cancelled, or taken over by another worker."""


class Runner:
    """`slots` queries run at once. Start it in the application's lifespan, stop it there."""

    def __init__(
        self, database: Database, bus: Bus, engine: Engine, store: Store, metrics: Metrics, slots: int
    ) -> None:
        self._database = database
        self._bus = bus
        self._engine = engine
        self._store = store
        self._metrics = metrics
        self._slots = slots
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        taken = await self._database.write(runs.release_all)
        if taken:
            log.info("runner.taking_over", queries=taken)
        for _ in range(self._slots):
            self._tasks.add(asyncio.create_task(self._work()))

    async def stop(self) -> None:
        """Ends the runs; the next start takes them over."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def working(self) -> bool:
        return all(not task.done() for task in self._tasks)

    async def _work(self) -> None:
        with self._bus.listen(service.WAITING) as listener:
            while not listener.closed:
                try:
                    waiting = await self._database.read(runs.is_waiting)
                    run = await self._database.write(runs.claim) if waiting else None
                except Exception as error:  # a full disk now must not mean a dead runner later
                    log.error("runner.cannot_claim", exc_info=error)
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                if run is None:
                    await listener.wait(POLL_SECONDS)
                else:
                    await self._run(run)

    async def _run(self, run: Run) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            correlation_id=run.correlation_id, query_id=run.query_id, session_id=run.session_id, attempt=run.attempt
        )
        started = time.perf_counter()
        status = "failed"
        try:
            status = await self._answer_or_stop(run)
        except Exception as error:  # recorded for the person who waits, and logged for the one who mends
            log.error("answer.failed", exc_info=error)
            await self._record_failure(run)
        self._metrics.answers.labels(status).inc()
        self._metrics.answer_seconds.observe((now_micros() - run.asked_at) / 1e6)
        log.info("answer.ended", status=status, seconds=round(time.perf_counter() - started, 3))

    async def _record_failure(self, run: Run) -> None:
        detail = (
            "The analysis failed; the server's log says why under this query's id. Ask again, or with less evidence."
        )
        try:
            await self._database.write(runs.fail, run, "analysis_failed", detail)
        except Exception as error:  # its lease runs out, and the next claim tries again
            log.error("answer.failure_not_recorded", exc_info=error)

    async def _answer_or_stop(self, run: Run) -> str:
        """The run and its watch together; whichever ends first ends the other."""
        answering = asyncio.create_task(self._answer(run))
        watching = asyncio.create_task(self._watch(run))
        try:
            await asyncio.wait([answering, watching], return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                if error := watching.exception():  # the lease runs out, and the next claim tries again
                    log.error("runner.cannot_renew", exc_info=error)
                return "cancelled"
            answering.result()
            return "completed"
        except NotOurs:
            return "cancelled"
        finally:
            for task in (answering, watching):
                task.cancel()
            await asyncio.gather(answering, watching, return_exceptions=True)

    async def _watch(self, run: Run) -> None:
        """Renews the lease until the run is no longer ours."""
        with self._bus.listen(service.topic(run.query_id)) as listener:
            while await self._database.write(runs.renew, run):
                if listener.closed:  # nothing wakes us any more, and the run may still come to its end
                    await asyncio.sleep(RENEW_SECONDS)
                else:
                    await listener.wait(RENEW_SECONDS)

    async def _answer(self, run: Run) -> None:
        async with (
            aclosing(self._engine.run(self._task(run))) as steps,
            aclosing(coalesced(steps, COALESCE_SECONDS)) as groups,
        ):
            async for group in groups:
                last = group[-1]
                happened = _events(run, group)
                if isinstance(last, Done):
                    await self._complete(run, happened, last)
                    return
                if not await self._database.write(runs.write_events, run, happened):
                    raise NotOurs
        raise RuntimeError("the engine ended without an answer")

    async def _complete(self, run: Run, happened: list[Event], done: Done) -> None:
        asked = told.by_hash(run.questions())
        new = told.quoted(done.report, asked) - run.questions_kept.keys()
        kept = {one: await anyio.to_thread.run_sync(self._store.keep, asked[one].encode()) for one in new}
        finished = runs.Finished(done.report, done.fingerprint, kept)
        if not await self._database.write(runs.complete, run, happened, finished):
            for stored in kept.values():
                self._store.discard(stored.evidence_id)
            raise NotOurs

    def _task(self, run: Run) -> Task:
        asked = told.by_hash(run.questions())
        exhibits = tuple(
            Exhibit(
                evidence_id=one.evidence_id,
                name=one.name,
                path=self._store.path(one.evidence_id),
                index=self._store.index_path(one.evidence_id),
                analysis=_analysis(self._store, one.sha256),
                size=one.size,
                asked_with=asked_with,
            )
            for one, asked_with in run.exhibits
            if not told.is_question(one.name, one.sha256, asked)
        )
        return Task(run.query_id, run.question, exhibits, run.history)


def _analysis(store: Store, sha256: str) -> Path:
    return store.analysis_path(sha256, READER_VERSION)


def _events(run: Run, group: list[Step]) -> list[Event]:
    """Neighbouring deltas become one event; Done is stored by its own call."""
    events: list[Event] = []
    for step in group:
        last = events[-1] if events else None
        match step:
            case Progress(text):
                events.append(
                    AnswerProgress(case_id=run.case_id, query_id=run.query_id, attempt=run.attempt, text=text)
                )
            case Delta(text) if isinstance(last, AnswerDelta):
                events[-1] = last.model_copy(update={"text": last.text + text})
            case Delta(text):
                events.append(AnswerDelta(case_id=run.case_id, query_id=run.query_id, attempt=run.attempt, text=text))
            case Done():
                pass
    return events
