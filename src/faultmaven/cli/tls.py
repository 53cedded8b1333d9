"""TLS, at both ends: a server with its own certificate, and whom the command line believes."""

from __future__ import annotations

import ssl

from faultmaven.cli.failures import UNREADABLE, Failure
from faultmaven.settings import Settings


def of_server(settings: Settings) -> ssl.SSLContext | None:
    """With the certificate and key of the settings; None if there are none. Raises Failure."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    for name in ("tls_certificate", "tls_key"):
        path = getattr(settings, name)
        try:
            path.read_bytes()
        except OSError as error:
            raise Failure(UNREADABLE, f"FAULTMAVEN_{name.upper()}: {path} cannot be read: {error.strerror}.") from error
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # An empty passphrase: it would be asked for otherwise, on a terminal that may not be there.
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise Failure(
            UNREADABLE,
            f"FAULTMAVEN_TLS_CERTIFICATE {settings.tls_certificate} and FAULTMAVEN_TLS_KEY {settings.tls_key} are not "
            "a certificate and its own key, both in PEM, the key without a passphrase.",
        ) from error
    return context


def of_client() -> ssl.SSLContext:
    """Believes the authorities of the system, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, as OpenSSL does."""
    return ssl.create_default_context()
