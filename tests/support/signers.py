"""People of a site at a keeper who can sign actions."""

from __future__ import annotations

from dataclasses import dataclass

from rempart.sealing.invitations import fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import SITE
from support.people import Door


@dataclass(frozen=True)
class Member:
    """Somebody of the site who is signed in."""

    device: Authenticator
    account: str
    grant: bytes


def member(door: Door, role: str, *, device: Authenticator | None = None) -> Member:
    """One more of the site, enrolled and signed in."""
    account, code = fresh_account(), fresh_code()
    assert door.invite(code, account, role=role) == ""
    door.mandate(SITE, account=account)
    made = device or Authenticator()
    assert door.enrol(made, code=code).refusal == ""
    return Member(made, account, door.sign_in(made).grant)
