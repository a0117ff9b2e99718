"""What the conformance kit asks of sealing: keys fetched, every identity sealed, and sealed anew for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rempart.client.recording import Exchange
from rempart.sealing.identity_jwe import parse
from rempart.wire.sealed import IDENTITY

Exchanges = tuple[Exchange, ...]
Wrong = list[str] | None
QUESTION, INVOICES, AUTHORIZATIONS = "/v1/eligibility", "/v1/invoices", "/v1/authorizations"
KEEPER_KEYS, JWE = "/v1/keeper-keys", "identity_jwe"
PRESENTING = frozenset({QUESTION, INVOICES, AUTHORIZATIONS, "/v1/estimates"})


def keys_fetched(exchanges: Exchanges) -> Wrong:
    """Before anything is sealed."""
    sealed = [each for each in exchanges if any(True for _ in values_of(each.told, JWE))]
    got = [each.at for each in exchanges if each.asks("GET", KEEPER_KEYS) and each.status == 200]
    if not sealed:
        return None
    return [] if got and min(got) <= sealed[0].at else [place_of(sealed[0])]


def identity_sealed(exchanges: Exchanges) -> Wrong:
    """Whoever is presented in JSON is sealed, as the format says."""
    asked = [each for each in exchanges if each.method == "POST" and each.path in PRESENTING]
    return judged_each(asked, _is_sealed)


def _is_sealed(each: Exchange) -> bool:
    clear = any(True for name in IDENTITY for _ in values_of(each.told, name))
    jwes = list(values_of(each.told, JWE))
    return not clear and bool(jwes) and all(isinstance(jwe, str) and parse(jwe) is not None for jwe in jwes)


def sealed_once(exchanges: Exchanges) -> Wrong:
    """One JWE a request: the same again only when the same bytes are sent again."""
    bodies: dict[str, set[bytes]] = {}
    where: dict[str, Exchange] = {}
    for each in exchanges:
        for jwe in values_of(each.told, JWE):
            bodies.setdefault(str(jwe), set()).add(each.body)
            where[str(jwe)] = each
    return [place_of(where[jwe]) for jwe, found in bodies.items() if len(found) > 1] if bodies else None


def judged_each(exchanges: list[Exchange], good: Callable[[Exchange], bool]) -> Wrong:
    """Where it was not good; None when there was nothing to judge."""
    return [place_of(each) for each in exchanges if not good(each)] if exchanges else None


def place_of(each: Exchange) -> str:
    """Where in the recording: never a query, never a body."""
    return f"{each.method} {each.path} -> {each.status}"


def values_of(told: Any, name: str) -> Iterable[Any]:
    """Every value of that name, at any depth."""
    if isinstance(told, dict):
        for key, value in told.items():
            if key == name:
                yield value
            yield from values_of(value, name)
    elif isinstance(told, list):
        for one in told:
            yield from values_of(one, name)
