"""What an SQL text would do, judged by its words."""

from __future__ import annotations

import re

from faultmaven.diagnosis.commands.options import vocabulary
from faultmaven.diagnosis.commands.ranking import worst
from faultmaven.diagnosis.report import Risk

_QUOTED = re.compile(r"'(?:[^'\\]|'')*'")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\s*\(")
_READING = {"select", "with", "explain", "values", "table"}
_TELLING = {"show", "describe", "desc"}
_DESTROYING = {"drop", "delete", "truncate"}
_CHANGING = vocabulary(
    "insert update alter create grant revoke set reset call do vacuum reindex cluster copy into kill flush "
    "load merge replace refresh lock analyze optimize repair rename begin commit rollback purge shutdown start "
    "stop checkpoint import export outfile dumpfile attach detach pragma use prepare execute notify listen "
    "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_switch_wal pg_promote setval "
    "nextval set_config"
)
_HARMLESS_CALLS = vocabulary(
    "count sum min max avg round left right length lower upper trim concat coalesce nullif now age date_trunc "
    "extract to_char to_timestamp interval in any all exists and or not on by filter over as values using "
    "where cardinality array_agg string_agg row_number rank greatest least abs pg_size_pretty pg_database_size "
    "pg_total_relation_size pg_relation_size pg_table_size pg_indexes_size pg_blocking_pids pg_is_in_recovery "
    "pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_wal_lsn_diff "
    "pg_current_wal_lsn pg_postmaster_start_time current_setting version current_database current_user "
    "inet_server_addr inet_server_port obj_description pg_get_constraintdef pg_get_indexdef pg_get_viewdef "
    "pg_encoding_to_char to_regclass has_table_privilege has_database_privilege has_schema_privilege"
)
_META = re.compile(r"\\(?:d[a-zA-Z]{0,4}\+?|l\+?|conninfo|dconfig)(?:\s+[\w.*\"]+)?")


def risk_of_sql(text: str) -> Risk:
    """The worst of its statements; what is not surely reading is unknown."""
    bare = _QUOTED.sub("''", text.strip()).removesuffix("\\G")
    if _META.fullmatch(bare):
        return "read_only"
    rated = [_statement(part) for part in bare.split(";") if part.strip()]
    return worst([*rated, "unknown"]) if not rated or _is_doubtful(bare) else worst(rated)


def _is_doubtful(bare: str) -> bool:
    """Comments can hold statements some servers run, quoted names hide functions, an odd quote hides an end."""
    return "'" in bare.replace("''", "") or any(mark in bare for mark in ("/*", "--", "#", "`", "$$", "\\", '"'))


def _statement(text: str) -> Risk:
    words = [word.lower() for word in _WORD.findall(text)]
    if words and words[0] in _TELLING:
        return "read_only"
    if _DESTROYING.intersection(words):
        return "destructive"
    if _CHANGING.intersection(words):
        return "changes_state"
    calls = {name.lower() for name in _CALL.findall(text)}
    return "read_only" if words and words[0] in _READING and calls <= _HARMLESS_CALLS else "unknown"
