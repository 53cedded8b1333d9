import pytest

from faultmaven.diagnosis.naming import address_in, message_of, place_of, subject_of


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
    assert address_in("nothing here at 09:00:01") == {}


def test_a_subject_takes_only_names_that_fit_their_kind() -> None:
    assert subject_of({"host": "db-1", "port": "5432"}) == "host db-1:5432"
    assert subject_of({"host": "$(reboot)", "file": "/var/lib/x"}) == "file /var/lib/x"
    assert subject_of({"port": "8443"}) == "port 8443"
    assert subject_of({}) == ""
