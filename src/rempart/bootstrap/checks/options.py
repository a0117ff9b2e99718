"""Options that are right by themselves and wrong where they stand: dangers, plain HTTP, a public URL without TLS."""

from __future__ import annotations

from ipaddress import ip_address

from .findings import Check, Fault, Ground, Ok, Outcome, found


def dangers(ground: Ground) -> Outcome:
    """No option that weakens protection is set in production; nobody listens in clear on a network."""
    settings = ground.settings
    faults: list[Fault] = []
    set_ones = settings.dangers()
    if settings.production:
        faults += [
            Fault("danger-in-production", f"{key} is set with production = true", f"remove {key}") for key in set_ones
        ]
        if not settings.hub.audience.startswith("https://"):
            faults.append(
                Fault(
                    "audience-not-https",
                    "hub.audience is not an https URL: tokens would travel in clear",
                    "set hub.audience to the public https URL that the TLS proxy serves",
                )
            )
    if not _loopback(settings.hub.host) and not settings.hub.unsafe_plain_http:
        faults.append(
            Fault(
                "plain-http-listener",
                "hub.host is not a loopback address and the hub speaks plain HTTP",
                'set hub.host = "127.0.0.1" and put the proxy that ends TLS on the same host',
            )
        )
    return found(faults, f"set, outside production: {', '.join(set_ones)}" if set_ones else "")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


DANGERS = Check(
    "dangers",
    "No option that weakens protection is set in production, and nobody listens in clear on a network.",
    ("danger-in-production", "audience-not-https", "plain-http-listener"),
    dangers,
)

CONFIGURATION = Check(
    "configuration",
    "The file is valid TOML, every key is known and its value possible; all faults are told together.",
    (
        "configuration-absent",
        "configuration-unreadable",
        "configuration-not-toml",
        "wrong-type",
        "unknown-key",
        "missing-key",
        "password-in-url",
        "url-missing",
        "danger-in-production",
    ),
    lambda _: Ok(),
)
"""It ran before there was a `Ground`: `bootstrap.doctor` reads the file."""
