"""The address of a server as a person types it, and whether it may be spoken to at all."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from faultmaven.cli.failures import USAGE, Failure

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """`host:port` as it is dialled, and as the server must name it in its proof."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def is_local(self) -> bool:
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def may_mean_another(self) -> bool:
        """`localhost` and `[::1]` are dialled out of habit where the server is bound to 127.0.0.1."""
        return self.host in ("localhost", "::1")


def address_of(typed: str) -> Address:
    """Raises Failure for what is no address, and for one that would carry token and evidence unencrypted."""
    refused = Failure(USAGE, f"{typed} is not the address of a server, such as http://127.0.0.1:8000.")
    try:
        parts = urlsplit(typed if "://" in typed else f"http://{typed}")
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise refused from None
    if not (parts.hostname and port) or _says_more(parts):
        raise refused
    address = Address(parts.scheme, parts.hostname, port)
    if address.scheme == "http" and not address.is_local:
        raise Failure(USAGE, f"{address.url} is another machine; only https:// keeps token and evidence private there.")
    return address


def _says_more(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
