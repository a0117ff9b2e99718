"""The door's first look: may this caller ask this at all? It reads a snapshot and may be stale.

It refuses early; only `settle` lets pass, and reads everything again. The order of `CHECKS` is the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ELIGIBILITY = "eligibility"
INVOICE = "invoice"
AUTHORIZATION = "authorization"
DECIDE = "decide"
ESTIMATE = "estimate"


class Caller(NamedTuple):
    """Who asks, as its token says. `token` is the SHA-256 of the opaque token, `grant_id` 16 bytes."""

    token: bytes | None
    client: str
    kind: str
    site: str
    vendor: str
    grant: bytes
    grant_id: bytes
    expires: int

    @property
    def scope(self) -> str:
        """Within which an Idempotency-Key is one: a vendor that speaks for two sites may number both alike."""
        return f"{self.client}/{self.site}"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the door knows of a site; budgets come with its profession."""

    site: str
    profession: str
    operator: str
    zone: str
    standing: str


@dataclass(slots=True)
class Snapshot:
    """Standings and compartments as last read; replaced whole, never edited in place."""

    sites: Mapping[str, SiteFacts] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()


class Wish(NamedTuple):
    """What the caller wants: channel, purpose, about which insurer, with what evidence, at what instant."""

    channel: str
    purpose: str
    insurer: str
    evidence: str
    instant: int


PURPOSES: Mapping[str, frozenset[str]] = {
    "site": frozenset({ELIGIBILITY, INVOICE, AUTHORIZATION, ESTIMATE}),
    "vendor": frozenset({ELIGIBILITY, INVOICE, AUTHORIZATION, ESTIMATE}),
    "concentrator": frozenset({INVOICE}),
    "insurer": frozenset({DECIDE}),
    "account": frozenset({ELIGIBILITY, INVOICE, AUTHORIZATION, ESTIMATE}),
}
"""What each kind of client may do. A concentrator carries invoices; it has no counter and asks nothing. An
insurer decides what waits for its case workers, and asks nothing either."""

PORTAL = "portal"


def channel_of(caller: Caller, channel: str) -> str:
    """A person comes in by a portal, whatever the portal calls: so portals can be closed while programs go on."""
    return PORTAL if caller.kind == "account" else channel


EVIDENCES = frozenset({"typed", "machine", "known"})


def compartment_open(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """Hub, channel, operator, insurer and profession are open."""
    if not snapshot.closed:  # the ordinary day
        return ""
    site = snapshot.sites.get(caller.site)
    scopes = {"hub", f"channel:{channel_of(caller, wish.channel)}", f"insurer:{wish.insurer}"}
    if site is not None:
        scopes |= {f"operator:{site.operator}", f"profession:{site.profession}"}
    return "compartment" if snapshot.closed & scopes else ""


def client_in_good_standing(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """The client is registered and neither suspended nor closed."""
    return "" if snapshot.clients.get(caller.client) == "good" else "client-standing"


def site_in_good_standing(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """The site is registered and neither suspended nor closed."""
    site = snapshot.sites.get(caller.site)
    return "" if site is not None and site.standing == "good" else "site-standing"


def sign_in_fresh(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """The token has not expired at the instant of the question."""
    return "" if caller.expires > wish.instant else "token"


def purpose_allowed(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """This kind of client may do this."""
    return "" if wish.purpose in PURPOSES.get(caller.kind, frozenset()) else "purpose"


def evidence_allowed(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """The evidence is one that a machine client can hold."""
    return "" if wish.evidence in EVIDENCES else "evidence"


CHECKS: tuple[Callable[[Snapshot, Caller, Wish], str], ...] = (
    compartment_open,
    client_in_good_standing,
    site_in_good_standing,
    sign_in_fresh,
    purpose_allowed,
    evidence_allowed,
)


def admit(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """The code of the first check that refuses, or "" when the caller may go on to the work."""
    for check in CHECKS:
        refusal = check(snapshot, caller, wish)
        if refusal:
            return refusal
    return ""
