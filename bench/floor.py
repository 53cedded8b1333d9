"""The floor: the least that FastAPI with a grouped, fsynced SQLite writer costs, with no guards, log or metrics.

`python -m bench.floor FOLDER` prints its address and serves `POST /open` and `GET /read/{id}`.
"""

from __future__ import annotations

import asyncio
import queue
import secrets
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

Job = tuple[str, "asyncio.Future[str]"]


class Body(BaseModel):
    client_id: str


class Session(BaseModel):
    session_id: str
    client_id: str
    created_at: int
    expires_at: int


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def create_or_resume(connection: sqlite3.Connection, client_id: str) -> str:
    row = connection.execute("SELECT id FROM sessions WHERE client_id = ?", (client_id,)).fetchone()
    now = time.time_ns() // 1000
    if row:
        connection.execute("UPDATE sessions SET expires_at = ? WHERE id = ?", (now + 60_000_000, row[0]))
        return str(row[0])
    session_id = secrets.token_hex(16)
    connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (session_id, client_id, now, now + 60_000_000))
    return session_id


def write_groups(path: Path, jobs: queue.SimpleQueue[Job], loop: asyncio.AbstractEventLoop) -> None:
    connection = connect(path)
    while True:
        group = [jobs.get()]
        while not jobs.empty() and len(group) < 256:
            group.append(jobs.get())
        connection.execute("BEGIN IMMEDIATE")
        results = [(future, create_or_resume(connection, client_id)) for client_id, future in group]
        connection.execute("COMMIT")
        loop.call_soon_threadsafe(settle, results)


def settle(results: list[tuple[asyncio.Future[str], str]]) -> None:
    for future, session_id in results:
        if not future.done():
            future.set_result(session_id)


def application(path: Path) -> FastAPI:
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    reading = connect(path)
    reading.execute(
        "CREATE TABLE IF NOT EXISTS sessions"
        " (id TEXT PRIMARY KEY, client_id TEXT UNIQUE, created_at INT, expires_at INT)"
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        arguments: Any = (path, jobs, asyncio.get_running_loop())
        threading.Thread(target=write_groups, args=arguments, daemon=True).start()
        yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.post("/open")
    async def open_session(body: Body) -> Session:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        jobs.put((body.client_id, future))
        return read_row(await future)

    @app.get("/read/{session_id}")
    async def read_session(session_id: str) -> Session:
        return read_row(session_id)

    def read_row(session_id: str) -> Session:
        row = reading.execute("SELECT * FROM sessions WHERE id = ?", (session_id,)).fetchone()
        return Session(session_id=row[0], client_id=row[1], created_at=row[2], expires_at=row[3])

    return app


def main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(f"127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(application(Path(sys.argv[1]) / "floor.db"), access_log=False, log_level="error")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
