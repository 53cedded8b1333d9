"""`faultmaven open`: the panel of the running server, signed in, in a browser.

A link given to a browser stands in its arguments, where every user of the machine can read it. So the browser is given
the path of a file that only this user can read, and that file leads on to the link with the token.
"""

from __future__ import annotations

import argparse
import html
import os
import webbrowser
from pathlib import Path

from faultmaven.cli.address import address_of
from faultmaven.cli.connection import prove, token_for
from faultmaven.cli.failures import ANSWERED, UNREADABLE, Failure
from faultmaven.cli.place import address_in, settings_of
from faultmaven.cli.terminal import write

_PAGE = """\
<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}">
<title>FaultMaven</title>
<p><a href="{link}">Open FaultMaven</a></p>
"""


def run(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    token = token_for(options.token_file, os.environ.get("FAULTMAVEN_TOKEN"), settings)
    proven = prove(address_of(address_in(settings)), token, trusting=settings.local_auth == "off")
    plain = f"{proven.address.url}/"
    path = settings.data_dir / "open.html"
    path.unlink(missing_ok=True)
    if proven.token is None:
        opened = _opened(plain)
    else:
        opened = _opened(_redirect(path, f"{plain}#token={proven.token}").as_uri())
    if opened:
        write([f"Opened {plain} in the browser."])
    else:
        path.unlink(missing_ok=True)
        _tell(plain, proven.token)
    return ANSWERED


def _redirect(path: Path, link: str) -> Path:
    """A page that only this user can read. It stays until the next run: browsers take their time to start."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Failure(UNREADABLE, f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_PAGE.format(link=html.escape(link)))
    return path


def _opened(url: str) -> bool:
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False


def _tell(plain: str, token: str | None) -> None:
    lines = [f"No browser was found. The panel is at {plain}"]
    write(lines if token is None else [*lines, f"Signed in: {plain}#token={token}"])
