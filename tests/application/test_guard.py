"""The door's first look: each check refuses its own case, and the first that refuses is the one told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rempart.application.guard import (
    AUTHORIZATION,
    CHECKS,
    DECIDE,
    ELIGIBILITY,
    ESTIMATE,
    INVOICE,
    Caller,
    SiteFacts,
    Snapshot,
    Wish,
    admit,
    client_in_good_standing,
    compartment_open,
    evidence_allowed,
    purpose_allowed,
    sign_in_fresh,
    site_in_good_standing,
)
from rempart.domain.compartments import Closure

NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
SITE = SiteFacts("992300010", "pharmacy", "operator-1", "Europe/Paris", "good", "75")
SNAPSHOT = Snapshot({SITE.site: SITE}, {"client-1": "good"})


def calling(**changes: Any) -> Caller:
    """A client in order, but for what is said of it."""
    good: dict[str, Any] = {
        "token": b"t" * 32,
        "client": "client-1",
        "kind": "site",
        "site": SITE.site,
        "vendor": "",
        "grant": b"grant",
        "grant_id": b"g" * 16,
        "expires": NOW + 1,
    }
    return Caller(**(good | changes))


def wishing(**changes: Any) -> Wish:
    """A question of a counter, but for what is said of it."""
    usual: dict[str, Any] = {
        "channel": "api",
        "purpose": ELIGIBILITY,
        "insurer": "0000401166",
        "evidence": "typed",
        "instant": NOW,
    }
    return Wish(**(usual | changes))


CALLER, WISH = calling(), wishing()


def closing(*compartments: str) -> Snapshot:
    return replace(SNAPSHOT, closures={name: Closure(name, "closed", "drill", 1) for name in compartments})


def test_a_caller_in_order_is_admitted() -> None:
    """Each kind of client gets what is its own, with each evidence a machine can hold."""
    assert not admit(SNAPSHOT, CALLER, WISH)
    for kind, purpose in (("vendor", ELIGIBILITY), ("vendor", INVOICE), ("site", INVOICE), ("concentrator", INVOICE)):
        assert not admit(SNAPSHOT, calling(kind=kind), wishing(purpose=purpose))
    for evidence in ("typed", "machine", "known"):
        assert not admit(SNAPSHOT, CALLER, wishing(evidence=evidence))


@pytest.mark.parametrize(
    "compartment",
    ["hub", "channel:api", "operator:operator-1", "insurer:0000401166", "profession:pharmacy", "region:75"],
)
def test_each_closed_compartment_refuses(compartment: str) -> None:
    """Any one of the six that hold the question closes the door."""
    assert admit(closing(compartment), CALLER, WISH) == "compartment"


def test_closed_compartments_of_others_refuse_nobody() -> None:
    """Containment of one channel, operator, insurer or profession leaves the rest at work."""
    others = (
        "channel:files", "channel:portal", "portal:operator-1", "operator:operator-2", "insurer:0000775001",
        "profession:nurse", "region:971", "function:authorizations", "function:bank-details",
    )  # fmt: skip
    assert not admit(closing(*others), CALLER, WISH)


def test_a_portal_closes_for_its_people_and_not_for_its_operators_programs() -> None:
    """Whoever signed in there is refused; programs of the same operator, and another portal's people, are not."""
    snapshot = replace(closing("portal:operator-1"), clients={"client-1": "good"})
    person = calling(kind="account", vendor="portal:operator-1")
    assert admit(snapshot, person, WISH) == "compartment"
    assert not admit(snapshot, calling(kind="account", vendor="portal:operator-2"), WISH)
    assert not admit(snapshot, CALLER, WISH)
    assert not admit(snapshot, calling(kind="vendor", vendor="portal:operator-1"), WISH)
    assert admit(closing("channel:portal"), person, WISH) == "compartment"


def test_a_function_closes_for_its_purpose_alone() -> None:
    """Authorizations are closed; questions, estimates and invoices go on."""
    snapshot = closing("function:authorizations")
    assert admit(snapshot, CALLER, wishing(purpose=AUTHORIZATION)) == "compartment"
    assert not any(admit(snapshot, CALLER, wishing(purpose=purpose)) for purpose in (ELIGIBILITY, ESTIMATE, INVOICE))


def test_the_operator_of_the_card_is_a_compartment_too() -> None:
    """A card that a closed operator handles is not answered at another operator's site."""
    assert not admit(closing("operator:operator-2"), CALLER, WISH)
    assert admit(closing("operator:operator-2"), CALLER, wishing(operator="operator-2")) == "compartment"


@pytest.mark.parametrize("purpose", [ELIGIBILITY, ESTIMATE, AUTHORIZATION])
def test_restricted_looks_nobody_up_but_by_a_signed_card(purpose: str) -> None:
    """Typed, machine-read and known people are refused; a signed card passes."""
    snapshot = replace(SNAPSHOT, closures={"hub": Closure("hub", "restricted", "attack", 1)})
    for evidence in ("typed", "machine", "known"):
        assert admit(snapshot, CALLER, wishing(purpose=purpose, evidence=evidence)) == "compartment-restricted"
    assert not compartment_open(snapshot, CALLER, wishing(purpose=purpose, evidence="card"))


def test_restricted_lets_pass_what_looks_nobody_up() -> None:
    """Invoices are taken in, an insurer decides, and a first look before the body is read refuses nothing."""
    snapshot = replace(SNAPSHOT, closures={"hub": Closure("hub", "restricted", "attack", 1)})
    assert not admit(snapshot, CALLER, wishing(purpose=INVOICE, evidence="machine"))
    assert not compartment_open(snapshot, CALLER, wishing(purpose=DECIDE))
    assert not admit(snapshot, CALLER, wishing(insurer=""))


def test_closed_is_told_before_restricted() -> None:
    """Who is in both is told that it is closed."""
    both = {"hub": Closure("hub", "restricted", "x", 1), "region:75": Closure("region:75", "closed", "x", 1)}
    assert admit(replace(SNAPSHOT, closures=both), CALLER, WISH) == "compartment"


@pytest.mark.parametrize("standing", ["suspended", "closed"])
def test_a_client_or_a_site_that_does_not_stand_is_refused(standing: str) -> None:
    """Suspended, closed or never registered."""
    assert admit(replace(SNAPSHOT, clients={"client-1": standing}), CALLER, WISH) == "client-standing"
    assert admit(replace(SNAPSHOT, clients={}), CALLER, WISH) == "client-standing"
    fallen = replace(SITE, standing=standing)
    assert admit(replace(SNAPSHOT, sites={SITE.site: fallen}), CALLER, WISH) == "site-standing"
    assert admit(replace(SNAPSHOT, sites={}), CALLER, WISH) == "site-standing"


def test_a_token_is_worth_nothing_from_its_last_instant() -> None:
    """At the very instant of its end it has ended."""
    assert admit(SNAPSHOT, calling(expires=NOW), WISH) == "token"
    assert admit(SNAPSHOT, calling(expires=NOW - 1), WISH) == "token"


def test_a_purpose_that_is_not_the_clients_is_refused() -> None:
    """A concentrator carries invoices and asks nothing; a kind nobody declared may do nothing."""
    assert admit(SNAPSHOT, calling(kind="concentrator"), WISH) == "purpose"
    assert admit(SNAPSHOT, calling(kind="member"), WISH) == "purpose"
    assert admit(SNAPSHOT, CALLER, wishing(purpose="search")) == "purpose"


@pytest.mark.parametrize("evidence", ["CODE", "", "TYPED", "CARD"])
def test_an_evidence_that_nobody_can_hold_here_is_refused(evidence: str) -> None:
    """A signed card may be shown by whoever may ask; whether it is genuine is not looked at here."""
    assert admit(SNAPSHOT, CALLER, wishing(evidence=evidence)) == "evidence"
    assert admit(SNAPSHOT, CALLER, wishing(evidence="card")) == ""


def test_the_first_check_that_refuses_is_told() -> None:
    """With everything wrong, mending one thing after the other shows the checks in the order of the policy."""
    snapshot = Snapshot(closures=closing("hub").closures)
    caller, wish = calling(expires=NOW, kind="member"), wishing(evidence="told")
    told = [admit(snapshot, caller, wish)]
    snapshot = replace(snapshot, closures={})
    told.append(admit(snapshot, caller, wish))
    snapshot = replace(snapshot, clients=SNAPSHOT.clients)
    told.append(admit(snapshot, caller, wish))
    snapshot = SNAPSHOT
    told.append(admit(snapshot, caller, wish))
    caller = calling(kind="member")
    told.append(admit(snapshot, caller, wish))
    caller = CALLER
    told.append(admit(snapshot, caller, wish))
    assert told == ["compartment", "client-standing", "site-standing", "token", "purpose", "evidence"]
    assert not admit(snapshot, caller, WISH)


def test_the_policy_is_this_list() -> None:
    """A check added, dropped or moved is a decision, and changes this line."""
    assert (
        compartment_open,
        client_in_good_standing,
        site_in_good_standing,
        sign_in_fresh,
        purpose_allowed,
        evidence_allowed,
    ) == CHECKS
