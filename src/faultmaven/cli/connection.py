"""Speaks to a running server, once it has proven that it is one.

    who is there? ─▶ capabilities + proof for the very address that was dialled ─▶ token and evidence may go

Until then nothing is sent but a random challenge, and in token mode the id of the token, which is no secret; so another
program on the port learns nothing. Over https the certificate says who answers, and the proof that the token is known
there; the address in it is the server's own, which a proxy may stand in front of.
"""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from faultmaven.cli.address import Address, address_of
from faultmaven.cli.failures import NO_SERVER, UNREADABLE, Failure
from faultmaven.cli.tls import of_client
from faultmaven.identity.tokens import UnusableToken, bearer_in, proof, proof_key, read_token, same
from faultmaven.settings import Settings

CONNECT_SECONDS = 5.0
# A stream says something every 15 seconds.
SILENCE_SECONDS = 60.0
_MOST_SAID = 1 << 16


@dataclass(frozen=True, slots=True)
class Proven:
    """A server that proved itself, or one that asks for no token and was accepted as such."""

    address: Address
    token: str | None
    version: str


class Stranger(Failure):
    """Something answers there, but not as a server of ours that knows this token."""

    def __init__(self, address: Address, doubt: str = "the token is not its own") -> None:
        super().__init__(
            NO_SERVER, f"Something else is listening on {address.authority}, or {doubt}; nothing was sent to it."
        )


class NobodyThere(Failure):
    def __init__(self, address: Address) -> None:
        super().__init__(
            NO_SERVER,
            f"No server answers on {address.url}. Start one with `faultmaven serve`, or ask without --server.",
        )


class WantsToken(Failure):
    """Something answers there as a server would that asks for a token, and there is none to check it with."""

    def __init__(self, address: Address, several: bool) -> None:
        super().__init__(
            NO_SERVER,
            f"The server on {address.authority} has several users; set FAULTMAVEN_TOKEN to the access token that was "
            "made for you, or name a file that holds it with --token-file."
            if several
            else f"The server on {address.authority} asks for its access token; name it with --token-file, "
            "or set FAULTMAVEN_TOKEN or FAULTMAVEN_DATA_DIR.",
        )


class Unbelieved(Failure):
    """Something answers there, but not with a certificate that is to be believed."""

    def __init__(self, address: Address, why: BaseException) -> None:
        said = getattr(why, "verify_message", "") or getattr(why, "reason", "") or "no TLS"
        super().__init__(
            NO_SERVER,
            f"What listens on {address.authority} could not show whose it is ({said}); nothing was sent to it. "
            "For a certificate of your own authority, set SSL_CERT_FILE to that authority's certificate.",
        )


def prove(address: Address, token: str | None, trusting: bool = False) -> Proven:
    """Raises Stranger, NobodyThere or Failure. `trusting` takes a server without tokens, which cannot prove itself."""
    challenge = secrets.token_urlsafe(32)
    bearer = bearer_in(token or "")
    told = _capabilities(address, {"challenge": challenge} | ({"token_id": bearer.token_id} if bearer else {}))
    if (bound := _elsewhere(address, told)) is not None:
        # Asked again where it says it is: a proof for one address says nothing about who answers at another.
        return prove(bound, token, trusting)
    if told["auth"] == "none":
        return _without_token(address, told, trusting)
    if token is None or (told.get("mode") == "token" and bearer is None):
        raise WantsToken(address, several=told.get("mode") == "token")
    named = str(told.get("bound")) if address.scheme == "https" else address.authority
    if not same(str(told.get("proof", "")), proof(proof_key(token), named, challenge)):
        raise Stranger(address, "the token is unknown there or was revoked") if bearer else Stranger(address)
    return Proven(address, token, str(told.get("version", "unknown")))


def token_for(file: Path | None, set_token: str | None, settings: Settings) -> str | None:
    """From the file named, else the environment, else in local mode the data folder; None if none of them has one."""
    if file is None and set_token:
        return _usable(set_token.strip())
    if file is None and settings.auth == "token":
        return None
    path = file or settings.token_file
    try:
        return read_token(path)
    except FileNotFoundError:
        if file is None:
            return None
        raise Failure(UNREADABLE, f"{path}: there is no such file.") from None
    except UnusableToken as error:
        raise Failure(UNREADABLE, f"{path} holds no access token." if file else f"{error}.") from None
    except OSError as error:
        raise Failure(UNREADABLE, f"The access token in {path} cannot be read: {error.strerror}.") from None


@contextmanager
def connected(proven: Proven) -> Iterator[httpx.Client]:
    """Raises Failure with one sentence, whatever goes wrong between here and there."""
    headers = {"Authorization": f"Bearer {proven.token}"} if proven.token else {}
    with _client(proven.address, headers) as client:
        try:
            yield client
        except httpx.TransportError as error:
            raise Failure(
                NO_SERVER, f"The connection to {proven.address.url} broke: {error}".rstrip(".") + "."
            ) from None


def accepted(response: httpx.Response) -> httpx.Response:
    """The response, if it is none of a refusal. Raises Failure with what the server said and its correlation id."""
    if response.is_success:
        return response
    response.read()
    told = _object(response.content)
    said = f"{told.get('title', 'The server refused')}: {told.get('detail', f'HTTP {response.status_code}')}".rstrip(
        "."
    )
    correlation = told.get("correlation_id") or response.headers.get("X-Correlation-ID")
    raise Failure(NO_SERVER, said + (f" (correlation id {correlation})." if correlation else "."))


def _without_token(address: Address, told: dict[str, Any], trusting: bool) -> Proven:
    if not trusting:
        raise Failure(
            NO_SERVER,
            f"What listens on {address.authority} asks for no access token and so cannot prove what it is; "
            "nothing was sent to it. Set FAULTMAVEN_LOCAL_AUTH=off here too if you trust it.",
        )
    return Proven(address, None, str(told.get("version", "unknown")))


def _elsewhere(address: Address, told: dict[str, Any]) -> Address | None:
    """Where the server is really bound, if the address dialled is only another name for this machine."""
    if address.scheme == "https" or not address.may_mean_another or told.get("bound") == address.authority:
        return None
    try:
        bound = address_of(str(told.get("bound")))
    except Failure:
        raise Stranger(address) from None
    if not bound.is_local or bound.host == "localhost" or bound.port != address.port:
        raise Stranger(address)
    return bound


def _capabilities(address: Address, asked: dict[str, str]) -> dict[str, Any]:
    try:
        with (
            _client(address, {}) as client,
            client.stream("GET", "/api/v1/capabilities", params=asked, timeout=CONNECT_SECONDS) as response,
        ):
            told = _object(_beginning(response)) if response.status_code == 200 else {}
    except httpx.ConnectError as error:
        if isinstance(_root(error), ssl.SSLError):
            raise Unbelieved(address, _root(error)) from None
        raise NobodyThere(address) from None
    except httpx.TransportError:
        raise Stranger(address) from None
    if told.get("auth") not in ("bearer", "none"):
        raise Stranger(address)
    return told


def _beginning(response: httpx.Response) -> bytes:
    """A stranger may talk without end."""
    said = b""
    for part in response.iter_bytes():
        said += part
        if len(said) > _MOST_SAID:
            return b""
    return said


def _object(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _root(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _usable(token: str) -> str:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Failure(UNREADABLE, "FAULTMAVEN_TOKEN holds no access token.")
    return token


def _client(address: Address, headers: dict[str, str]) -> httpx.Client:
    # Not through a proxy of the environment: the proof is about the address that is dialled.
    return httpx.Client(
        base_url=address.url,
        headers=headers,
        trust_env=False,
        verify=of_client() if address.scheme == "https" else False,
        timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
    )
