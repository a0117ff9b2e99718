"""An agent's signed words at the keeper: a yes to who joins, proven later; a recovery where nobody else can."""

from __future__ import annotations

from typing import Any

import pytest

from rempart.keeper.clock import DAY, HOUR, MINUTE
from rempart.sealing import actions
from rempart.sealing.account_frames import EnrolResult
from rempart.sealing.action_frames import Signing
from rempart.sealing.desk_frames import DeskJoinItem, DeskRecoverItem, WordSaid, WordsSaidItem
from rempart.sealing.invitations import fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE
from support.people import KEY, Door, part

ENROLMENT = "5d0f0e0e-4f8c-4d0e-9c58-0a2f4f8a1b11"
JOIN = (ENROLMENT, SITE, "2", "the switchboard of the clinic")


def agent(door: Door, role: str = "agent") -> tuple[str, Authenticator]:
    """Somebody of the operator's desk, with a passkey."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role=role, site="horizon") == ""
    assert door.enrol(device, code=code, site="horizon") == EnrolResult("", account, device.credential)
    return account, device


def colleague(door: Door, role: str, site: str = SITE) -> tuple[str, Authenticator]:
    """Somebody of a site, with a passkey."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role=role, site=site) == ""
    door.mandate(site, account=account)
    assert door.enrol(device, code=code, site=site).refusal == ""
    return account, device


def signing(door: Door, by: Authenticator, kind: str, *fields: str) -> Signing:
    """What an agent's passkey signs of an action."""
    action = actions.written(kind, "horizon", "horizon", *fields)
    assert action is not None
    challenge = door.challenge("approve") + action.digest()
    return Signing(door.sign_in(by).grant, KEY, challenge, part(by, challenge), door.at)


def joins(door: Door, by: Authenticator, *shown: str, asked: tuple[str, ...] = JOIN) -> tuple[str, bytes]:
    """The refusal and approval of a yes; `shown` is what was signed, when it is another thing than asked."""
    enrolment, place, document, reached = asked
    item = DeskJoinItem(enrolment, place, document, reached, signing(door, by, "desk-join", *(shown or asked)))
    (found,) = door.world.parts.desk_words.join([item])
    return found.refusal, found.approval


def said(door: Door, *words: WordSaid, kind: str = "desk-join") -> str:
    (found,) = door.world.parts.desk_words.words_said([WordsSaidItem(kind, "horizon", words)])
    return found.refusal


def recovers(door: Door, by: Authenticator, account: str, **changed: Any) -> Any:
    told = {
        "account": account, "place": SITE, "reached": "the number of the order", "document": "a statement; verified",
    } | changed  # fmt: skip
    shown = told.pop("shown", {})
    names = ("account", "place", "reached", "document")
    signed = signing(door, by, "desk-recover", *({**told, **shown}[name] for name in names))
    (found,) = door.world.parts.desk_words.recover([DeskRecoverItem(**told, asked=signed)])
    return found


def test_two_agents_yes_is_proven_and_nothing_else_is(door: Door) -> None:
    """Both approvals are the keeper's, of those words, by two people; made up, swapped or doubled they prove none."""
    (one, first), (two, second) = agent(door), agent(door)
    (refusal, approval), (also, other) = joins(door, first), joins(door, second)
    assert refusal == also == ""
    good, next_one = WordSaid(one, JOIN, approval), WordSaid(two, JOIN, other)
    assert said(door, good, next_one) == ""
    door.restart()
    assert said(door, good, next_one) == ""
    assert said(door, good, WordSaid(one, JOIN, joins(door, first)[1])) == "same-person"
    changed = (*JOIN[:2], "4", JOIN[3])
    for wrong in (
        WordSaid(two, JOIN, approval), WordSaid(two, changed, other), WordSaid(two, JOIN, b"\0" * 16 + other[16:]),
        WordSaid(two, JOIN, b""), WordSaid(two, (), other),
    ):  # fmt: skip
        assert said(door, good, wrong) == "approval-unproven"
    assert said(door, good, next_one, kind="desk-invite") == "approval-unproven"


def test_a_yes_is_signed_as_it_was_read_by_an_agent(door: Door) -> None:
    """Another enrolment, place, document or call than the agent read is refused; so is who registers nothing."""
    _, device = agent(door)
    for place, other in enumerate((ENROLMENT.replace("5d", "5e"), OTHER_SITE, "3", "nobody")):
        shown = tuple(other if number == place else each for number, each in enumerate(JOIN))
        assert joins(door, device, *shown)[0] == "challenge-invalid"
    assert joins(door, device, asked=(*JOIN[:3], " "))[0] == "not-called-back"
    _, security = agent(door, "security")
    assert joins(door, security)[0] == "purpose-not-granted"
    door.enrol()
    assert joins(door, door.device)[0] in {"purpose-not-granted", "challenge-invalid"}


def test_an_agent_lets_a_solo_practice_back_in_and_probation_follows(door: Door) -> None:
    """What the account had has ended, the code makes a passkey, and for 72 hours it manages nothing."""
    account, lost = colleague(door, "manager")
    _, device = agent(door)
    live = door.sign_in(lost).grant
    found = recovers(door, device, account)
    assert (found.refusal, found.expires) == ("", door.at + 7 * DAY)
    assert door.renew(live).refusal
    assert door.sign_in(lost).refusal == "passkey-revoked"
    new = Authenticator()
    assert door.enrol(new, code=found.code, site=SITE).account == account
    door.at += MINUTE
    assert door.world.parts.own_accounts.summary(account)[2] > door.at
    assert door.recover(door.sign_in(new).grant, new, door.account).refusal == "on-probation"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"shown": {"account": "a000000000000000"}}, "challenge-invalid"),
        ({"shown": {"reached": "nobody"}}, "challenge-invalid"),
        ({"shown": {"document": "none"}}, "challenge-invalid"),
        ({"reached": "  "}, "not-called-back"),
        ({"reached": "x" * 201}, "not-called-back"),
        ({"document": ""}, "document-unseen"),
        ({"document": "x" * 201}, "document-unseen"),
        ({"place": OTHER_SITE}, "account-unknown"),
        ({"account": "a000000000000000"}, "account-unknown"),
    ],
)
def test_a_recovery_that_was_not_signed_so_changes_nothing(door: Door, changed: dict[str, Any], refusal: str) -> None:
    """Another account, call or document than was read, a site where it does not work, no call, no document at all."""
    account, held = colleague(door, "professional")
    _, device = agent(door)
    assert recovers(door, device, **({"account": account} | changed)).refusal == refusal
    assert door.sign_in(held).refusal == ""


def test_a_manager_who_can_get_in_recovers_colleagues_not_the_operator(door: Door) -> None:
    """An agent is for who has nobody: with another manager who has a passkey it is refused, for desks as well."""
    account, _ = colleague(door, "staff")
    other, manager = colleague(door, "manager")
    agent_id, device = agent(door)
    assert recovers(door, device, account).refusal == "manager-recovers"
    assert recovers(door, device, agent_id, place="horizon").refusal == "account-unknown"
    assert recovers(door, device, other).refusal == ""  # the only manager: nobody else can
    assert door.sign_in(manager).refusal == "passkey-revoked"
    assert recovers(door, device, account).refusal == ""
    door.at += HOUR
    _, support = agent(door, "support")
    assert recovers(door, support, account).refusal == "purpose-not-granted"
