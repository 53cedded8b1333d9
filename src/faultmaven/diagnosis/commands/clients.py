"""Clients of servers, databases and clouds: what they would ask the other side to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from faultmaven.diagnosis.commands.options import split, vocabulary
from faultmaven.diagnosis.commands.ranking import unless_dynamic, worst
from faultmaven.diagnosis.commands.shell import Word
from faultmaven.diagnosis.commands.sql import risk_of_sql
from faultmaven.diagnosis.report import Risk

_CURL_TAKES = vocabulary(
    "-H --header -A --user-agent -e --referer -m --max-time --connect-timeout -u --user -x --proxy -w "
    "--write-out -o --output -X --request -d --data -F --form -T --upload-file -b --cookie -c --cookie-jar -D "
    "--dump-header -K --config -r --range -E --cert --key --cacert --capath --resolve --retry --retry-delay "
    "--interface -C -Q --quote -z -y -Y -U --url --connect-to -t"
)
_CURL_HARMLESS = vocabulary(
    "-H --header -A --user-agent -e --referer -m --max-time --connect-timeout -u --user -x --proxy -r --range "
    "-E --cert --key --cacert --capath --resolve --retry --retry-delay --interface --url --connect-to -s "
    "--silent -S --show-error -f --fail -L --location -k --insecure -v --verbose -i --include -I --head -G "
    "--get -4 -6 --ipv4 --ipv6 --compressed --http1.1 --http2 -N --no-buffer -# -0 --tlsv1.2 --tlsv1.3 "
    "--fail-with-body --path-as-is -g --globoff -n --noproxy --retry-connrefused --no-progress-meter -q"
)
_METHODS: dict[str, Risk] = {
    "GET": "read_only",
    "HEAD": "read_only",
    "OPTIONS": "read_only",
    "DELETE": "destructive",
}
_WGET_TAKES = vocabulary("-O -o -a -t -T -U --timeout --tries --header")
_WGET_HARMLESS = vocabulary(
    "-O -q -S -t -T -U --spider --timeout --tries --header --server-response --quiet --no-check-certificate"
)
_PSQL_TAKES = vocabulary("-c --command -h --host -p --port -U --username -d --dbname -P -F -R -v --variable --set")
_PSQL_HARMLESS = _PSQL_TAKES - {"-v", "--variable", "--set"} | vocabulary(
    "-A -t -x -X -q -w -W -e -l -z -0 -1 --no-align --tuples-only --expanded --no-psqlrc --quiet --no-password "
    "--csv --list --html"
)
_MYSQL_TAKES = vocabulary("-e --execute -h --host -P --port -u --user -D --database -S --socket --protocol")
_MYSQL_HARMLESS = _MYSQL_TAKES | vocabulary(
    "-p --password -t -B -N -s -E -v --table --batch --skip-column-names --silent --vertical"
)
_REDIS_READS = vocabulary(
    "ping info get mget exists ttl pttl type strlen llen lrange scard smembers hgetall hget hlen zcard zrange "
    "dbsize keys scan time role lastsave echo lolwut"
)
_REDIS_READS_OF_TWO = vocabulary(
    "config get,client list,client info,client getname,slowlog get,slowlog len,memory usage,memory stats,"
    "memory doctor,latency doctor,latency latest,latency history,cluster info,cluster nodes,cluster slots,"
    "cluster shards,acl whoami,acl list,object freq,object encoding,object idletime,pubsub channels,"
    "command count,xinfo stream,xinfo groups,module list",
    ",",
)
_REDIS_DESTROYS = vocabulary("flushall flushdb del unlink getdel ltrim xtrim shutdown")
_REDIS_CHANGES = vocabulary(
    "set setex mset expire persist rename config client bgsave save bgrewriteaof replicaof slaveof failover "
    "cluster lpush rpush lpop rpop sadd srem hset hdel zadd zrem incr decr acl slowlog memory script append "
    "psetex setnx xadd xdel xack move migrate debug swapdb publish"
)
_REDIS_TAKES = vocabulary("-h -p -a -n -u -s -i -r --user --pass --cacert --cert --key --sni")
_AWS_TAKES = vocabulary("--region --profile --output --endpoint-url --query")
_AWS_READS = re.compile(
    r"(?:describe|list|get|head|lookup|search|filter|batch-get|validate|check|decode|estimate|simulate)-[a-z0-9-]+|ls|tail"
)
_AWS_DESTROYS = re.compile(r"(?:delete|terminate|deregister|purge|batch-delete|remove|revoke|detach)-[a-z0-9-]+|rm|rb")
_AWS_CHANGES = re.compile(
    r"(?:create|put|update|modify|start|stop|reboot|run|attach|associate|set|tag|register|enable|disable|restore|send|invoke"
    r"|publish|add|assume)(?:-[a-z0-9-]+)?|cp|mv|sync|mb"
)
_CLOUD_READS = vocabulary("list describe show read get-iam-policy get-value info list-usage")
_CLOUD_DESTROYS = vocabulary("delete purge remove destroy")
_CLOUD_CHANGES = vocabulary(
    "create update set start stop restart deploy add enable disable assign reset resize scale apply import "
    "export login run"
)


def curl(words: Sequence[Word]) -> Risk:
    """Fetching by GET or HEAD over HTTP reads; sending, another method or protocol, or writing a file does not."""
    parsed = split(words, _CURL_TAKES)
    urls = [word.text for word in parsed.rest] + parsed.values("--url")
    risks: list[Risk] = ["unknown" if not urls or any(word.dynamic for word in words) else "read_only"]
    risks += ["unknown" for url in urls if "://" in url and not url.lower().startswith(("http://", "https://"))]
    risks += [_curl_option(name, value) for name, value in parsed.options]
    return worst(risks)


def _curl_option(name: str, value: str) -> Risk:
    match name:
        case "-o" | "--output" | "-D" | "--dump-header":
            return "read_only" if value in ("/dev/null", "-") else "changes_state"
        case "-w" | "--write-out":
            return "unknown" if "%output" in value else "read_only"
        case "-X" | "--request":
            return _METHODS.get(value.upper(), "changes_state")
        case "-K" | "--config":
            return "unknown"
    return "read_only" if name in _CURL_HARMLESS else "changes_state"


def wget(words: Sequence[Word]) -> Risk:
    """It writes a file unless told to print, or only to look."""
    parsed = split(words, _WGET_TAKES)
    names = {name for name, _ in parsed.options}
    targets = parsed.values("-O")
    writes_nothing = "--spider" in names or (bool(targets) and set(targets) <= {"-", "/dev/null"})
    return unless_dynamic(words, "read_only" if writes_nothing and names <= _WGET_HARMLESS else "changes_state")


def psql(words: Sequence[Word]) -> Risk:
    parsed = split(words, _PSQL_TAKES)
    names = {name for name, _ in parsed.options}
    if names & {"-l", "--list"} and names <= _PSQL_HARMLESS - {"-c", "--command"}:
        return unless_dynamic(words, "read_only")
    return _sql_client(words, parsed.values("-c", "--command"), names <= _PSQL_HARMLESS)


def mysql(words: Sequence[Word]) -> Risk:
    parsed = split(words, _MYSQL_TAKES)
    # `-psecret` is one word: its letters are no options.
    options = split([word for word in words if not word.text.startswith("-p")], _MYSQL_TAKES).options
    names = {name for name, _ in options}
    return _sql_client(words, parsed.values("-e", "--execute"), names <= _MYSQL_HARMLESS)


def sqlite(words: Sequence[Word]) -> Risk:
    parsed = split(words, frozenset(["-separator", "-cmd", "-init"]), long_words=True)
    names = {name for name, _ in parsed.options}
    statements = [word.text for word in parsed.rest[1:]]
    return _sql_client(
        words, statements, names <= {"-readonly", "-header", "-json", "-column", "-line", "-csv", "-table", "-box"}
    )


def _sql_client(words: Sequence[Word], statements: Sequence[str], plain: bool) -> Risk:
    """Without a statement it reads its standard input, which cannot be known."""
    if not statements:
        return "unknown"
    risk = worst(risk_of_sql(statement) for statement in statements)
    return unless_dynamic(words, worst([risk, "read_only" if plain else "unknown"]))


def redis(words: Sequence[Word]) -> Risk:
    parsed = split(words, _REDIS_TAKES)
    names = {name for name, _ in parsed.options}
    said = [word.text.lower() for word in parsed.rest]
    if names & {"--eval", "--pipe", "-x", "-X"}:
        return "unknown"
    if not said:
        reading = {"--latency", "--latency-history", "--bigkeys", "--memkeys", "--stat", "--scan", "--hotkeys"}
        return "read_only" if names & reading else "unknown"
    if said[0] in _REDIS_READS or " ".join(said[:2]) in _REDIS_READS_OF_TWO:
        return unless_dynamic(words, "read_only")
    if said[0] in _REDIS_DESTROYS or said[:2] == ["cluster", "reset"]:
        return "destructive"
    return "changes_state" if said[0] in _REDIS_CHANGES else "unknown"


def aws(words: Sequence[Word]) -> Risk:
    rest = [word.text for word in split(words, _AWS_TAKES).rest]
    operation = rest[1] if len(rest) > 1 else ""
    if _AWS_DESTROYS.fullmatch(operation):
        return "destructive"
    if rest[:2] == ["configure", "list"]:
        return "read_only"
    if rest[:2] == ["s3api", "get-object"] or _AWS_CHANGES.fullmatch(operation):
        return "changes_state"
    return unless_dynamic(words, "read_only") if _AWS_READS.fullmatch(operation) else "unknown"


def cloud(words: Sequence[Word]) -> Risk:
    """gcloud and az: the verb stands behind a path of groups."""
    said = {word.text for word in words if not word.text.startswith("-")}
    if said & _CLOUD_DESTROYS:
        return "destructive"
    if said & _CLOUD_CHANGES:
        return "changes_state"
    return unless_dynamic(words, "read_only") if said & _CLOUD_READS else "unknown"
