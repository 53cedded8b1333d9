"""Importing a module opens nothing: no file, no socket, no thread, no process, no event loop."""

from __future__ import annotations

import subprocess
import sys

# Python itself reads code when it imports; a distribution's own version stands in its metadata. The metrics library
# asks the kernel about its own process, and closes what it read.
WATCH = """
import asyncio, gc, importlib, os, pkgutil, sys, threading

CODE = (".py", ".pyc", ".so", ".pth", "METADATA", "entry_points.txt", ".zip")
WATCHED = ("open", "socket.__new__", "socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn",
           "os.mkdir", "os.remove", "os.rename", "sqlite3.connect", "_thread.start_new_thread", "os.system")
seen = []

def watch(event, arguments):
    if event not in WATCHED:
        return
    path = arguments[0] if event == "open" else ""
    if event == "open" and (isinstance(path, int) or str(path).endswith(CODE) or str(path).startswith("/proc/")):
        return
    # Only what our own modules do: the frame nearest to the event that is not Python's import machinery.
    frame = sys._getframe(1)
    while frame and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    chain = frame
    while chain:
        if "/faultmaven/" in chain.f_code.co_filename:
            seen.append((event, str(path), frame.f_code.co_filename, frame.f_lineno))
            return
        chain = chain.f_back

import faultmaven
open_before = set(os.listdir("/proc/self/fd"))
sys.addaudithook(watch)
for module in pkgutil.walk_packages(faultmaven.__path__, "faultmaven."):
    # Alembic's entry runs when it is loaded; it is loaded by Alembic alone.
    if module.name != "faultmaven.migrations.env":
        importlib.import_module(module.name)

loops = [one for one in gc.get_objects() if isinstance(one, asyncio.AbstractEventLoop)]
print(sorted(set(seen)))
print(sorted(set(os.listdir("/proc/self/fd")) - open_before), threading.active_count(), loops)
print(sum(name.startswith("faultmaven.") for name in sys.modules))
"""


def test_importing_every_module_opens_nothing() -> None:
    ended = subprocess.run([sys.executable, "-c", WATCH], capture_output=True, text=True, timeout=60, check=True)
    opened, left_open, modules = ended.stdout.splitlines()
    assert opened == "[]"
    assert left_open == "[] 1 []"
    assert int(modules) > 50
