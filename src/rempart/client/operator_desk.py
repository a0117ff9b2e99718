"""The operator's desk as calls, and what an agent's passkey signs."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from rempart.client.calls import Call, Repeat
from rempart.sealing import actions, invitations
from rempart.sealing.actions import Action
from rempart.wire.operator_desk import (
    DeskAccounts,
    DeskCode,
    DeskCompartments,
    DeskInviteRequest,
    DeskOpening,
    DeskOpenRequest,
    DeskShutRequest,
    DeskSiteAccounts,
    DeskSites,
    DeskStandingRequest,
    Standing,
)

HAS_NUMBER: Final = invitations.HAS_NUMBER
"""Instead of an account that answers for staff: they have a number of their own."""
_PATH: Final = "/v1/desk/"


def sites(number: str = "", after: str = "") -> Call[DeskSites]:
    """The operator's sites whose numbers begin so."""
    return Call("GET", f"{_PATH}sites?{urlencode({'number': number, 'after': after})}", DeskSites)


def site(number: str) -> Call[DeskSiteAccounts]:
    """One site and its accounts."""
    return Call("GET", f"{_PATH}sites/{quote(number, safe='')}", DeskSiteAccounts)


def accounts() -> Call[DeskAccounts]:
    """The people of desks."""
    return Call("GET", f"{_PATH}accounts", DeskAccounts)


def account(name: str) -> Call[DeskAccounts]:
    """One account, once for each of its sites."""
    return Call("GET", f"{_PATH}accounts/{quote(name, safe='')}", DeskAccounts)


def set_standing(kind: str, of: str, standing: Standing) -> Call[bytes]:
    """Suspends a site or an account (`kind` sites, accounts), or takes it back. It may be repeated."""
    body = msgspec.json.encode(DeskStandingRequest(standing))
    return Call("POST", f"{_PATH}{kind}/{quote(of, safe='')}/standing", bytes, body)


def end_codes(name: str) -> Call[bytes]:
    """Ends an account's unused codes."""
    return Call("POST", f"{_PATH}accounts/{quote(name, safe='')}/codes/end", bytes)


def invite(request: DeskInviteRequest) -> Call[DeskCode]:
    """A signed invitation. The challenge is good once: not repeated when its answer got lost."""
    return Call("POST", f"{_PATH}invitations", DeskCode, msgspec.json.encode(request), repeat=Repeat.NEVER)


def compartments() -> Call[DeskCompartments]:
    """The operator's own two, and what else is not open."""
    return Call("GET", f"{_PATH}compartments", DeskCompartments)


def shut(compartment: str, request: DeskShutRequest) -> Call[bytes]:
    """Closes or restricts one."""
    body = msgspec.json.encode(request)
    return Call("POST", _compartment(compartment, "shut"), bytes, body, repeat=Repeat.NEVER)


def open_again(compartment: str, request: DeskOpenRequest) -> Call[DeskOpening]:
    """A signed word for opening one."""
    body = msgspec.json.encode(request)
    return Call("POST", _compartment(compartment, "open"), DeskOpening, body, repeat=Repeat.NEVER)


def invitation(
    operator: str, role: str, place: str, *, days: tuple[str, str], account: str = "", accountable: str = ""
) -> Action | None:  # fmt: skip
    """What an agent reads and signs to invite; None when a field cannot be written.

    `accountable`, of staff: the account that answers for them, or `HAS_NUMBER`.
    """
    return actions.written("desk-invite", operator, operator, role, place, *days, account, accountable)


def opening(operator: str, compartment: str, closing: int) -> Action | None:
    """What an agent reads and signs so that a compartment may open."""
    return actions.written("desk-open", operator, operator, compartment, str(closing))


def _compartment(name: str, act: str) -> str:
    return f"{_PATH}compartments/{quote(name, safe=':')}/{act}"  # the colon as it is: the proof names the same address
