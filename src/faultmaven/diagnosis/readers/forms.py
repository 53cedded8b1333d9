"""How loggers lay out what stands behind the time: level, who speaks, and the message."""

from __future__ import annotations

import re
from typing import NamedTuple

from faultmaven.diagnosis import levels
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.words import worded_level

_UPPER = (
    "EMERG|ALERT|PANIC|FATAL|CRITICAL|CRIT|SEVERE|ERROR|ERR|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE|VERBOSE|FINEST|FINER"
    "|FINE|CONFIG|LOG|FTL|WRN|INF|DBG|VRB"
)
_L = rf"(?P<level>{_UPPER})"
_ANY = rf"(?P<level>{_UPPER}|{_UPPER.lower()}|Error|Warning|Note|System|Information|Debug|Trace|Fatal)"
_LOGGER = r"(?P<component>[A-Za-z_][\w$]{0,80}(?:[.:/-]{1,2}[\w$\[\]*]{1,80}){0,20})"
_SAID = r"(?P<said>.*)$"

# Matched against the line without its time, the likeliest first within what begins alike.
_FORMS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        # klog and glog, whose level is a letter before the time.
        rf"^ *\d+ (?P<component>[\w./-]{{1,80}}\.(?:go|cc|cpp|c|h|rs|py)):\d+\] {_SAID}",
        # Spring Boot: `ERROR 1 --- [app] [thread] o.d.Shelf : no`.
        rf"^{_L} +\d+ --- (?:\[[^\]]{{0,100}}\] ?){{1,3}}(?P<component>[\w$.\[\]/-]{{1,150}}) *: {_SAID}",
        # Logback, Log4j: `[thread] ERROR org.depot.Shelf - no`; `ERROR [thread] org.depot.Shelf: no`.
        rf"^\[[^\]]{{0,100}}\] +{_L} +{_LOGGER} *(?:\[[^\]]{{0,100}}\] *)?(?:--?|:) {_SAID}",
        # loguru: `| ERROR    | depot.shelf:take:12 - no`.
        rf"^\| {_L} +\| (?P<component>[\w.<>]{{1,150}}):[\w.<>]{{1,100}}:\d+ - {_SAID}",
        # Python: `- depot.shelf - ERROR - no`, `depot.shelf - ERROR - no`; bare `ERROR:depot.shelf:no`.
        rf"^(?:- )?(?P<component>[A-Za-z_][\w.]{{0,150}}) - {_L} - {_SAID}",
        rf"^(?P<level>CRITICAL|ERROR|WARNING|INFO|DEBUG):(?P<component>[A-Za-z_][\w.]{{0,150}}):(?! ){_SAID}",
        # Airflow, Celery.
        rf"^\{{(?P<component>[\w./-]{{1,100}}):\d+\}} {_L} - {_SAID}",
        rf"^: ?{_L}/[\w-]{{1,60}}\] {_SAID}",
        rf"^{_L}/(?:MainProcess|ForkPoolWorker-\d+|Beat)\] {_SAID}",
        # zap and Istio: columns set apart by tabs, the caller among them.
        rf"^{_ANY}\t(?:(?P<component>[\w. @/-]{{1,80}}?)\t)?(?:[\w./@ -]{{1,200}}\.(?:go|cc|h):\d+\t){_SAID}",
        rf"^{_ANY}\t{_SAID}",
        # Elasticsearch: `[ERROR][o.e.b.Bootstrap ] [node-1] no`; Kafka: `ERROR [id=1] no (kafka.Server)`.
        rf"^\[{_L} *\]\[(?P<component>[\w.]{{1,120}}) *\] ?{_SAID}",
        rf"^{_L} (?P<said>.{{1,3000}}) \((?P<component>[a-z]\w{{0,60}}(?:\.[\w$]{{1,80}}){{2,12}})\)$",
        # env_logger and tracing of Rust.
        rf"^{_L} +(?P<component>[a-z_]\w{{0,80}}(?:::\w{{1,80}}){{0,10}})\] {_SAID}",
        # Envoy and spdlog: `[7][warning][upstream] [source/x.cc:12] no`.
        rf"^\[\d+\]\[{_ANY}\]\[(?P<component>\w{{1,40}})\] (?:\[[^\]]{{0,200}}\] )?{_SAID}",
        # nginx, Apache.
        rf"^\[{_ANY}\] \d+#\d+: (?:\*\d+ )?{_SAID}",
        rf"^\[(?:(?P<component>\w{{1,40}}):)?{_ANY}\d?\] (?:\[(?:pid|client|tid) [^\]]{{1,80}}\] ?){{1,3}}{_SAID}",
        # MySQL: `8 [ERROR] [MY-010119] [Server] no`; PostgreSQL: `[812] depot@shelf ERROR:  no`.
        rf"^\d+ \[{_ANY}\] (?P<said>\[MY-\d+\] .*)$",
        rf"^\d+ \[{_ANY}\] {_SAID}",
        rf"^\[\d+(?:-\d+)?\]:? (?:\[\d+-\d+\] )?(?:\S{{0,100}}@\S{{0,100}} )?{_L}:  {_SAID}",
        r"^\[\d+(?:-\d+)?\]:? (?:\[\d+-\d+\] )?(?:\S{0,100}@\S{0,100} )?"
        r"(?P<said>(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):  .*)$",
        # ClickHouse, pino-pretty, Ruby, NestJS, Erlang.
        rf"^\[ ?\d+ ?\] \{{[^}}]{{0,100}}\}} <(?P<level>\w{{4,11}})> (?P<component>[^:]{{1,100}}): {_SAID}",
        rf"^{_L} \((?:(?P<component>[\w.-]{{1,80}})/)?\d+(?: on [\w.-]{{1,100}})?\): {_SAID}",
        rf"^[DIWEFA], #\d+\] +{_L} -- (?P<component>[\w:. -]{{0,80}}): {_SAID}",
        rf"^\[Nest\] \d+ +- +{_L} +\[(?P<component>\w{{1,100}})\] {_SAID}",
        # Lambda: the request in front of the level, or in Python behind it.
        rf"^[0-9a-f-]{{36}}\t{_L}\t{_SAID}",
        rf"^(?:\[?{_L}\]?\s)?[0-9a-f-]{{36}}\t{_SAID}",
        # Serilog, MongoDB before 4.4, build servers.
        rf"^\[\d\d:\d\d:\d\d {_L}\] {_SAID}",
        rf"^(?P<level>[DIWEF]) +(?P<component>[A-Z]{{3,10}}) +\[[^\]]{{1,60}}\] {_SAID}",
        rf"^##\[(?P<level>error|warning|debug|notice)\]{_SAID}",
        # Android.
        r"^ *\d+ +\d+ (?P<level>[VDIWEF]) (?P<component>[^:]{1,60}?) *: " + _SAID,
        r"^(?P<level>[VDIWEF])/(?P<component>[^(]{1,60}?) *\( *\d+\): " + _SAID,
    )
)
_REDIS = re.compile(r"^\d+:[MSCX] ([#*.-]) (.*)$", re.DOTALL)
_REDIS_LEVELS: dict[str, Level] = {"#": "warning", "*": "info", "-": "debug", ".": "debug"}
_ANDROID_LEVELS: dict[str, Level] = {
    "V": "debug",
    "D": "debug",
    "I": "info",
    "W": "warning",
    "E": "error",
    "F": "fatal",
}
_MORE: dict[str, Level] = {"System": "info", "LOG": "info", "CONFIG": "info"}


class Laid(NamedTuple):
    """`level` and `component` are None where the form has no place for them."""

    level: Level | None
    component: str | None
    said: str


def laid_out(said: str) -> Laid | None:
    """What a line says, if it is laid out as one of the loggers known here does."""
    if redis := _REDIS.match(said):
        # Redis logs everything worse than a notice with one sign.
        worded = worded_level(redis[2]) if redis[1] == "#" else "unknown"
        return Laid(worded if worded in ("error", "fatal") else _REDIS_LEVELS[redis[1]], None, redis[2])
    for pattern in _FORMS:
        if match := pattern.match(said):
            named = match.groupdict()
            level = named.get("level")
            return Laid(_level(level) if level else None, (named.get("component") or "").strip() or None, match["said"])
    return None


def _level(name: str) -> Level | None:
    return _MORE.get(name) or (_ANDROID_LEVELS.get(name) if len(name) == 1 else levels.from_name(name))
