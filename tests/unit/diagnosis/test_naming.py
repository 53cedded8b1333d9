import pytest

from faultmaven.diagnosis.naming import address_in, message_of, named_title, place_of, subject_of, things_in


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2026-03-17T09:00:01.002Z ERROR [main] could not bind", "could not bind"),
        ("2026-03-17 09:00:01,002 ERROR app.db: gone", "app.db: gone"),
        ("Mar 17 09:00:01 db-3 postgres[812]: PANIC:  no space", "postgres: PANIC:  no space"),
        ('{"time":"x","level":"ERROR","msg":"column \\"a\\" missing"}', 'column "a" missing'),
        ('time=x level=error msg="lookup \\"a\\" failed" app=b', 'lookup "a" failed'),
        ("ERROR", "ERROR"),
        ("", ""),
    ],
)
def test_a_message_is_the_line_without_its_head(line: str, message: str) -> None:
    assert message_of(line) == message


@pytest.mark.parametrize(
    ("frame", "place"),
    [
        ('File "/srv/app/pricing.py", line 41, in price_of', "/srv/app/pricing.py:41 in price_of"),
        ("at com.example.shipping.RateCard.rateFor(RateCard.java:27)", "RateCard.java:27 in RateCard.rateFor"),
        ("at avatarOf (/srv/api/src/avatar.js:22:22)", "/srv/api/src/avatar.js:22 in avatarOf"),
        ("at /srv/api/src/routes/users.js:48:16", "/srv/api/src/routes/users.js:48"),
        ("\t/build/stock/ledger.go:73 +0x25", "/build/stock/ledger.go:73"),
        ("somewhere else", "somewhere else"),
    ],
)
def test_a_frame_is_shortened_to_its_place(frame: str, place: str) -> None:
    assert place_of(frame) == place


def test_an_address_is_found_where_a_message_names_it() -> None:
    assert address_in('connection to server on host "db-1.internal" (10.0.0.9) and port 5432') == {
        "host": "db-1.internal",
        "port": "5432",
    }
    assert address_in("dial tcp 10.0.0.9:6379: refused") == {"host": "10.0.0.9", "port": "6379"}
    assert address_in("at org.example.Loader(Loader.java:277) and worker.py:12, then db.example.pl:5432") == {
        "host": "db.example.pl",
        "port": "5432",
    }
    assert address_in("nothing here at 09:00:01") == {}
    assert address_in("Worker (pid:811) was sent SIGKILL!") == {}


def test_a_subject_takes_only_names_that_fit_their_kind() -> None:
    assert subject_of({"host": "db-1", "port": "5432"}) == "host db-1:5432"
    assert subject_of({"host": "$(reboot)", "file": "/var/lib/x"}) == "file /var/lib/x"
    assert subject_of({"port": "8443"}) == "port 8443"
    assert subject_of({}) == ""


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Warning  BackOff  pod/web-7c9f-x2x4z  Back-off restarting", {"pod": "web-7c9f-x2x4z"}),
        ('E0304 "Error syncing" pod="shop/web-7c9f-x2x4z" err="x"', {"pod": "web-7c9f-x2x4z", "namespace": "shop"}),
        ("shop   web-7c9f-x2x4z   0/1   OOMKilled   3", {"pod": "web-7c9f-x2x4z", "namespace": "shop"}),
        ('{"namespace":"shop","pod_name":"web-0","msg":"x"}', {"pod": "web-0", "namespace": "shop"}),
        ("error in deployment.apps/checkout", {"deployment": "checkout"}),
        ("systemd[1]: haproxy.service: Failed", {"unit": "haproxy.service"}),
        ("the pod is gone, every namespace is fine", {}),
    ],
)
def test_things_are_found_where_a_message_names_them(line: str, names: dict[str, str]) -> None:
    assert things_in(line) == names


@pytest.mark.parametrize(
    ("names", "title"),
    [
        ({"host": "db-1", "port": "5432"}, "Nothing at db-1:5432"),
        ({"host": "db-1"}, "Nothing at db-1"),
        ({"host": "$(reboot)"}, None),
        ({}, None),
    ],
)
def test_a_headline_names_the_thing_or_is_not_used(names: dict[str, str], title: str | None) -> None:
    assert named_title("Nothing at {address}", names) == title
