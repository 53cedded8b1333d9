"""Folders for work in progress: gone in the end, and cleared away by the next when their owner was killed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from faultmaven.scratch import clear, scratch

HOLD = """
import sys
from pathlib import Path
from faultmaven.scratch import scratch
with scratch(Path(sys.argv[1]), "work") as folder:
    (folder / "half done").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_for_its_owner_and_gone_afterwards(tmp_path: Path) -> None:
    with scratch(tmp_path, "work") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "inner").mkdir()
        (folder / "inner" / "file").touch()
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_a_failure_too(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), scratch(tmp_path, "work"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_given_its_name_stays(tmp_path: Path) -> None:
    with scratch(tmp_path, "work") as folder:
        folder.rename(tmp_path / "done")
    assert list(tmp_path.iterdir()) == [tmp_path / "done"]


def test_a_folder_somebody_works_in_is_left_alone_until_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with scratch(tmp_path, "work") as ours:
            assert ours != theirs
            assert list(theirs.iterdir()) == [theirs / "half done"]
        other.kill()
        other.wait()
    assert list(tmp_path.iterdir()) == [theirs]
    clear(tmp_path, "another")
    assert list(tmp_path.iterdir()) == [theirs]
    clear(tmp_path, "work")
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_cleared_away(tmp_path: Path) -> None:
    for name in (".work.unfinished", ".work.0123.unfinished", "work", f"work.{'0' * 16}.unfinished"):
        (tmp_path / name).mkdir()
    linked = tmp_path / f".work.{'0' * 16}.unfinished"
    linked.symlink_to(tmp_path / "work")
    (tmp_path / f".work.{'1' * 16}.unfinished").touch()
    before = sorted(tmp_path.iterdir())
    clear(tmp_path, "work")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("stem", ["a[b]*c?", "x" * 255, "ä" * 127, os.fsdecode(b"\xff\xfe")])
def test_any_name_of_a_file_will_do(tmp_path: Path, stem: str) -> None:
    with scratch(tmp_path, stem) as folder, scratch(tmp_path, stem) as other:
        assert folder.is_dir()
        assert other.is_dir()
