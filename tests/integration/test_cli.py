"""The command line without a server, through real pipes and terminals."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.commands import command, faultmaven, on_a_terminal, started

from faultmaven.cli.inputs import MAPPED_FROM
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.report import Report

LOG = b"""\
2026-01-02T10:00:00Z INFO api started
2026-01-02T10:03:05Z ERROR api FATAL: sorry, too many clients already
2026-01-02T10:03:06Z ERROR api FATAL: sorry, too many clients already
"""
OTHER = b"2026-01-02T10:00:01Z INFO worker started\n2026-01-02T10:00:02Z INFO worker idle\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "api.log"
    path.write_bytes(LOG)
    return path


def report_of(done: subprocess.CompletedProcess[str]) -> Report:
    assert done.stderr == ""
    assert done.returncode == 0
    return Report.model_validate_json(done.stdout)


def assert_refused(done: subprocess.CompletedProcess[str], code: int, said: str) -> None:
    """One sentence on stderr, nothing on stdout."""
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.startswith("faultmaven: ")
    assert done.stderr.count("\n") == 1


def test_json_is_the_report_and_nothing_else(log: Path) -> None:
    done = faultmaven("ask", "--json", "--engine", "embedded", "-f", log, "Why does it fail?")
    report = report_of(done)
    assert report.verdict == "cause_found"
    assert not {"query_id", "session_id", "case_id", "status"} & set(json.loads(done.stdout))
    document = Document(LOG)
    for citation in report.citations:
        assert (citation.name, citation.evidence_id) == ("api.log", hashlib.sha256(LOG).hexdigest())
        assert "\n".join(document.texts(citation.line_start, citation.line_end)) == citation.quote
    assert report.citations


def test_people_get_at_most_fifteen_plain_lines_and_all_of_it_when_asked(log: Path) -> None:
    short = faultmaven("ask", "-f", log, "Why does it fail?")
    whole = faultmaven("ask", "-v", "-f", log, "Why does it fail?")
    assert short.returncode == whole.returncode == 0
    assert short.stderr == whole.stderr == ""
    assert 3 <= len(short.stdout.splitlines()) <= 15
    assert "api.log:2: 2026-01-02T10:03:05Z ERROR api FATAL: sorry, too many clients already" in short.stdout
    assert "\x1b" not in short.stdout + whole.stdout
    assert len(whole.stdout) > len(short.stdout)
    assert "What was looked at" in whole.stdout


@pytest.mark.parametrize("named", [[], ["-f", "-"]])
def test_evidence_can_be_piped_in(named: list[str]) -> None:
    report = report_of(faultmaven("ask", "--json", *named, "why?", piped=LOG))
    assert {citation.name for citation in report.citations} == {"stdin"}


def test_evidence_can_be_redirected_in(log: Path) -> None:
    with log.open("rb") as file:
        assert report_of(faultmaven("ask", "--json", "why?", stdin=file)).coverage.lines == 3


def test_a_pipe_is_left_alone_when_files_are_named(log: Path) -> None:
    assert report_of(faultmaven("ask", "--json", "-f", log, "why?", piped=OTHER * 9)).coverage.lines == 3


def test_without_evidence_it_says_so() -> None:
    for done in (faultmaven("ask", "--json", "why?"), faultmaven("ask", "--json", "why?", piped=b"")):
        report = report_of(done)
        assert report.verdict == "not_enough_evidence"
        assert report.coverage.kinds == []


def test_a_term_is_explained_without_evidence() -> None:
    assert report_of(faultmaven("ask", "--json", "What does ECONNREFUSED mean?")).verdict == "answered"


def test_empty_and_binary_evidence_are_normal_answers(tmp_path: Path) -> None:
    for name, content, kind in (("empty", b"", "empty"), ("core", bytes(range(256)) * 99, "binary")):
        (tmp_path / name).write_bytes(content)
        report = report_of(faultmaven("ask", "--json", "-f", tmp_path / name, "why?"))
        assert (report.verdict, report.coverage.kinds) == ("not_enough_evidence", [kind])


def test_named_pipes_are_read_to_their_end(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(LOG,))
    writer.start()
    assert report_of(faultmaven("ask", "--json", "-f", path, "why?")).coverage.lines == 3
    writer.join()


def test_files_of_one_name_are_told_apart_and_equal_ones_looked_at_once(tmp_path: Path) -> None:
    for folder, content in (("a", LOG), ("b", LOG.replace(b"10:", b"11:")), ("c", LOG)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "api.log").write_bytes(content)
    files = [argument for folder in "abc" for argument in ("-f", tmp_path / folder / "api.log")]
    report = report_of(faultmaven("ask", "--json", *files, "why?"))
    assert report.coverage.lines == 6
    assert {citation.name for citation in report.citations} <= {"a/api.log", "b/api.log"}


def test_hostile_evidence_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b]0;name\x07.log"
    path.write_bytes(LOG.replace(b"sorry", b"sorry \x1b]0;owned\x07\xe2\x80\xae\x9b2J"))
    for done in (
        faultmaven("ask", "-f", path, "why?"),
        faultmaven("ask", "-v", "-f", path, "why?"),
        faultmaven("analyze", path),
        faultmaven("ask", "-f", f"{path}.gone", "why?"),
    ):
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(done.stdout + done.stderr)
        assert "\\x07" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ask", ""], 2, "The question is empty."),
        (["ask", "x" * 20_001], 2, "20,001 characters"),
        (["ask", "why", "is", "it"], 2, "in quotes"),
        (["ask", "-f", "/no/such/file", "why?"], 3, "/no/such/file: there is no such file."),
        (["ask", "-f", "/", "why?"], 3, "/ is a folder"),
        (["ask", "-f", "/dev/null/x", "why?"], 3, "/dev/null/x cannot be read: Not a directory."),
        (["ask", "--engine", "llm", "why?"], 5, "No language model is configured"),
        (["analyze"], 2, "There is nothing to analyze"),
        (["analyze", "/no/such/file"], 3, "there is no such file"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(arguments: list[str], code: int, said: str) -> None:
    assert_refused(faultmaven(*arguments), code, said)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(log: Path) -> None:
    log.chmod(0)
    assert_refused(faultmaven("ask", "-f", log, "why?"), 3, "not allowed to read it")


def test_wrong_usage_is_explained_by_the_usage() -> None:
    done = faultmaven("ask", "--no-such-option", "why?")
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: faultmaven" in done.stderr
    assert faultmaven().returncode == 2


@pytest.mark.parametrize("named", [[], ["ask"], ["analyze"], ["doctor"], ["open"], ["serve"], ["contract"]])
def test_help_names_the_exit_codes(named: list[str]) -> None:
    done = faultmaven(*named, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "130  interrupted" in done.stdout


def test_a_file_that_is_cut_short_while_it_is_read(tmp_path: Path) -> None:
    large, fifo = tmp_path / "large.log", tmp_path / "fifo"
    with large.open("wb") as file:
        file.write(LOG)
        file.truncate(MAPPED_FROM)
    os.mkfifo(fifo)
    process = started("ask", "-f", large, "-f", fifo, "why?")
    # Opening the pipe succeeds when the command opens it too: it has mapped the large file by then.
    with fifo.open("wb") as pipe:
        os.truncate(large, 0)
        pipe.write(OTHER)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, b"")
    assert err.decode().startswith("faultmaven: A file became shorter while it was read")
    assert err.count(b"\n") == 1


def test_it_ends_quietly_when_its_reader_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "many.log"
    path.write_bytes(b"".join(b"2026-01-02T10:00:00Z ERROR part%d fails in its own way\n" % n for n in range(3000)))
    process = started("analyze", "--json", path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(60) == 141


def test_a_full_disk_is_told(log: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        asking = command(["ask", "-f", log, "why?"])
        done = subprocess.run(asking, stdout=full, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 6
    assert done.stderr == b"faultmaven: The output cannot be written: No space left on device.\n"


def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = started("ask", "-f", fifo, "why?")
    with fifo.open("wb"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_colour_only_on_a_terminal_and_only_if_wanted(log: Path) -> None:
    assert "\x1b[1m" in on_a_terminal("ask", "-f", log, "why?")
    assert "\x1b" not in on_a_terminal("ask", "-f", log, "why?", settings={"NO_COLOR": "1"})


def test_lines_fit_the_terminal_except_commands(log: Path) -> None:
    log.write_bytes(LOG.replace(b"already", b"already " + b"x" * 300))
    lines = on_a_terminal("ask", "-f", log, "why?", settings={"NO_COLOR": "1"}).split("\r\n")
    assert max(len(line) for line in lines if not line.startswith("    ")) <= 80
    assert len(lines) - 1 <= 15


def test_progress_is_shown_for_what_takes_a_while_and_only_to_people(tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    path.write_bytes(OTHER * (9_000_000 // len(OTHER)))
    assert "100 % of 9.0 MB" in on_a_terminal("ask", "-f", path, "why?")
    assert faultmaven("ask", "-f", path, "why?").stderr == ""


def test_analyze_tells_each_file(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "worker.log"
    other.write_bytes(OTHER)
    done = faultmaven("analyze", log, other)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("api.log\n3 lines, ")
    assert "\nworker.log\n2 lines, " in done.stdout
    told = json.loads(faultmaven("analyze", "--json", log, other).stdout)["evidence"]
    assert [(one["name"], one["lines"]) for one in told] == [("api.log", 3), ("worker.log", 2)]
    assert faultmaven("analyze", piped=LOG).stdout.startswith("stdin\n3 lines, ")


def test_asking_in_process_loads_neither_web_nor_database(log: Path) -> None:
    script = (
        "import sys; from faultmaven.cli import main; code = main(sys.argv[1:]); "
        "loaded = {'httpx', 'fastapi', 'sqlalchemy', 'rich', 'starlette', 'pydantic_settings'} & set(sys.modules); "
        "assert not loaded, loaded; sys.exit(code)"
    )
    asking = [sys.executable, "-c", script, "ask", "-f", str(log), "why?"]
    subprocess.run(asking, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def test_doctor_tells_a_fresh_machine_that_all_is_well(tmp_path: Path) -> None:
    done = faultmaven("doctor", "--data-dir", tmp_path / "none", "--port", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "known faults" in done.stdout
    assert "no language model is configured" in done.stdout
    assert not (tmp_path / "none").exists()


def test_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = faultmaven("doctor", "--data-dir", tmp_path, "--port", "0", settings={"FAULTMAVEN_LOCAL_AUTH": "off"})
    assert done.returncode == 1
    assert f"chmod 700 {tmp_path}" in done.stdout
    assert "warn  local auth" in done.stdout


def test_doctor_names_a_setting_that_is_wrong(tmp_path: Path) -> None:
    done = faultmaven("doctor", settings={"FAULTMAVEN_HOST": "0.0.0.0", "FAULTMAVEN_DATA_DIR": str(tmp_path)})
    assert done.returncode == 1
    assert "FAIL  settings" in done.stdout
    assert "loopback" in done.stdout
