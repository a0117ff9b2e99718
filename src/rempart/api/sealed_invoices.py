"""Invoices whose beneficiary is sealed: the keeper checks each before any is kept, as the hub checks clear ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rempart.api.problems import sealed_faults
from rempart.application.guard import INVOICE, Caller
from rempart.application.ports import SealedAsk
from rempart.application.sealed_invoices import sealed_ask
from rempart.application.together import Unavailable
from rempart.domain.identifiers import Fault
from rempart.formats import invoice_json
from rempart.sealing.identity_frames import CheckIdentityItem, SealedIdentity
from rempart.storage.facts import Facts

AT_ONCE = 64  # checked in one call: others ask the keeper meanwhile
Call = Callable[[str, list[Any]], Awaitable[list[Any]]]
Found = tuple[invoice_json.Taken | invoice_json.Refused, ...]


async def checked(call: Call, facts: Facts, caller: Caller, found: Found) -> Found | str:
    """The same, each with a fault inside its seal refused; or the code for which nothing is taken."""
    asked = [
        (place, ask) for place, one in enumerate(found)
        if isinstance(one, invoice_json.Taken) and (ask := _ask(facts, one)) is not None
    ]  # fmt: skip
    said = list(found)
    for first in range(0, len(asked), AT_ONCE):
        part = asked[first : first + AT_ONCE]
        items = [CheckIdentityItem(caller.grant, INVOICE, _item(ask)) for _, ask in part]
        for (place, _), result in zip(part, await call("check_identity", items), strict=True):
            refused = _refused(found[place], result.refusal)
            if isinstance(refused, str):
                return refused
            said[place] = refused
    return tuple(said)


def _refused(
    one: invoice_json.Taken | invoice_json.Refused, refusal: str
) -> invoice_json.Taken | invoice_json.Refused | str:
    """The invoice, refused alone by its faults; or the code that refuses the request."""
    if not refusal or not isinstance(one, invoice_json.Taken):
        return one
    faults = tuple(Fault(error.field, error.code) for error in sealed_faults(refusal))
    if faults:
        return invoice_json.Refused(one.invoice.number, faults)
    if not refusal.startswith("identity-"):
        raise Unavailable(refusal)
    return refusal


def _ask(facts: Facts, one: invoice_json.Taken) -> SealedAsk | None:
    """None when told in clear, and when no insurer is known by the card: then the decision says so."""
    presented, lines = one.invoice.presented, one.invoice.lines
    if not presented.sealed or not lines:
        return None
    route = facts.route(presented.amc_number, presented.convention, presented.csr, lines[0].care_date)
    rule = facts.rules.get(route.insurer) if route is not None else None
    return None if rule is None else sealed_ask(one.invoice, presented.amc_number, rule)


def _item(ask: SealedAsk) -> SealedIdentity:
    rule = {name: getattr(ask.rule, name) for name in ask.rule.__slots__}
    return SealedIdentity(ask.jwe, ask.labels, rule, ask.days, ask.nir_needed)
