"""The panel as a page at `/`, with its files under `/assets/`. It holds no secret and needs no bearer.

`make extension` builds it into `static/`, and the wheel carries it. Without the build the page says what to run.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from faultmaven.errors import NotFound

STATIC = Path(__file__).parent / "static"

COMMON = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Everything from here and nothing from elsewhere, whatever a piece of evidence or a model's text may hold.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The name of such a file holds a hash of its content.
FOR_EVER = "public, max-age=31536000, immutable"

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
pre { padding: .75rem; overflow-x: auto; border: 1px solid #8886; border-radius: 4px; }
code { font: .875rem/1.5 ui-monospace, monospace; }
"""

# The printed link brings the access token behind '#'. It is taken out of address bar and history at once.
_SCRIPT = "if (location.hash) history.replaceState(null, '', location.pathname);"

_BODY = """
<h1>The panel is not built: run <code>make extension</code></h1>
<p>This server is running, and answers on the command line and over HTTP. Its page is made by
<code>make extension</code>; start the server again afterwards.</p>
<p>Ask this server without a browser:</p>
<pre><code>faultmaven ask --server http://{address} -f app.log "Why does it fail?"</code></pre>
"""


def routes(bound: str, static: Path = STATIC) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    html, policy = _page(bound, static)
    assets = _assets(static / "assets")
    page_headers = COMMON | {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    asset_headers = COMMON | {"Content-Security-Policy": "default-src 'none'", "Cache-Control": FOR_EVER}

    @router.api_route("/", methods=["GET", "HEAD"])
    async def page() -> HTMLResponse:
        return HTMLResponse(html, headers=page_headers)

    @router.api_route("/assets/{name}", methods=["GET", "HEAD"])
    async def asset(name: str) -> Response:
        if name not in assets:
            raise NotFound("There is nothing at this path.")
        content, media_type = assets[name]
        return Response(content, media_type=media_type, headers=asset_headers)

    return router


def _page(bound: str, static: Path) -> tuple[str, str]:
    """What `/` answers, and the policy it needs."""
    try:
        return (static / "index.html").read_text(encoding="utf-8"), POLICY
    except FileNotFoundError:
        return _unbuilt(bound), _unbuilt_policy()


def _assets(folder: Path) -> dict[str, tuple[bytes, str]]:
    """A few hundred kilobytes, read once; only these names are ever served."""
    if not folder.is_dir():
        return {}
    return {file.name: (file.read_bytes(), _media_type(file)) for file in sorted(folder.iterdir()) if file.is_file()}


def _media_type(file: Path) -> str:
    # Browsers run a module only under this very type, which not every system's table knows.
    if file.suffix == ".js":
        return "text/javascript"
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _unbuilt(bound: str) -> str:
    head = (
        '<meta charset="utf-8"><title>FaultMaven</title><meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style>'
    )
    body = f"{_BODY.replace('{address}', bound)}<script>{_SCRIPT}</script>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _unbuilt_policy() -> str:
    return (
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
