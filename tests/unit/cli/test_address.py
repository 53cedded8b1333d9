import pytest

from faultmaven.cli.address import address_of
from faultmaven.cli.failures import Failure


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://maven.example", "https://maven.example:443"),
    ],
)
def test_addresses(typed: str, url: str) -> None:
    assert address_of(typed).url == url


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://",
        "http://a:b@127.0.0.1:1",
        "http://127.0.0.1:99999",
        "ftp://127.0.0.1",
        "http://127.0.0.1:1/x",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_told(typed: str) -> None:
    with pytest.raises(Failure, match="is not the address of a server"):
        address_of(typed)


@pytest.mark.parametrize("typed", ["http://maven.example:8000", "10.0.0.1:8000", "http://127.0.0.1.example:80"])
def test_nothing_goes_to_another_machine_unencrypted(typed: str) -> None:
    with pytest.raises(Failure, match="another machine"):
        address_of(typed)
