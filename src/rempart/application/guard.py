"""The door's first look: may this caller ask this at all? It reads a snapshot and may be stale.

It refuses early; only `settle` lets pass, and reads everything again. The order of `CHECKS` is the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rempart.domain.authorities import FILES
from rempart.domain.compartments import CLOSED, REFUSAL, REFUSAL_RESTRICTED, SIGNED_CARD, Closure, Within, around
from rempart.domain.compartments import strongest as strongest_of
from rempart.domain.eligibility import STRONG
from rempart.domain.guarantee import Membership
from rempart.domain.waves import Plan

ELIGIBILITY = "eligibility"
INVOICE = "invoice"
AUTHORIZATION = "authorization"
DECIDE = "decide"
ESTIMATE = "estimate"


class Caller(NamedTuple):
    """Who asks, as its token says. `token` is the SHA-256 of the opaque token, `grant_id` 16 bytes.

    Of a person alone: `role`, `probation`, until when the person's own budget is halved, and `watched`, until when the
    account itself is on probation, after a recovery or a first passkey; `session` is its name, 8 bytes. `insurer`, 10
    digits, of an insurer's person; a desk has no `site`, and its operator is `vendor` after `portal:`. Of a program:
    `agent`, the log's name of who sits at it, "" when it does not say.
    """

    token: bytes | None
    client: str
    kind: str
    site: str
    vendor: str
    grant: bytes
    grant_id: bytes
    expires: int
    role: str = ""
    probation: int = 0
    insurer: str = ""
    agent: str = ""
    watched: int = 0
    session: bytes = b""

    @property
    def scope(self) -> str:
        """Within which an Idempotency-Key is one: a vendor that speaks for two sites may number both alike."""
        return f"{self.client}/{self.site}"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What is known of a site; budgets come with its profession, `networks` of care from files of its operator."""

    site: str
    profession: str
    operator: str
    zone: str
    standing: str
    region: str = ""
    networks: tuple[Membership, ...] = ()


@dataclass(slots=True)
class Snapshot:
    """Standings and compartments as last read; replaced whole, never edited in place."""

    sites: Mapping[str, SiteFacts] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)
    closures: Mapping[str, Closure] = field(default_factory=dict)  # the compartments that are not open, by name
    waves: Mapping[str, Plan] = field(default_factory=dict)  # by operator, those that were planned
    sites_of: Mapping[str, int] = field(default_factory=dict)  # how many sites an operator has


class Wish(NamedTuple):
    """What the caller wants: channel, purpose, about which insurer, with what evidence, at what instant.

    `insurer` is "" at a first look, before the body is read; `operator` is who handles the card.
    """

    channel: str
    purpose: str
    insurer: str
    evidence: str
    instant: int
    operator: str = ""


PURPOSES: Mapping[str, frozenset[str]] = {
    "site": frozenset({ELIGIBILITY, INVOICE, AUTHORIZATION, ESTIMATE}),
    "vendor": frozenset({ELIGIBILITY, INVOICE, AUTHORIZATION, ESTIMATE}),
    "concentrator": frozenset({INVOICE}),
    "insurer": frozenset({DECIDE}),
    "account": frozenset({ELIGIBILITY, INVOICE, AUTHORIZATION, ESTIMATE}),
}
"""What each kind of client may do. A concentrator carries invoices; it has no counter and asks nothing. An
insurer decides what waits for its case workers, and asks nothing either."""

LOOKING = frozenset({ELIGIBILITY, ESTIMATE, AUTHORIZATION})
"""Purposes that tell something of a person at once."""

PORTAL = "portal"


def channel_of(caller: Caller, channel: str) -> str:
    """A person comes in by a portal, whatever the portal calls: so portals can be closed while programs go on."""
    return PORTAL if caller.kind == "account" else channel


EVIDENCES = frozenset({"typed", "machine", "known", *STRONG})


def compartment_open(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """Every compartment that holds the question is open; a restricted one lets pass what a signed card shows."""
    if not snapshot.closures:  # the ordinary day
        return ""
    found = closure(snapshot, caller, wish)
    if found is None:
        return ""
    if found.state == CLOSED:
        return REFUSAL
    # Who is asked about, and by what, is known once the insurer is; taking in and deciding what waits look nobody up.
    looked_up = wish.insurer and wish.purpose in LOOKING and wish.evidence != SIGNED_CARD
    return REFUSAL_RESTRICTED if looked_up else ""


def closure(snapshot: Snapshot, caller: Caller, wish: Wish) -> Closure | None:
    """What is not open around this question, the strongest of several."""
    site = snapshot.sites.get(caller.site)
    portal = caller.vendor.removeprefix("portal:") if caller.kind == "account" else ""
    operators = (wish.operator,) if site is None else (site.operator, wish.operator)
    within = Within(
        channel_of(caller, wish.channel), portal, operators, wish.insurer, "" if site is None else site.profession,
        "" if site is None else site.region, wish.purpose,
    )  # fmt: skip
    return strongest_of(snapshot.closures, around(within))


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
    """This kind of client may do this; a token that a gateway for files got, send them and nothing else."""
    if caller.role == FILES and wish.purpose != INVOICE:
        return "purpose"
    return "" if wish.purpose in PURPOSES.get(caller.kind, frozenset()) else "purpose"


def evidence_allowed(snapshot: Snapshot, caller: Caller, wish: Wish) -> str:
    """The evidence is one that a caller can hold; that a card is genuine, the keeper says."""
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
