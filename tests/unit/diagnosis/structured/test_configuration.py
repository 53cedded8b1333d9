"""Configuration is read with its positions, and no text makes a reader fail."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultmaven.diagnosis.facts import Facts, Node, Object
from faultmaven.diagnosis.structured.reader import facts_of


def read(text: str) -> Facts:
    return facts_of(memoryview(dedent(text).lstrip("\n").encode("utf-8", "replace")))


def only(text: str, kind: str) -> Object:
    (found,) = [one for one in read(text).objects if one.kind == kind]
    return found


def lines(node: Node | None) -> tuple[int, int]:
    assert node is not None
    return node.span.first, node.span.last


def test_a_unit_keeps_its_sections_repeated_keys_and_continued_lines() -> None:
    unit = only(
        """
        $ systemctl cat lantern.service
        # /etc/systemd/system/lantern.service
        [Unit]
        Description=Lantern

        [Service]
        ExecStart=/usr/bin/lantern \\
            --port 3000
        Environment=A=1
        Environment=B=2
        """,
        "UnitFile",
    )
    assert unit.name == "lantern.service"
    assert unit.node.text("Service", "ExecStart") == "/usr/bin/lantern --port 3000"
    assert lines(unit.node.at("Service", "ExecStart")) == (7, 8)
    assert [one.text() for one in unit.node.each("Service", "Environment")] == ["A=1", "B=2"]


def test_ini_keeps_values_as_they_stand() -> None:
    settings_file = only("[client]\nport = 3306 ; usual\n# a note\n[mysqld]\nbind-address: 10.0.0.1\n", "Settings")
    assert settings_file.node.text("mysqld", "bind-address") == "10.0.0.1"
    assert lines(settings_file.node.at("mysqld", "bind-address")) == (5, 5)


def test_toml_has_tables_lists_of_tables_and_texts_of_many_lines_at_their_lines() -> None:
    node = only(
        '''
        title = "Harbour"

        [berth.north]
        depth = 4.5
        about = """
        deep
        enough"""

        [[boat]]
        name = "one"

        [[boat]]
        name = "two"
        "hull".length = 12
        ''',
        "Settings",
    ).node
    assert node.text("title") == "Harbour"
    assert node.text("berth", "north", "depth") == "4.5"
    assert lines(node.at("berth", "north", "about")) == (5, 7)
    assert node.text("boat", 1, "name") == "two"
    assert lines(node.at("boat", 1, "name")) == (13, 13)
    assert lines(node.at("boat", 1, "hull", "length")) == (14, 14)


def test_a_dockerfile_has_its_instructions_with_flags_stages_and_texts_in_place() -> None:
    node = only(
        """
        FROM --platform=linux/amd64 golang:1.23 AS forge
        RUN apt-get update \\
            # what it needs
            && apt-get install -y git
        COPY <<EOF /etc/motd
        USER is no instruction here
        EOF
        FROM scratch
        COPY --from=forge --chown=1:1 /a /b
        """,
        "Dockerfile",
    ).node
    assert [one.text("instruction") for one in node.items] == ["FROM", "RUN", "COPY", "FROM", "COPY"]
    assert node.text(0, "stage") == "forge"
    assert node.text(0, "image") == "golang:1.23"
    assert node.text(4, "flags", "from") == "forge"
    assert lines(node.at(1)) == (2, 4)
    assert lines(node.at(4)) == (9, 9)


def test_nginx_has_directives_with_arguments_and_blocks() -> None:
    node = only(
        """
        server {
            listen 443 ssl;  # secure
            add_header X-A "a; b {c}";
            location ~ "^/x{2}" {
                return 200 'it''s';
            }
        }
        """,
        "Nginx",
    ).node
    assert node.text(0, "name") == "server"
    assert [one.text() for one in node.each(0, "block", 0, "arguments")] == ["443", "ssl"]
    assert node.text(0, "block", 1, "arguments", 1) == "a; b {c}"
    assert lines(node.at(0, "block", 2)) == (4, 6)


def test_an_env_file_is_never_told_by_its_values() -> None:
    facts = read("TIDE_KEY=s3cr3t\nOTHER=1\nTIDE_KEY=0th3r\n")
    (twice,) = [one for one in facts.objects if one.kind == "Repeated"]
    assert twice.name == "TIDE_KEY"
    assert (lines(twice.node.at("first")), lines(twice.node.at("last"))) == ((1, 1), (3, 3))


def test_a_compose_file_is_read_as_a_whole_and_service_by_service() -> None:
    facts = read("services:\n  lantern:\n    image: a\n  tide:\n    build: .\n")
    assert [(one.kind, one.name) for one in facts.objects] == [
        ("Compose", ""),
        ("ComposeService", "lantern"),
        ("ComposeService", "tide"),
    ]
    assert lines(facts.objects[2].node) == (4, 5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb:\n  - c\n d: 2\n", 4),
        ("$ cat berths.yaml\na: 1\nb:\n\t- c\n$ date\n", 4),
        ('{\n "a": 1,\n "b": [1 2]\n}\n', 3),
        ("server {\n  listen 80\n  server_name a;\n}\n", 2),
    ],
)
def test_a_file_that_breaks_off_is_told_with_its_line(text: str, line: int) -> None:
    (broken,) = [one for one in read(text).objects if one.kind == "Broken"]
    assert lines(broken.node) == (line, line)
    assert broken.node.text("message")


def test_the_same_key_in_siblings_is_not_repeated() -> None:
    text = '[\n  {\n    "a": 1,\n    "b": 1\n  },\n  {\n    "a": 2,\n    "b": 3\n  }\n]\n'
    assert [one for one in read(text).objects if one.kind == "Repeated"] == []
    twice = text.replace('"b": 3', '"a": 3')
    (repeated,) = [one for one in read(twice).objects if one.kind == "Repeated"]
    assert (lines(repeated.node.at("first")), lines(repeated.node.at("last"))) == ((7, 7), (8, 8))


BEGINNINGS = [
    "[Service]", "[a.b]", "[[x]]", 'key = "v"', "A_B=1", "FROM a AS b", "COPY --from=b . .", "RUN x \\", "RUN <<EOF",
    "server {", "http {", "listen 80;", "}", "location / {", '"', "'", "● a.service - b",
    "     Active: failed (Result: x)",
    "; <<>> DiG 9 <<>> a.b", ";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1", ";a.b. IN A", "CONNECTED(3)",
    "Verify return code: 10 (x)", " 0 s:CN = a", "*   Trying 1.2.3.4:80...", "> GET / HTTP/1.1", "< HTTP/1.1 502 Bad",
    "top - 10:00:00 up 1 day", "%Cpu(s): 1.0 us, 0.1 id", "    PID USER PR %CPU %MEM TIME+ COMMAND",
    "  1 a 1 99 99 1 x", "Filesystem Size Used Avail Use% Mounted on", "/dev/a 1G 1G 0 100% /", "services:",
    "  a:", "    image: b", "    depends_on: [a]", "    ports: ['80:80']", "a: &a [*a]", "\t- x", "{", "[", '"a": 1,',
    " pid | state | query", "CONTAINER ID   IMAGE   STATUS   NAMES", "x  y  Exited (1) z", '"""', "'''", "\\", "", " ",
]  # fmt: skip
pasted = st.lists(st.sampled_from(BEGINNINGS) | st.text(max_size=30), max_size=40).map("\n".join)


@settings(max_examples=300)
@given(pasted)
def test_no_text_makes_a_reader_fail_and_all_spans_lie_inside(text: str) -> None:
    content = text.encode("utf-8", "replace")
    facts = facts_of(memoryview(content))
    count = content.count(b"\n") + 1
    spans = [one.span for one in facts.parts]
    spans += [one.span for one in facts.objects] + [one.span for one in facts.tables]
    spans += [node.span for root in facts.documents for _, node in root.walk()]
    spans += [node.span for one in facts.objects for _, node in one.node.walk()]
    spans += [row.span for table in facts.tables for row in table.rows]
    assert all(1 <= span.first <= span.last <= count for span in spans)
    ends = [part.span for part in facts.parts]
    assert all(one.last < other.first for one, other in pairwise(ends))


def seconds(text: str) -> float:
    content = memoryview(text.encode())
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        facts_of(content)
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize("line", [*BEGINNINGS, "ERROR: it broke", "a: b", "[a] b", "x = 1", "A=1\n-"])
def test_time_grows_with_the_text_and_not_faster(line: str) -> None:
    few, many = seconds(f"{line}\n" * 2500), seconds(f"{line}\n" * 10_000)
    assert many <= 12 * max(few, 0.002)


def test_what_only_looks_like_a_part_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log whose every line could begin a document: none of them is matched against the rule again and again."""
    from faultmaven.diagnosis.structured import extents

    calls = 0

    class Counting:
        def match(self, text: str) -> re.Match[str] | None:
            nonlocal calls
            calls += 1
            return rule.match(text)

    rule = extents._YAML_LINE
    monkeypatch.setattr(extents, "_YAML_LINE", Counting())
    facts_of(memoryview(b"ERROR: it broke\n" * 3000))
    assert calls <= 3001
