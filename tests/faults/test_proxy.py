"""The proxy does what it says: what tests prove through it is worth no more than that."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from tests.faults.proxy import PLACES, REACH, USUAL, Fault, FaultProxy, Place, fate

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcdefghij"
HEADS: dict[Place, int] = {"request head": REQUEST.index(b"0123"), "response head": RESPONSE.index(b"abc")}


class Server:
    """Reads one whole request of each connection, answers, and tells what it got of the last one."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.got = b""
        self.ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self.got = read(connection, len(REQUEST))
                if self.got == REQUEST:
                    connection.sendall(RESPONSE)
                    read(connection, 1)
            self.ended.set()


def read(connection: socket.socket, most: int) -> bytes:
    """Up to so many bytes, fewer if the connection ends or stays silent."""
    got = b""
    while len(got) < most:
        try:
            piece = connection.recv(most - len(got))
        except OSError:
            break
        if not piece:
            break
        got += piece
    return got


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def exchange(proxy: FaultProxy, seconds: float = 5.0) -> tuple[bytes, bool]:
    """What came back, and whether the connection was ended by the other side."""
    host, _, port = proxy.host.partition(":")
    got = b""
    try:
        with socket.create_connection((host, int(port)), timeout=seconds) as connection:
            connection.sendall(REQUEST)
            got = read(connection, len(RESPONSE))
            return got, len(got) == len(RESPONSE) or connection.recv(1) == b""
    except TimeoutError:
        return got, False
    except ConnectionError:
        return got, True


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", ["finish", "reset"])
def test_a_cut_is_where_it_is_said_to_be(server: Server, fault: Fault, place: Place) -> None:
    with FaultProxy(7, {fault: 1}, [(place, 10)]) as proxy:
        proxy.upstream = server.port
        got, ended = exchange(proxy)
        assert server.ended.wait(5)
        assert ended
        (happened,) = proxy.happened
        assert (happened.fault, happened.place) == (fault, place)
        assert proxy.cuts() == {place: 1}
        before = HEADS.get(place, HEADS["request head" if place.startswith("request") else "response head"])
        expected = happened.after + (0 if place.endswith("head") else before)
        if place.startswith("request"):
            # A reset may take with it what the server has not read yet.
            assert REQUEST.startswith(server.got)
            assert len(server.got) == expected or fault == "reset"
            assert got == b""
        else:
            assert server.got == REQUEST
            assert RESPONSE.startswith(got)
            assert len(got) == expected or fault == "reset"


def test_a_half_open_connection_is_silent_and_not_ended(server: Server) -> None:
    with FaultProxy(1, {"half_open": 1}, [("response body", 1)]) as proxy:
        proxy.upstream = server.port
        assert exchange(proxy, seconds=0.5) == (RESPONSE[: HEADS["response head"]], False)
        assert not server.ended.is_set()


def test_what_is_passed_or_delayed_arrives_unchanged(server: Server) -> None:
    with FaultProxy(1, {"pass": 1, "delay": 1}, [(place, 10) for place in PLACES]) as proxy:
        proxy.upstream = server.port
        for _ in range(6):
            assert exchange(proxy) == (RESPONSE, True)
        assert {one.fault for one in proxy.happened} == {"delay"}
        assert not proxy.cuts()


def test_a_refused_connection_never_reaches_the_server(server: Server) -> None:
    with FaultProxy(1, {"refuse": 1}) as proxy:
        proxy.upstream = server.port
        assert exchange(proxy) == (b"", True)
    assert server.got == b""


def test_the_same_seed_has_the_same_fates() -> None:
    def fates(seed: int) -> list[object]:
        return [fate(seed, number, USUAL, REACH) for number in range(200)]

    assert fates(1) == fates(1) != fates(2)
