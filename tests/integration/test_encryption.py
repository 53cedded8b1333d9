"""Where other machines can reach the server: only with users of their own and TLS, its own or a proxy's."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from tests.commands import faultmaven
from tests.following import follow
from tests.integration.conftest import Start, open_session
from tests.integration.problems import SESSIONS, code_of
from tests.servers import COMMAND, PATIENCE
from tests.users import client_with, token_for

from faultmaven.cli.place import wrong_settings
from faultmaven.settings import Settings

Json = dict[str, Any]

TLS = Path(__file__).parents[1] / "tls"
CERTIFICATE = str(TLS / "certificate.pem")
OWN = {"auth": "token", "tls_certificate": CERTIFICATE, "tls_key": str(TLS / "key.pem")}


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The certificate of the tests is believed here, and by commands that get these settings."""
    monkeypatch.setenv("SSL_CERT_FILE", CERTIFICATE)
    return {"SSL_CERT_FILE": CERTIFICATE}


def status(url: str, bearer: str, **headers: str) -> int:
    return httpx.get(url + SESSIONS, headers={"Authorization": f"Bearer {bearer}"} | headers).status_code


@pytest.mark.usefixtures("trusting")
def test_a_server_with_a_certificate_is_https_all_through(start: Start) -> None:
    with start(**OWN) as server:
        assert server.url == f"https://{server.bound}"
        with client_with(server, token_for(server, "alice")) as api:
            opened = open_session(api)
            with follow(api, f"{SESSIONS}/{opened['session_id']}/events") as stream:
                assert next(stream).data["session_id"] == opened["session_id"]
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://{server.bound}/livez")


def test_who_does_not_know_the_certificate_sends_nothing(start: Start, trusting: dict[str, str]) -> None:
    with start(**OWN) as server:
        bearer = token_for(server, "alice")
        environment = server.settings | {"FAULTMAVEN_TOKEN": bearer}
        believed = faultmaven("ask", "--server", server.url, "why?", settings=environment | trusting)
        assert (believed.returncode, believed.stderr) == (0, "")
        by_name = server.url.replace("127.0.0.1", "localhost")
        assert faultmaven("ask", "--server", by_name, "why?", settings=environment | trusting).returncode == 0
        # A system that has other authorities than the one of the tests.
        doubted = faultmaven(
            "ask", "--server", server.url, "why?", settings=environment | {"SSL_CERT_FILE": os.devnull}
        )
        assert (doubted.returncode, doubted.stdout) == (4, "")
        assert "could not show whose it is" in doubted.stderr
        assert "SSL_CERT_FILE" in doubted.stderr
        unencrypted = faultmaven("ask", "--server", f"http://{server.bound}", "why?", settings=environment)
        assert (unencrypted.returncode, unencrypted.stdout) == (4, "")


def test_the_doctor_finds_the_server_over_https(start: Start, trusting: dict[str, str]) -> None:
    with start(**OWN) as server:
        chosen = {f"FAULTMAVEN_{name.upper()}": value for name, value in OWN.items()}
        environment = server.settings | chosen | trusting | {"FAULTMAVEN_PORT": str(server.port)}
        told = faultmaven("doctor", settings=environment | {"FAULTMAVEN_TOKEN": token_for(server, "alice")})
        assert f"is running on https://{server.bound}, proven" in told.stdout
        assert CERTIFICATE in told.stdout


@pytest.mark.usefixtures("trusting")
def test_other_machines_name_the_server_as_it_is_known_to_them(start: Start) -> None:
    names = "fault.test:443, fault.test:8443"
    with start(host="0.0.0.0", allowed_hosts=names, **OWN) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        bearer = token_for(server, "alice")
        for host in ("fault.test", "fault.test:443", "fault.test:8443", "FAULT.test", server.bound):
            assert status(server.url, bearer, Host=host) == 200, host
        for host in ("fault.test:80", "fault.test:8444", "other.test", f"0.0.0.0:{server.port}"):
            assert status(server.url, bearer, Host=host) == 403, host
        for origin in ("https://fault.test", "https://fault.test:8443", server.url):
            assert status(server.url, bearer, Origin=origin) == 200, origin
        for origin in ("http://fault.test", "http://fault.test:8443", f"http://{server.bound}", "https://other.test"):
            assert status(server.url, bearer, Origin=origin) == 403, origin
        server.stop()
        assert server.process.stdout is not None
        assert server.process.stdout.read().splitlines() == [
            "From other machines: https://fault.test/",
            "From other machines: https://fault.test:8443/",
            "Nobody can sign in yet. Make an access token: faultmaven token create NAME",
        ]


def test_a_server_that_no_machine_can_name_says_so(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", CERTIFICATE)
    with start(host="0.0.0.0", **OWN) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        assert "server.without_name" in server.logged()
        assert "FAULTMAVEN_ALLOWED_HOSTS" in server.logged()


@contextmanager
def tls_proxy(to: int) -> Iterator[int]:
    """Ends TLS and passes on what was in it to a port of this machine."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, TLS / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, context, to), daemon=True).start()
        yield listening.getsockname()[1]


def _serve(listening: socket.socket, context: ssl.SSLContext, to: int) -> None:
    with suppress(OSError):  # the test is over
        while True:
            plain, _ = listening.accept()
            threading.Thread(target=_pass_on, args=(plain, context, to), daemon=True).start()


def _pass_on(plain: socket.socket, context: ssl.SSLContext, to: int) -> None:
    with (
        suppress(OSError),
        context.wrap_socket(plain, server_side=True) as outside,
        socket.create_connection(("127.0.0.1", to)) as inside,
    ):
        back = threading.Thread(target=_pump, args=(inside, outside), daemon=True)
        back.start()
        _pump(outside, inside)
        back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_a_proxy_may_bring_the_tls(start: Start, trusting: dict[str, str]) -> None:
    """The proxy has a name and a port of its own; the proof is about the server behind it."""
    port = free_port()
    with tls_proxy(port) as proxied:
        name = f"localhost:{proxied}"
        with start("--behind-tls-proxy", "--host", "0.0.0.0", port=port, auth="token", allowed_hosts=name) as server:
            bearer = token_for(server, "alice")
            assert status(f"https://{name}", bearer) == 200
            assert status(f"https://{name}", bearer, Origin=f"https://{name}") == 200
            assert status(f"https://{name}", bearer, Origin=f"http://{name}") == 403
            environment = server.settings | trusting | {"FAULTMAVEN_TOKEN": bearer}
            done = faultmaven("ask", "--server", f"https://{name}", "why?", settings=environment)
            assert (done.returncode, done.stderr) == (0, "")


def refused(folder: Path, *arguments: str, **settings: str) -> str:
    """What a server says that does not start."""
    environment = os.environ | {f"FAULTMAVEN_{name.upper()}": value for name, value in settings.items()}
    ended = subprocess.run(
        [COMMAND, "serve", "--data-dir", folder / "data", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (3, ""), ended.stderr
    assert ended.stderr.startswith("faultmaven: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"auth": "token"},
        {"behind_tls_proxy": "on"},
        {name: value for name, value in OWN.items() if name != "auth"},
    ],
    ids=["alone", "with users only", "behind a proxy only", "with a certificate only"],
)
@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "maven.example"])
def test_without_users_and_tls_no_other_interface_is_taken(settings: Json, host: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(host=host, **settings)
    (said,) = wrong_settings(refusal.value)
    for needed in ("FAULTMAVEN_HOST", "FAULTMAVEN_AUTH=token", "FAULTMAVEN_TLS_CERTIFICATE", "BEHIND_TLS_PROXY=on"):
        assert needed in said


@pytest.mark.parametrize("settings", [OWN, {"auth": "token", "behind_tls_proxy": "on"}], ids=["own", "proxy"])
@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "maven.example"])
def test_with_both_any_interface_is_taken(settings: Json, host: str) -> None:
    assert Settings(host=host, **settings).host == host


def test_no_other_interface_is_taken_by_the_installed_command(tmp_path: Path) -> None:
    said = refused(tmp_path, "--host", "0.0.0.0", auth="token")
    assert "FAULTMAVEN_HOST=0.0.0.0" in said
    assert list(tmp_path.iterdir()) == []


def test_letting_everyone_in_does_not_go_with_users(tmp_path: Path) -> None:
    for said in (refused(tmp_path, auth="token", local_auth="off"), refused(tmp_path, "--no-auth", auth="token")):
        assert "FAULTMAVEN_LOCAL_AUTH=off" in said
        assert "FAULTMAVEN_AUTH=token" in said


@pytest.mark.parametrize("given", ["tls_certificate", "tls_key"])
def test_certificate_and_key_belong_together(tmp_path: Path, given: str) -> None:
    said = refused(tmp_path, **{given: OWN[given]})
    assert "FAULTMAVEN_TLS_CERTIFICATE and FAULTMAVEN_TLS_KEY belong together" in said


@pytest.mark.parametrize("key", ["other-key.pem", "locked-key.pem", "certificate.pem"])
def test_a_key_that_is_not_the_certificates_own(tmp_path: Path, key: str) -> None:
    said = refused(tmp_path, tls_certificate=CERTIFICATE, tls_key=str(TLS / key))
    assert CERTIFICATE in said
    assert key in said
    assert "FAULTMAVEN_TLS_KEY" in said


@pytest.mark.parametrize("setting", ["tls_certificate", "tls_key"])
def test_a_certificate_that_is_not_there(tmp_path: Path, setting: str) -> None:
    missing = str(tmp_path / "missing.pem")
    said = refused(tmp_path, **(OWN | {setting: missing}))
    assert f"FAULTMAVEN_{setting.upper()}: {missing} cannot be read" in said


def test_a_foreign_host_is_still_refused_over_tls(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", CERTIFICATE)
    with start(**OWN) as server:
        answer = httpx.get(server.url + SESSIONS, headers={"Host": "evil.example"})
        assert code_of(answer, 403) == "foreign_host"
