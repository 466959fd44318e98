"""TLS for the listener; certificates can be replaced while it runs."""

import ssl
from pathlib import Path

from ttsink.config import ConfigError
from ttsink.settings import ServerSettings


def context(settings: ServerSettings) -> ssl.SSLContext | None:
    """None where no certificate is configured.

    Raises:
        ConfigError: one file without the other, or files that do not hold a matching pair.
    """
    if not settings.tls_certificate and not settings.tls_key:
        return None
    if not settings.tls_certificate or not settings.tls_key:
        raise ConfigError("tls_certificate and tls_key go together; only one of them is set")
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    load(made, settings)
    return made


def load(into: ssl.SSLContext, settings: ServerSettings) -> None:
    """Reads certificate and key again: connections made from now on get the new ones.

    Raises:
        ConfigError: see `context`; what was loaded before stays in force.
    """
    for name in (settings.tls_certificate, settings.tls_key):
        if not Path(name).is_file():
            raise ConfigError(f"{name}: no such file; expected PEM")
    try:
        # Tried apart first: a failed load into the live context could leave half a pair in it.
        trial = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trial.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(
            f"{settings.tls_certificate}, {settings.tls_key}: not a certificate and its key in "
            f"PEM: {getattr(error, 'reason', None) or error.strerror}"
        ) from None
    into.load_cert_chain(settings.tls_certificate, settings.tls_key)
