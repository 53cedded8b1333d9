"""What the output of commands shows to be in order, with the numbers that show it. Configuration shows no state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from faultmaven.diagnosis.facts import is_number
from faultmaven.diagnosis.inspections.connections import listeners
from faultmaven.diagnosis.inspections.machines import share_used
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted

Sound = tuple[Phrase, tuple[Stated[Any], ...]]

MOST = 6


def sound(world: World) -> Iterator[Sound]:
    yield from _units(world)
    yield from _containers(world)
    yield from _file_systems(world)
    yield from _memory(world)
    yield from _cpu(world)
    yield from _listening(world)
    yield from _answers(world)
    yield from _nodes(world)


def _units(world: World) -> Iterator[Sound]:
    for stated in world.objects("UnitStatus"):
        active = stated.fact.node.at("active")
        if active is not None and active.text("state") == "active":
            how = f" is active ({active.text('sub')})" if active.text("sub") else " is active"
            since: Phrase = (" since ", Quoted(active.text("since"), 60, bare=True)) if active.text("since") else ()
            yield (Quoted(stated.fact.name, 80, bare=True), how, *since), (Stated(stated.source, active),)


def _containers(world: World) -> Iterator[Sound]:
    for table in world.tables("docker ps", "docker compose ps"):
        rows = [row for row in table.fact.rows if row.cells.get("status")]
        up = [row for row in rows if row.cells["status"].startswith("Up") and "unhealthy" not in row.cells["status"]]
        if rows and len(up) == len(rows):
            count = f"All {len(up)} containers listed are up" if len(up) > 1 else "The container listed is up"
            yield (count,), (Stated(table.source, up[0]),)
    for stated in world.objects("Container"):
        if stated.fact.node.text("State", "Running") == "true" and (status := stated.fact.node.at("State", "Status")):
            count = stated.fact.node.text("RestartCount")
            restarts = f", with {count} restarts" if is_number(count) else ""
            said: Phrase = ("Container ", Quoted(stated.fact.name, 80, bare=True), f" is running{restarts}")
            yield said, (Stated(stated.source, status),)


def _file_systems(world: World) -> Iterator[Sound]:
    for table in world.tables("df"):
        rows = [(used, row) for row in table.fact.rows if (used := share_used(row)) is not None]
        if rows:
            most, row = max(rows, key=lambda pair: pair[0])
            what = "of its inodes in use" if "iuse%" in row.cells else "full"
            where = Quoted(row.cells.get("mounted on", ""), 80, bare=True)
            yield (
                ("Of the file systems listed ", where, f" is the fullest, {most} % {what}"),
                (Stated(table.source, row),),
            )


def _memory(world: World) -> Iterator[Sound]:
    for table in world.tables("free"):
        row = next((row for row in table.fact.rows if row.cells.get("name") == "Mem:"), None)
        if row is not None and "available" in row.cells:
            total, free = (Quoted(row.cells.get(key, ""), 20, bare=True) for key in ("total", "available"))
            yield ("Of ", total, " of memory ", free, " is available"), (Stated(table.source, row),)


def _cpu(world: World) -> Iterator[Sound]:
    for stated in world.objects("TopSummary"):
        if (cpu := stated.fact.node.at("cpu")) and cpu.text("id"):
            yield (f"The CPU is idle {cpu.text('id')} % of the time",), (Stated(stated.source, cpu),)


def _listening(world: World) -> Iterator[Sound]:
    found = {one.port: one for one in reversed(listeners(world))}
    if not found:
        return
    said: list[str | Quoted] = ["Listened on " + ("is port " if len(found) == 1 else "are the ports ")]
    ports = sorted(found.values(), key=lambda one: int(one.port))
    for number, one in enumerate(ports[:MOST]):
        said.append((", " if number else "") + one.port)
        if one.program:
            said += [" (", Quoted(one.program, 30, bare=True), ")"]
    if len(ports) > MOST:
        said.append(f" and {len(ports) - MOST} more")
    yield tuple(said), tuple(one.row for one in ports[:2])


def _answers(world: World) -> Iterator[Sound]:
    for stated in world.objects("DnsAnswer")[:MOST]:
        if records := stated.fact.node.each("records"):
            value = records[-1].text("value")
            name, told = Quoted(stated.fact.name, 80, bare=True), Quoted(value, 60, bare=True)
            yield ("The name ", name, " resolves to ", told), (Stated(stated.source, records[-1]),)
    for stated in world.objects("HttpExchange")[:MOST]:
        status = stated.fact.node.at("status")
        if status is not None and status.text() < "400":
            asked = Quoted(f"{stated.fact.node.text('method')} {stated.fact.node.text('path')}", 80, bare=True)
            yield (asked, f" is answered with HTTP {status.text()}"), (Stated(stated.source, status),)
    for stated in world.objects("TlsConnection")[:MOST]:
        verified = stated.fact.node.at("verified")
        if verified is not None and verified.text("code") == "0":
            yield ("The certificate is accepted (verify return code 0)",), (Stated(stated.source, verified),)


def _nodes(world: World) -> Iterator[Sound]:
    for of, title, noun in (("nodes", "status", "nodes"), ("deployments", "ready", "deployments")):
        for table in world.tables(of):
            rows = [row for row in table.fact.rows if row.cells.get(title)]
            fine = [row for row in rows if _is_fine(row.cells[title])]
            if rows and len(fine) == len(rows):
                yield (f"All {len(fine)} {noun} listed are ready",), (Stated(table.source, fine[0]),)


def _is_fine(cell: str) -> bool:
    ready, slash, wanted = cell.partition("/")
    return ready == wanted if slash else cell.split(",")[0] == "Ready"
