"""Makes the labelled logs anew: `python -m tests.accuracy.produce`. Each line is `where it is written<TAB>the line`.

The programs are really run, and say themselves which statement of their source wrote a line: PostgreSQL by its
LOCATION lines, Chromium by file and line in its prefix, pip by the record that its logging hands over. What tells it
is taken off the line before it is stored.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

LOGS = Path(__file__).parent / "logs"
# Of each statement so many lines at most: the mass of a few would say nothing about the rest.
_MOST_OF_EACH = 60

# Statements that write the same format string are one.
_SAME = {
    "components/segmentation_platform/internal/signals/signal_filter_processor.cc:61":
        "components/segmentation_platform/internal/signals/signal_filter_processor.cc:54",
    "extensions/renderer/dispatcher.cc:682": "extensions/renderer/dispatcher.cc:487",
    "chrome/browser/web_applications/locks/partitioned_lock_manager.cc:318":
        "chrome/browser/web_applications/locks/partitioned_lock_manager.cc:262",
    "execMain.c:2213 DETAIL": "execMain.c:2076 DETAIL",
}  # fmt: skip
# Keys, and where this machine keeps its packages.
_LEFT_OUT = re.compile(r"API key|/opt/")

Labelled = tuple[str, str]

_CHROMIUM = re.compile(r"^(\[\d+:\d+:\d{4}/\d{6}\.\d{6}:[A-Z]+\d?):([\w./-]+:\d+)\] (.*)$")
_POSTGRESQL = re.compile(r"^(\S+ \S+ UTC \[\d+\] )([A-Z]+\d?):  (?:[0-9A-Z]{5}: )?(.*)$")
_STATEMENTS = """
CREATE TABLE berths (id int PRIMARY KEY, ship text NOT NULL, draught numeric CHECK (draught < 20));
CREATE TABLE cranes (id serial PRIMARY KEY, berth int REFERENCES berths);
INSERT INTO berths SELECT n, 'ship ' || n, n % 19 FROM generate_series(1, 500) n;
CHECKPOINT;
VACUUM VERBOSE berths;
ANALYZE VERBOSE berths;
"""


def main() -> None:
    for name, produce in (("chromium", chromium), ("postgresql", postgresql), ("pip", pip)):
        lines = list(_thinned(produce()))
        (LOGS / f"{name}.tsv").write_text("".join(f"{label}\t{line}\n" for label, line in lines), encoding="utf-8")
        print(f"{name}: {len(lines)} lines of {len({label for label, _ in lines})} statements")


def _thinned(lines: Iterable[Labelled]) -> Iterator[Labelled]:
    seen: Counter[str] = Counter()
    for place, line in lines:
        label = _SAME.get(place, place)
        seen[label] += 1
        if seen[label] <= _MOST_OF_EACH and not _LEFT_OUT.search(line):
            yield label, line[:500]


def chromium() -> Iterator[Labelled]:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(
            "<script>for (let i = 0; i < 30; i++) { fetch('http://127.0.0.1:' + (9000 + i) + '/x').catch(() => {});"
            " localStorage.setItem('k' + i, i) } new Worker('data:text/javascript,1');"
            " new Image().src = 'https://nowhere.invalid/a.png'</script>"
        )
        ran = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=1",
             f"--user-data-dir={folder}/profile", "--virtual-time-budget=4000", "--dump-dom", page.as_uri()],
            capture_output=True, check=False, text=True, errors="replace", timeout=120,
        )  # fmt: skip
    for line in ran.stderr.split("\n"):
        if found := _CHROMIUM.match(line):
            yield found[2], f"{found[1]}] {found[3]}"


def postgresql() -> Iterator[Labelled]:
    import psycopg
    from tests.databases import Postgres

    server = Postgres()
    for setting in ("log_error_verbosity = verbose", "log_connections = on", "log_disconnections = on",
                    "log_statement = 'all'", "log_duration = on", "log_checkpoints = on", "log_lock_waits = on",
                    "deadlock_timeout = 50", "log_temp_files = 0", "log_autovacuum_min_duration = 0",
                    "lc_messages = 'C'"):  # fmt: skip
        name, _, value = setting.partition(" = ")
        server.execute(f"ALTER SYSTEM SET {name} = {value if value.startswith(chr(39)) else repr(value)}")
    server.stop()
    server.start()
    for statement in _STATEMENTS.strip().split("\n"):
        server.execute(statement)
    for number in range(40):
        for wrong in (
            f"SELECT * FROM piers_{number}",
            f"INSERT INTO berths VALUES ({number + 1}, 'again', 1)",
            f"INSERT INTO berths VALUES ({number + 1000}, NULL, 1)",
            f"INSERT INTO berths VALUES ({number + 1000}, 'deep', {20 + number})",
            f"INSERT INTO cranes (berth) VALUES ({number + 5000})",
            f"SELECT ship_{number} FROM berths",
            f"SELECT 'a{number}'::int",
            f"SELECT {number} / 0",
            f"SELEC {number}",
            f"SET work_mem = '{number}kB'",
            f"DROP TABLE gone_{number}",
            f"SELECT missing_{number}(1)",
        ):
            with suppress(psycopg.Error):
                server.execute(wrong)
        if number % 8 == 0:
            server.execute(f"UPDATE berths SET draught = {number % 19}")
            server.execute("CHECKPOINT")
    server.stop()
    server.start()
    server.stop("immediate")
    server.start()
    log = (server.folder / "log").read_text(encoding="utf-8", errors="replace").split("\n")
    server.stop()
    server.remove()
    pending: list[tuple[str, str]] = []
    for line in log:
        if not (found := _POSTGRESQL.match(line)):
            continue
        if found[2] == "LOCATION":
            place = found[3].rpartition(", ")[2]
            for severity, told in pending:
                yield f"{place} {severity}", told
            pending = []
        elif found[2] == "STATEMENT":
            yield "STATEMENT", f"{found[1]}STATEMENT:  {found[3]}"
        else:
            if found[2] not in ("DETAIL", "HINT", "CONTEXT"):
                pending = []
            severity = found[2] if found[2] in ("DETAIL", "HINT", "CONTEXT") else "message"
            pending.append((severity, f"{found[1]}{found[2]}:  {found[3]}"))


def pip() -> Iterator[Labelled]:
    """Its own statements: the record's file and line, and the text without what pip indents it by."""
    program = (
        "import logging, sys, time\n"
        "real = logging.Logger.handle\n"
        "def handle(self, record):\n"
        "    said = record.getMessage()\n"
        "    if record.name.startswith('pip') and '\\n' not in said:\n"
        "        at = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))\n"
        "        line = f'{at},{int(record.msecs):03d} {record.levelname} {record.name}: {said}'\n"
        "        label = f'{record.pathname.rpartition(\"pip/\")[2]} {record.msg if record.args else record.lineno}'\n"
        "        print(f'@@{label}\\t{line}', file=sys.stderr)\n"
        "    return real(self, record)\n"
        "logging.Logger.handle = handle\n"
        "from pip._internal.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        for wanted in (["httpx", "sqlalchemy<2.1", "pyyaml"], ["flask==99"], ["rich", "click"]):
            ran = subprocess.run(
                [sys.executable, "-c", program, "download", "-vvv", "--no-cache-dir", "-d", folder, *wanted],
                capture_output=True, check=False, text=True, errors="replace", timeout=300,
            )  # fmt: skip
            for line in ran.stderr.split("\n"):
                if line.startswith("@@"):
                    label, _, told = line[2:].partition("\t")
                    yield label, told


if __name__ == "__main__":
    logging.basicConfig()
    main()
