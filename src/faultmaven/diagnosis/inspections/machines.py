"""Machines as df, free, top and ps show them: what is full, and who takes most of it.

A figure says that something is short, never why; whoever takes most of it is named as that, not as the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Level, Object, Row, Table
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

# From this share on a file system is said to be nearly full, and from that on to be full.
NEARLY, HIGH, FULL = 90, 95, 100
# So little of the memory is left that the kernel soon has to kill.
SCARCE = 5.0
IDLE = 5.0
BUSY, GREEDY = 90.0, 50.0
MANY_ZOMBIES = 20

_SHARE = re.compile(r"(\d{1,3})%$")
# Images that are full by nature, and file systems the kernel makes up.
_ALWAYS_FULL = re.compile(r"/dev/(?:loop|sr)\d|squashfs|iso9660|/cdrom|snapfuse|efivarfs")
_SNAP = re.compile(r"/(?:var/lib/)?snap/|/cdrom|/media/|/run/initramfs|/sys/|/boot/efi$")
_SIZE = re.compile(r"([\d.]+)([KMGT]?)i?B?$")
_SCALE = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def machines(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for table in world.tables("df"):
        for row in table.fact.rows:
            yield from _file_system(catalogue, Stated(table.source, row))
    for table in world.tables("free"):
        yield from _memory(catalogue, table)
    listings = world.tables("top", "ps")
    for summary in world.objects("TopSummary"):
        yield from _cpu(catalogue, summary, listings)
    for table in listings:
        yield from _processes(catalogue, table)
    for table in world.tables("node usage"):
        for row in table.fact.rows:
            yield from _node(catalogue, Stated(table.source, row))


def share_used(row: Row) -> int | None:
    """In per cent, by space or by inodes, of a file system that can fill up."""
    cells = row.cells
    device, mount = cells.get("filesystem", ""), cells.get("mounted on", "")
    share = _SHARE.match(cells.get("use%") or cells.get("iuse%") or cells.get("capacity") or "")
    if share is None or not mount.startswith("/") or _ALWAYS_FULL.match(device) or _SNAP.match(mount):
        return None
    return int(share[1])


def _file_system(catalogue: Catalogue, row: Stated[Row]) -> Iterator[Sign]:
    cells, used = row.fact.cells, share_used(row.fact)
    if used is None or used < NEARLY:
        return
    device, mount = cells.get("filesystem", ""), cells["mounted on"]
    inodes = "iuse%" in cells
    free = cells.get("avail") or cells.get("available") or cells.get("ifree", "")
    what = "of its inodes are in use" if inodes else "of its space is used"
    where = (Quoted(mount, 80, bare=True), " (", Quoted(device, 60, bare=True), ")")
    said: Phrase = ("The file system ", *where, f": {used} % {what}")
    if free:
        said += (", ", Quoted(free, 20, bare=True), " left")
    names = {"path": mount, "device": device}
    full = "inodes_exhausted" if inodes else "disk_full"
    fault = full if used >= FULL else "inodes_nearly_used_up" if inodes else "file_system_nearly_full"
    yield sign_of(catalogue, fault, [row], said, names, "error" if used >= HIGH else "warning")


def _size(text: str) -> float | None:
    """As `free -h` writes it, or a bare number in whatever unit the table has."""
    found = _SIZE.match(text)
    try:
        return float(found[1]) * _SCALE[found[2]] if found else None
    except ValueError:
        return None


def _memory(catalogue: Catalogue, table: Stated[Table]) -> Iterator[Sign]:
    rows = {row.cells.get("name", "").rstrip(":"): row for row in table.fact.rows}
    memory, swap = rows.get("Mem"), rows.get("Swap")
    if memory is None or "available" not in memory.cells:
        return
    total, available = _size(memory.cells.get("total", "")), _size(memory.cells["available"])
    if not total or available is None or 100 * available / total >= SCARCE:
        return
    share = f"({100 * available / total:.1f} %)"
    said: Phrase = (
        f"Of {memory.cells['total']} of memory {memory.cells['available']} is available {share}",
        *_swapped(swap),
    )
    shown_by = [Stated(table.source, row) for row in (memory, swap) if row]
    yield sign_of(catalogue, "memory_nearly_full", shown_by, said)


def _swapped(swap: Row | None) -> Phrase:
    total, used = (_size(swap.cells.get(key, "")) for key in ("total", "used")) if swap else (None, None)
    if total is None or used is None:
        return ()
    if total == 0:
        return (", and there is no swap",)
    return (f", and {100 * used / total:.0f} % of the swap is used",)


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return 0.0


def _cpu(catalogue: Catalogue, summary: Stated[Object], listings: Sequence[Stated[Table]]) -> Iterator[Sign]:
    cpu = summary.fact.node.at("cpu")
    if cpu is not None and cpu.text("id") and _number(cpu.text("id")) < IDLE:
        said: Phrase = (f"The CPU is idle {cpu.text('id')} % of the time",)
        busy = {"wa": "waiting for disks", "st": "taken by the host", "us": "in programs", "sy": "in the kernel"}
        shares = {what: _number(cpu.text(key)) for key, what in busy.items()}
        said += (f" and {max(shares.values()):g} % of it {max(shares, key=lambda what: shares[what])}",)
        shown_by: list[Stated[Any]] = [Stated(summary.source, cpu)]
        rows = [Stated(table.source, row) for table in listings for row in table.fact.rows]
        if rows and (top := max(rows, key=lambda row: _number(row.fact.cells.get("%cpu", "")))):
            said += ("; most of it goes to ", *_who(top.fact), f" with {_number(top.fact.cells.get('%cpu', '')):g} %")
            shown_by.append(top)
        fault = "disk_wait" if shares["waiting for disks"] == max(shares.values()) else "cpu_saturated"
        yield sign_of(catalogue, fault, shown_by, said)
    zombies = summary.fact.node.at("zombies")
    if zombies and int(zombies.text()) >= MANY_ZOMBIES:
        said = (f"{zombies.text()} processes have ended and are not collected by their parent (zombies)",)
        yield sign_of(catalogue, "zombie_processes", [Stated(summary.source, zombies)], said)


def _who(row: Row) -> Phrase:
    command = row.cells.get("command") or row.cells.get("cmd", "")
    return (Quoted(command, 60, bare=True), " (process ", Quoted(row.cells.get("pid", ""), 12, bare=True), ")")


def _processes(catalogue: Catalogue, table: Stated[Table]) -> Iterator[Sign]:
    """A process that takes most of the CPU or the memory may well be meant to: it is noted, not blamed."""
    for key, least, fault, of in (
        ("%cpu", BUSY, "process_takes_cpu", "of a CPU"),
        ("%mem", GREEDY, "process_takes_memory", "of the memory"),
    ):
        rows = [row for row in table.fact.rows if _number(row.cells.get(key, "")) >= least]
        if rows:
            top = max(rows, key=lambda row: _number(row.cells[key]))
            said: Phrase = (*_who(top), f" takes {_number(top.cells[key]):g} % {of}")
            names = {"pid": top.cells.get("pid", "")}
            yield sign_of(catalogue, fault, [Stated(table.source, top)], said, names, "warning")
    dead = [row for row in table.fact.rows if "<defunct>" in (row.cells.get("command") or row.cells.get("cmd", ""))]
    if dead:
        count = f"{len(dead)} processes have" if len(dead) > 1 else "One process has"
        said = (f"{count} ended and not been collected by the parent (zombies), such as ", *_who(dead[0]))
        shown_by = [Stated(table.source, row) for row in dead[:2]]
        level: Level = "error" if len(dead) >= MANY_ZOMBIES else "warning"
        yield sign_of(catalogue, "zombie_processes", shown_by, said, level=level)


def _node(catalogue: Catalogue, row: Stated[Row]) -> Iterator[Sign]:
    """A row of `kubectl top nodes`."""
    cells = row.fact.cells
    for key, fault, what in (("cpu%", "cpu_saturated", "CPU"), ("memory%", "memory_nearly_full", "memory")):
        share = _SHARE.match(cells.get(key, ""))
        if share and int(share[1]) >= NEARLY:
            name = cells.get("name", "")
            said: Phrase = ("Node ", Quoted(name, 80, bare=True), f" uses {share[1]} % of its {what}")
            yield sign_of(catalogue, fault, [row], said, {"node": name})
