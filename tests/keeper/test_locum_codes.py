"""A locum's one-time code at the keeper: signed by a manager for days, good once, and never guessed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rempart.keeper.clock import DAY, HOUR
from rempart.keeper.locums import MOST_CODES, MOST_WRONG
from rempart.sealing import actions
from rempart.sealing.action_frames import Signing
from rempart.sealing.invitations import fresh_account, fresh_code, fresh_locum_code, locum_code_hash
from rempart.sealing.station_frames import (
    DelegationCodeItem,
    DelegationCodeResult,
    DelegationTaken,
    TakeDelegationItem,
)
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE
from support.people import KEY, NOON, Door, changed_item, part

TODAY = NOON // DAY
EPOCH = date(1970, 1, 1).toordinal()


def person(door: Door, site: str = SITE, role: str = "manager") -> tuple[Authenticator, str]:
    """Somebody of a site: device and account."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role=role, site=site) == ""
    door.mandate(site, account=account)
    assert door.enrol(device, code=code, site=site).refusal == ""
    return device, account


def gives(door: Door, by: Authenticator, first: int = TODAY, last: int = TODAY + 2, **changed: Any) -> Any:
    """A code for these days (since 1970)."""
    said = tuple(date.fromordinal(EPOCH + day).isoformat() for day in (first, last))
    action = actions.Action("delegate-code", ("horizon", SITE, *changed.pop("shown", said)))
    challenge = door.challenge("approve") + action.digest()
    asked = Signing(changed.pop("grant", door.sign_in(by).grant), KEY, challenge, part(by, challenge), door.at)
    item = DelegationCodeItem(said[0], said[1], first * DAY, (last + 1) * DAY, asked)
    return door.world.parts.at_sites.locums.give_code([changed_item(item, **changed)])[0]


def takes(door: Door, by: Authenticator, code: str) -> DelegationTaken:
    """What comes of giving a code."""
    item = TakeDelegationItem(door.sign_in(by).grant, KEY, locum_code_hash(code) or b"", door.at)
    return door.world.parts.at_sites.locums.take([item])[0]


def test_who_gives_the_code_works_there_on_its_days(door: Door) -> None:
    """Once; as a professional whatever the role at home; another one with the same code is told it is unknown."""
    (manager, by), (locum, _), (third, _) = person(door), person(door, OTHER_SITE), person(door, OTHER_SITE)
    given = gives(door, manager)
    assert (given.refusal, len(given.code)) == ("", 9)
    assert given.expires == (TODAY + 3) * DAY  # the last day ends before seven days have passed
    door.restart()
    assert takes(door, locum, given.code.lower().replace("-", " ")) == DelegationTaken(
        "", SITE, date.fromordinal(EPOCH + TODAY).isoformat(), date.fromordinal(EPOCH + TODAY + 2).isoformat(), by
    )
    there = door.sign_in(locum, site=SITE)
    assert (there.refusal, there.role) == ("", "professional")
    assert takes(door, third, given.code).refusal == "code-unknown"
    door.restart()
    assert takes(door, third, given.code).refusal == "code-unknown"
    assert door.sign_in(locum, site=SITE).refusal == ""
    door.at += 3 * DAY
    assert door.sign_in(locum, site=SITE).refusal == "no-mandate"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"shown": ("2030-03-17", "2030-04-17")}, "challenge-invalid"),
        ({"first": TODAY + 3}, "days-malformed"),
        ({"last": TODAY + 366}, "days-malformed"),
        ({"start": 0}, "days-malformed"),
        ({"grant": b"none of ours"}, "purpose-not-granted"),
    ],
)
def test_a_code_is_for_the_days_that_were_signed(door: Door, changed: dict[str, Any], refusal: str) -> None:
    """Others than were read, none, too many, or with bounds elsewhere: no code."""
    manager, _ = person(door)
    assert gives(door, manager, **changed) == DelegationCodeResult(refusal)


def test_only_a_manager_gives_one_and_only_another_ones_account_takes_it(door: Door) -> None:
    """Staff sign none; a manager does not take the own; a desk has no site to work at; a manager gone gives nothing."""
    (manager, account), (staff, _), (locum, _) = person(door), person(door, role="staff"), person(door, OTHER_SITE)
    assert gives(door, staff).refusal == "purpose-not-granted"
    code = gives(door, manager).code
    assert takes(door, manager, code).refusal == "own-account"
    desk, desk_account, invitation = Authenticator(), fresh_account(), fresh_code()
    assert door.invite(invitation, desk_account, role="agent", site="horizon") == ""
    assert door.enrol(desk, code=invitation, site="horizon").refusal == ""
    assert takes(door, desk, code).refusal == "purpose-not-granted"
    door.world.parts.registry.revoke(account)
    assert takes(door, locum, code).refusal == "code-unknown"


def test_codes_end_and_are_not_guessed(door: Door) -> None:
    """After its days a code is unknown; after five wrong ones the right one is refused, for an hour; twenty at most."""
    (manager, _), (locum, _) = person(door), person(door, OTHER_SITE)
    old = gives(door, manager, last=TODAY).code
    door.at += DAY
    right = gives(door, manager, TODAY + 1, TODAY + 3).code
    assert takes(door, locum, old).refusal == "code-unknown"
    for _ in range(MOST_WRONG - 1):
        assert takes(door, locum, fresh_locum_code()).refusal == "code-unknown"
    assert takes(door, locum, right).refusal == "codes-wrong"
    door.at += HOUR + 1
    assert takes(door, locum, right).refusal == ""
    for _ in range(MOST_CODES):
        assert gives(door, manager, TODAY + 1, TODAY + 3).refusal == ""
    assert gives(door, manager, TODAY + 1, TODAY + 3).refusal == "codes-too-many"
