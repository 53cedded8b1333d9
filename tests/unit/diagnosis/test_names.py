"""A name from evidence enters a command only if it can do nothing there but name."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.commands.inert import show_inert
from faultmaven.diagnosis.commands.names import KINDS, fill, fits


@pytest.mark.parametrize(
    ("command", "names", "filled"),
    [
        ("kubectl logs {pod} -n {namespace}", {"pod": "web-1", "namespace": "shop"}, "kubectl logs web-1 -n shop"),
        ("kubectl logs {pod} -n {namespace}", {"pod": "web-1"}, "kubectl logs web-1 -n NAMESPACE"),
        ("kubectl logs {pod}", {}, "kubectl logs POD_NAME"),
        ("kubectl logs {pod}", {"pod": "web; rm -rf ~"}, "kubectl logs POD_NAME"),
        ("kubectl logs {pod}", {"pod": "--all"}, "kubectl logs POD_NAME"),
        ("kubectl logs {pod}", {"pod": "web\n"}, "kubectl logs POD_NAME"),
        ("kubectl logs {pod}", {"pod": "Web"}, "kubectl logs POD_NAME"),
        ("nc -zv {host} {port}", {"host": "db.internal", "port": "5432"}, "nc -zv db.internal 5432"),
        ("nc -zv {host} {port}", {"host": "$(id)", "port": "99999"}, "nc -zv HOST PORT"),
        ("cat {file}", {"file": "/etc/app/app.yaml"}, "cat /etc/app/app.yaml"),
        ("cat {file}", {"file": "/etc/`id`"}, "cat FILE"),
        ("psql -c \"select '{table}'\"", {"table": "x'; drop table y; --"}, "psql -c \"select 'TABLE_NAME'\""),
        ("curl -w '%{time_total}' http://{host}/", {"host": "a.b"}, "curl -w '%{time_total}' http://a.b/"),
        ("docker manifest inspect {image}", {"image": "r.io:5000/a/b:v1"}, "docker manifest inspect r.io:5000/a/b:v1"),
    ],
)
def test_slots_are_filled_by_fitting_names_only(command: str, names: dict[str, str], filled: str) -> None:
    assert fill(command, names) == filled


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "hostile",
    ["", " ", "-rf", "--all", "a b", "a;b", "a|b", "a&b", "$(id)", "`id`", "${IFS}", "a'b", 'a"b', "a\nb", "a\\b",
     "a>b", "a*", "~root", "а-cyrillic", "a\u202eb", "a\u200bb", "a\x00b", "!!", "#x", "a" * 5000],
)  # fmt: skip
def test_no_kind_lets_anything_in_that_a_shell_would_heed(kind: str, hostile: str) -> None:
    assert not fits(kind, hostile)


@given(kind=st.sampled_from(sorted(KINDS)), name=st.text(max_size=40))
def test_a_filled_slot_is_always_one_plain_word(kind: str, name: str) -> None:
    filled = fill(f"echo {{{kind}}}", {kind: name})
    assert len(shlex.split(filled)) == 2
    assert shlex.quote(filled.removeprefix("echo ")) == filled.removeprefix("echo ")
    assert show_inert(filled) == filled


@pytest.mark.parametrize(
    ("kind", "name"),
    [("pod", "web-5d9c7b6f4-x2x8k"), ("host", "::1"), ("host", "fe80::1"), ("unit", "getty@tty1.service"),
     ("path", "/var/log"), ("module", "@scope/pkg"), ("image", "registry.example.com/a/b@sha256:" + "0" * 64),
     ("class", "org.postgresql.Driver"), ("user", "billing_rw"), ("device", "/dev/nvme0n1"), ("port", "65535")],
)  # fmt: skip
def test_ordinary_names_fit(kind: str, name: str) -> None:
    assert fits(kind, name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\nüber 日本", "plain\ttext\nüber 日本"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\x00", "a\\x0db\\x00"),
        ("\U000e0041", "\\U000e0041"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("\ufe0f", "\\ufe0f"),
    ],
)
def test_what_a_screen_would_obey_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert show_inert(text) == shown


@given(st.text())
def test_showing_twice_changes_nothing_more(text: str) -> None:
    assert show_inert(show_inert(text)) == show_inert(text)
