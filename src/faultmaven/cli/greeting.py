"""What `faultmaven serve` says once it is up: where it is found, and what is missing."""

from __future__ import annotations

import structlog

from faultmaven.cli.place import here
from faultmaven.identity.guards import EVERY_ADDRESS
from faultmaven.settings import LOOPBACK, Settings

log = structlog.get_logger()


def greet(settings: Settings, bound: str, token: str | None, nobody_can_sign_in: bool) -> None:
    """`token` is that of local mode; it stands behind `#`, which browsers do not send."""
    _warn(settings)
    said = [f"FaultMaven: {_link(settings, bound)}" + (f"#token={token}" if token else "")]
    if settings.secure:
        said += [f"From other machines: https://{name.removesuffix(':443')}/" for name in settings.allowed_hosts]
    if nobody_can_sign_in:
        said.append("Nobody can sign in yet. Make an access token: faultmaven token create NAME")
    print(*said, sep="\n", flush=True)


def _warn(settings: Settings) -> None:
    if settings.local_auth == "off":
        log.warning(
            "server.without_authentication",
            advice="every program of this machine can read and change all; drop --no-auth and FAULTMAVEN_LOCAL_AUTH",
        )
    if settings.host not in LOOPBACK and not settings.allowed_hosts:
        log.warning(
            "server.without_name",
            advice="set FAULTMAVEN_ALLOWED_HOSTS to the name:port that other machines dial; others are refused",
        )


def _link(settings: Settings, bound: str) -> str:
    """For a browser of this machine."""
    scheme = "https" if settings.tls_certificate else "http"
    address = f"{here(settings.host)}:{bound.rpartition(':')[2]}" if bound.startswith(EVERY_ADDRESS) else bound
    return f"{scheme}://{address}/"
