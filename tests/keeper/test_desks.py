"""People of a desk: bound to one operator or insurer for good, at no site, and with nothing that the keeper opens."""

from __future__ import annotations

from typing import Any

import pytest

from rempart.domain.authorities import DESK_ROLES, INSURER_ROLES, SITE_ROLES
from rempart.keeper.clock import DAY, HOUR, MINUTE
from rempart.sealing import actions
from rempart.sealing.account_frames import EnrolResult, RecoverAccount
from rempart.sealing.action_frames import Signing
from rempart.sealing.desk_frames import (
    DeskAccountsItem,
    DeskAccountTold,
    DeskEndCodesItem,
    DeskInvited,
    DeskInviteItem,
    DeskOpenItem,
)
from rempart.sealing.frames import DepositItem
from rempart.sealing.invitations import HAS_NUMBER, code_hash, fresh_account, fresh_code
from rempart.sealing.provider_frames import LinkItem
from support.authenticator import Authenticator
from support.keepers import SITE
from support.people import KEY, NOON, Door, part

INSURER, OTHER = "0099000137", "0099000138"
DAYS = (1_900_022_400_000_000, 1_924_992_000_000_000)
"""18 March 2030 and 31 December 2030, from midnight to midnight UTC."""
DAYS_AWAY = NOON - 30 * DAY


def place(role: str) -> str:
    """What a role is bound to here."""
    return INSURER if role in INSURER_ROLES else "horizon"


def invited(door: Door, role: str, account: str = "") -> tuple[str, str]:
    """An account of a desk, and its code."""
    account, code = account or fresh_account(), fresh_code()
    assert door.invite(code, account, role=role, site=place(role)) == ""
    return account, code


def enrolled(door: Door, role: str) -> tuple[str, Authenticator]:
    """An account of a desk with a passkey."""
    (account, code), device = invited(door, role), Authenticator()
    assert door.enrol(device, code=code, site=place(role)) == EnrolResult("", account, device.credential)
    return account, device


@pytest.mark.parametrize("role", DESK_ROLES)
def test_a_desks_session_has_no_site_and_opens_nothing(door: Door, role: str) -> None:
    """Signed in and renewed, it names role and insurer; a mandate by mistake changes nothing."""
    account, device = enrolled(door, role)
    door.mandate(SITE, account=account)
    found = door.sign_in(device)
    assert (found.refusal, found.account, found.role, found.site, found.sites) == ("", account, role, "", ())
    assert found.insurer == (INSURER if role in INSURER_ROLES else "")
    held = door.world.parts.grants.read(found.grant)
    assert held is not None
    assert held.grant.purposes == ()
    assert door.derive(found.grant) == "purpose-not-granted"
    assert door.world.parts.deposits.deposit([DepositItem(found.grant, b"a file")])[0].refusal
    door.at += 14 * MINUTE
    again = door.renew(found.grant)
    assert (again.refusal, again.role, again.insurer, again.site) == ("", role, found.insurer, "")
    assert door.renew(found.grant, SITE).refusal == "no-mandate"
    assert door.sign_in(device, site=SITE).refusal == "no-mandate"


@pytest.mark.parametrize(
    ("role", "site"),
    [
        ("agent", SITE), ("agent", "azur"), ("agent", INSURER), ("support", ""), ("case-worker", SITE),
        ("case-worker", "horizon"), ("insurer-manager", "009900013"), ("staff", "horizon"), ("manager", INSURER),
        ("king", "horizon"),
    ],
)  # fmt: skip
def test_an_invitation_names_the_place_of_its_role(door: Door, role: str, site: str) -> None:
    """A site for its people, an insurer for its own, the operator for the operator's; nothing else is registered."""
    assert door.invite(fresh_code(), fresh_account(), role=role, site=site) == "invitation-malformed"


def test_a_code_of_a_desk_is_good_with_its_place_alone(door: Door) -> None:
    """A site's number or another insurer's beside it is told what an unknown code is told."""
    _, code = invited(door, "case-worker")
    for wrong in (SITE, OTHER, "horizon", ""):
        assert door.enrol(Authenticator(), code=code, site=wrong).refusal == "invitation-unknown"
    assert door.enrol(Authenticator(), code=code, site=INSURER).refusal == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"role": "support", "site": "horizon"}, {"role": "staff", "site": SITE},
        {"role": "case-worker", "site": INSURER}, {"role": "agent", "site": "azur", "operator": "azur"},
    ],
)  # fmt: skip
def test_an_account_of_a_desk_is_never_another_one(door: Door, changed: dict[str, str]) -> None:
    """Neither another role, nor another place, nor a site; and who works at sites comes to no desk."""
    account, _ = invited(door, "agent")
    assert door.invite(fresh_code(), account, **changed) == "other-role"
    assert door.invite(fresh_code(), account, role="agent", site="horizon") == ""
    assert door.invite(fresh_code(), door.account, role="agent", site="horizon") == "other-role"
    case, _ = invited(door, "case-worker")
    assert door.invite(fresh_code(), case, role="case-worker", site=OTHER) == "other-role"


def test_an_insurers_manager_lets_a_colleague_of_the_same_insurer_back_in(door: Door) -> None:
    """Signed for that insurer; nobody of a site, of the operator or of another insurer, and by no case worker."""
    colleague, first = enrolled(door, "case-worker")
    agent, _ = enrolled(door, "agent")
    _, manager = enrolled(door, "insurer-manager")
    elsewhere, code = fresh_account(), fresh_code()
    assert door.invite(code, elsewhere, role="case-worker", site=OTHER) == ""
    grant = door.sign_in(manager).grant
    for stranger in (door.account, agent, elsewhere):
        assert door.recover(grant, manager, stranger, site=INSURER).refusal == "account-unknown"
    assert door.recover(door.sign_in(first).grant, first, colleague, site=INSURER).refusal == "purpose-not-granted"
    assert door.recover(grant, manager, colleague).refusal == "challenge-invalid"
    found = door.recover(grant, manager, colleague, site=INSURER)
    assert found.refusal == ""
    assert door.sign_in(first).refusal == "passkey-revoked"
    second = Authenticator()
    assert door.enrol(second, code=found.code, site=INSURER).refusal == ""
    again = door.sign_in(second)
    assert (again.refusal, again.insurer, again.probation > door.at) == ("", INSURER, True)


def test_a_sites_manager_lets_nobody_of_a_desk_back_in(door: Door) -> None:
    """Not even one to whom somebody gave a mandate for that site."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role="manager") == ""
    door.mandate(SITE, account=account)
    assert door.enrol(device, code=code).refusal == ""
    agent, _ = enrolled(door, "agent")
    door.mandate(SITE, account=agent)
    assert door.recover(door.sign_in(device).grant, device, agent).refusal == "account-unknown"


def test_the_operators_officer_recovers_a_desk_at_its_own_place(door: Door) -> None:
    """With another insurer or a site named, nothing changes."""
    account, device = enrolled(door, "case-worker")

    def recover(site: str) -> str:
        code = code_hash(fresh_code()) or b""
        return door.ring("recover_account", RecoverAccount(account, "horizon", site, code, door.at + 1, "officer"))

    assert recover(OTHER) == "account-unknown"
    assert recover(SITE) == "invitation-malformed"
    assert door.sign_in(device).refusal == ""
    assert recover(INSURER) == ""
    assert door.sign_in(device).refusal == "passkey-revoked"


def test_nobody_of_a_desk_comes_in_by_a_provider(door: Door) -> None:
    """A link is for the people of sites: an agent's role is refused."""
    account, _ = invited(door, "agent")
    for site in ("horizon", SITE):
        item = LinkItem("horizon", "810000000001", account, site, "agent", door.at + 1)
        assert door.ring("link", item) == "link-malformed"


def test_a_desk_is_the_same_after_a_restart(door: Door) -> None:
    """Role and insurer are read back from the registry."""
    _, device = enrolled(door, "insurer-manager")
    door.restart()
    found = door.sign_in(device)
    assert (found.refusal, found.role, found.insurer) == ("", "insurer-manager", INSURER)


def invite_item(door: Door, by: Authenticator, **changed: Any) -> DeskInviteItem:
    """An agent signs an invitation of staff to the site; `shown` are fields as the agent saw them, when others."""
    days = {"first": "2030-03-18", "last": "2030-12-31"}
    said = {"role": "staff", "place": SITE, "account": "", **days} | changed
    said = {"accountable": HAS_NUMBER if said["role"] == "staff" else ""} | said
    shown = said | said.pop("shown", {})
    if said["role"] not in SITE_ROLES:
        said, shown = ({**each, "first": "", "last": ""} for each in (said, shown))
    dated = bool(said["first"])
    start = said.pop("start", DAYS[0] if dated else 0)
    fields = tuple(shown[name] for name in ("role", "place", "first", "last", "account", "accountable"))
    action = actions.written("desk-invite", shown.get("operator", "horizon"), shown.get("desk", "horizon"), *fields)
    assert action is not None
    challenge = door.challenge("approve") + action.digest()
    asked = Signing(said.pop("grant", door.sign_in(by).grant), KEY, challenge, part(by, challenge), door.at)
    said.pop("operator", None)
    return DeskInviteItem(start=start, end=DAYS[1] if dated else 0, asked=asked, **said)


def invites(door: Door, by: Authenticator, **changed: Any) -> DeskInvited:
    """What comes of it."""
    return door.world.parts.desks.invite([invite_item(door, by, **changed)])[0]


def test_an_agent_invites_by_a_signature(door: Door) -> None:
    """The code makes a passkey at that site, whose session works there on the days that were signed."""
    _, agent = enrolled(door, "agent")
    found = invites(door, agent)
    assert found.refusal == ""
    device = Authenticator()
    assert door.enrol(device, code=found.code, site=SITE).account == found.account
    assert door.sign_in(device).sites == ()  # the day before the first one
    door.at = DAYS[0] + HOUR
    session = door.sign_in(device)
    assert (session.refusal, session.role, session.site) == ("", "staff", SITE)
    support = invites(door, agent, role="support", place="horizon")
    assert support.refusal == ""
    assert door.enrol(Authenticator(), code=support.code, site="horizon").refusal == ""
    door.restart()
    assert door.sign_in(device).refusal == ""


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"shown": {"role": "manager"}}, "challenge-invalid"),
        ({"shown": {"place": "910000012"}}, "challenge-invalid"),
        ({"shown": {"last": "2030-04-01"}}, "challenge-invalid"),
        ({"shown": {"operator": "azur"}}, "challenge-invalid"),
        ({"shown": {"accountable": "a000000000000000"}}, "challenge-invalid"),
        ({"accountable": ""}, "accountable-required"),
        ({"accountable": "a000000000000000"}, "accountable-unknown"),
        ({"role": "manager", "accountable": HAS_NUMBER}, "accountable-unknown"),
        ({"grant": b"no grant of ours"}, "no-grant"),
        ({"role": "agent", "place": "horizon"}, "role-not-invited"),
        ({"role": "security", "place": "horizon"}, "role-not-invited"),
        ({"role": "insurer-manager", "place": INSURER}, "role-not-invited"),
        ({"role": "support", "place": "azur"}, "invitation-malformed"),
        ({"place": "horizon"}, "invitation-malformed"),
        ({"last": "2030-03-17"}, "days-malformed"),
        ({"first": "2020-01-01"}, "days-malformed"),
        ({"last": "2099-12-31"}, "days-malformed"),
        ({"start": DAYS_AWAY}, "days-malformed"),
        ({"account": "a000000000000000"}, "account-unknown"),
    ],
)  # fmt: skip
def test_an_invitation_that_was_not_signed_so_is_refused(door: Door, changed: dict[str, Any], refusal: str) -> None:
    """Another role, place, day or operator than the agent saw; a role or place that no agent invites."""
    _, agent = enrolled(door, "agent")
    before = len(door.world.parts.registry.accounts.invitations)
    assert invites(door, agent, **changed).refusal == refusal
    assert len(door.world.parts.registry.accounts.invitations) == before


def test_a_signature_is_good_once_and_by_a_passkey_of_the_agent(door: Door) -> None:
    """The same again, another's passkey, an unverified user: nobody is invited."""
    _, agent = enrolled(door, "agent")
    _, support = enrolled(door, "support")
    item = invite_item(door, agent)
    invite = door.world.parts.desks.invite
    assert invite([item, item])[1].refusal == "challenge-spent"
    assert invites(door, support).refusal == "purpose-not-granted"
    assert invites(door, support, grant=door.sign_in(agent).grant).refusal == "unknown-passkey"
    door.enrol()
    assert invites(door, door.device).refusal == "purpose-not-granted"


def test_who_has_a_passkey_is_not_invited_anew(door: Door) -> None:
    """A code for a used account would let its finder in; one for an account that never had a passkey is given."""
    _, agent = enrolled(door, "agent")
    first = invites(door, agent)
    again = invites(door, agent, account=first.account)
    assert (again.refusal, again.account) == ("", first.account)
    assert door.enrol(Authenticator(), code=again.code, site=SITE).refusal == ""
    assert invites(door, agent, account=first.account).refusal == "account-has-passkey"
    assert invites(door, agent, account=first.account, role="manager").refusal == "account-unknown"


def test_an_agent_ends_codes_and_sees_what_is_registered(door: Door) -> None:
    """An ended code makes no passkey, after a restart neither; another operator's account is not told."""
    agent_id, agent = enrolled(door, "agent")
    elsewhere, code = fresh_account(), fresh_code()
    assert door.invite(code, elsewhere, operator="azur", role="agent", site="azur") == ""
    grant, found = door.sign_in(agent).grant, invites(door, agent)

    def told() -> tuple[DeskAccountTold, ...]:
        item = DeskAccountsItem(grant, KEY, (agent_id, found.account, elsewhere, "nobody"), door.at)
        (answer,) = door.world.parts.desks.accounts([item])
        return answer.accounts

    def end(account: str, by: bytes = grant) -> str:
        return door.world.parts.desks.end_codes([DeskEndCodesItem(by, KEY, account, door.at)])[0].refusal

    own = DeskAccountTold(agent_id, 1, door.at // DAY, 0, 0, ended=False)
    assert told() == (own, DeskAccountTold(found.account, 0, 0, found.expires, 0, ended=False))
    assert end(elsewhere) == end("nobody") == "account-unknown"
    _, support = enrolled(door, "support")
    assert end(found.account, door.sign_in(support).grant) == "purpose-not-granted"
    assert end(found.account) == ""
    assert told() == (own, DeskAccountTold(found.account, 0, 0, 0, 0, ended=False))
    door.restart()
    assert door.enrol(Authenticator(), code=found.code, site=SITE).refusal == "invitation-unknown"


@pytest.mark.parametrize(("role", "refusal"), [("agent", ""), ("security", ""), ("support", "purpose-not-granted")])
def test_a_word_for_opening_is_signed_for_that_closing(door: Door, role: str, refusal: str) -> None:
    """By who touches compartments; of another compartment or closing it is worth nothing."""
    _, device = enrolled(door, role)

    def word(compartment: str = "portal:horizon", closing: int = 7) -> str:
        action = actions.written("desk-open", "horizon", "horizon", "portal:horizon", "7")
        assert action is not None
        challenge = door.challenge("approve") + action.digest()
        asked = Signing(door.sign_in(device).grant, KEY, challenge, part(device, challenge), door.at)
        return door.world.parts.desks.open([DeskOpenItem(compartment, closing, asked)])[0].refusal

    assert word() == refusal
    assert word("operator:horizon") == word(closing=8) == (refusal or "challenge-invalid")


def test_after_a_recovery_an_agent_invites_nobody_for_72_hours(door: Door) -> None:
    """Probation holds at a desk as it does at a site."""
    account, _ = enrolled(door, "agent")
    code, device = fresh_code(), Authenticator()
    lost = RecoverAccount(account, "horizon", "horizon", code_hash(code) or b"", door.at + HOUR, "officer")
    assert door.ring("recover_account", lost) == ""
    assert door.enrol(device, code=code, site="horizon").refusal == ""
    door.at += MINUTE
    assert invites(door, device).refusal == "on-probation"
    door.at += 73 * HOUR
    assert invites(door, device).refusal == ""
