"""The page at `/`: what this is, and how to ask. It holds no secret and needs no bearer."""

from __future__ import annotations

import base64
import hashlib

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

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
<h1>FaultMaven shows what broke, and the exact lines that say so</h1>
<p>This server is running. It answers on the command line and over HTTP; every claim of an answer points at lines of
what you showed it.</p>
<p>Ask about a log, without storing anything:</p>
<pre><code>kubectl logs deploy/api | faultmaven ask -f - "Why does it fail?"
faultmaven ask -f app.log -f db.log "What happened at 14:30?"
faultmaven ask "What does ECONNREFUSED mean?"</code></pre>
<p>Ask this server, which keeps the case:</p>
<pre><code>faultmaven ask --server http://{address} -f app.log "Why does it fail?"</code></pre>
<p>See what is set up and what is missing:</p>
<pre><code>faultmaven doctor</code></pre>
<p>The HTTP interface is described in <code>contract/openapi.json</code>, and by this server to those who are signed in
at <code>/api/v1/openapi.json</code>.</p>
"""


def routes(bound: str) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    html = _html(bound)
    headers = {
        "Content-Security-Policy": _policy(),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }

    @router.api_route("/", methods=["GET", "HEAD"])
    async def page() -> HTMLResponse:
        return HTMLResponse(html, headers=headers)

    return router


def _html(bound: str) -> str:
    head = (
        '<meta charset="utf-8"><title>FaultMaven</title><meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style>'
    )
    body = f"{_BODY.replace('{address}', bound)}<script>{_SCRIPT}</script>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _policy() -> str:
    return (
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
