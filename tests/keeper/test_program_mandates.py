"""Programs come to act for a site by a manager's code: once, for a year; renewed by a signature, ended at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rempart.client import _jose, assertion
from rempart.client.mandates import own_program
from rempart.ground.instants import civil_date
from rempart.keeper.clock import DAY, MINUTE
from rempart.sealing import actions
from rempart.sealing.account_frames import APPROVE
from rempart.sealing.action_frames import Signing
from rempart.sealing.frames import GrantItem
from rempart.sealing.invitations import fresh_code
from rempart.sealing.mandate_frames import (
    ANY,
    ClaimMandateItem,
    ClaimMandateResult,
    EndMandateItem,
    GiveMandateCodeItem,
    GiveMandateCodeResult,
    RenewMandateItem,
)
from rempart.sealing.ringing import RegisterClient
from support.keepers import OTHER_SITE, SITE
from support.people import KEY, Door, part
from support.signers import Member, member

LOGICIEL, OTHER = "logiciel", "autre-logiciel"


class Programs:
    """A manager, and two programs of vendors."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.manager = member(door, "manager")
        self.keys = {name: _jose.generate("ES256") for name in (LOGICIEL, OTHER)}
        for name, jwk in self.keys.items():
            public = assertion.public_key(jwk)
            item = RegisterClient(name, "vendor", "", f"vendor-of-{name}", {public["kid"]: public})
            assert door.ring("register_client", item) == ""
        self.audience = door.world.config.audiences[0]

    def call(self, name: str, item: Any) -> Any:
        return self.door.world.parts.program_mandates.handlers()[name]([item])[0]

    def signing(self, by: Member, kind: str, *fields: str) -> Signing:
        wanted = actions.written(kind, "horizon", SITE, *fields)
        assert wanted is not None
        challenge = self.door.challenge(APPROVE) + wanted.digest()
        return Signing(by.grant, KEY, challenge, part(by.device, challenge), self.door.at)

    def give(self, client: str = ANY, by: Member | None = None, shown: str = "") -> GiveMandateCodeResult:
        asked = self.signing(by or self.manager, "mandate-code", shown or client)
        found: GiveMandateCodeResult = self.call("give_mandate_code", GiveMandateCodeItem(client, asked))
        return found

    def claim(self, code: str, client: str = LOGICIEL, **changed: Any) -> ClaimMandateResult:
        signed = changed.pop("assertion", None) or self.signed(client)
        said = {"assertion": signed, "audience": self.audience, "code": code, "site": SITE, "instant": self.door.at}
        found: ClaimMandateResult = self.call("claim_mandate", ClaimMandateItem(**(said | changed)))
        return found

    def signed(self, client: str, site: str = "") -> bytes:
        return assertion.sign(
            self.keys[client], client, self.audience, self.door.at // 1_000_000, site=site
        ).encode()  # fmt: skip

    def acts(self, client: str = LOGICIEL) -> str:
        """Whether the keeper gives the program a grant for the site."""
        item = GrantItem(self.signed(client, SITE), SITE, KEY, self.audience, self.door.at)
        return self.door.world.parts.grants.sign_in([item])[0].refusal

    def renew(self, last_of: int, client: str = LOGICIEL) -> str:
        """A year more behind the day of `last_of`."""
        first = civil_date(last_of, "UTC") + timedelta(1)
        last = first + timedelta(364)
        days = (first.isoformat(), last.isoformat())
        end = last_of - last_of % DAY + 366 * DAY
        asked = self.signing(self.manager, "mandate-renew", client, *days)
        return str(self.call("renew_mandate", RenewMandateItem(client, *days, end, asked)).refusal)

    def end(self, client: str = LOGICIEL, by: Member | None = None) -> str:
        item = EndMandateItem((by or self.manager).grant, KEY, client, self.door.at)
        return str(self.call("end_mandate", item).refusal)


@pytest.fixture
def programs(door: Door) -> Programs:
    """Nobody has a mandate yet."""
    return Programs(door)


def test_a_code_gives_one_program_a_year_at_one_site(programs: Programs) -> None:
    """Before it the program has no grant for the site; afterwards it has, through a restart, and the code is spent."""
    assert programs.acts() == "no-mandate"
    code = programs.give()
    assert (code.refusal, code.expires) == ("", programs.door.at + 7 * DAY)
    found = programs.claim(code.code.lower().replace("-", " "))
    assert (found.refusal, found.client, found.by) == ("", LOGICIEL, programs.manager.account)
    assert (programs.acts(), programs.acts(OTHER)) == ("", "no-mandate")
    assert programs.claim(code.code, OTHER).refusal == "mandate-code-unknown"
    programs.door.restart()
    assert programs.acts() == ""
    assert programs.claim(code.code, OTHER).refusal == "mandate-code-unknown"


def test_what_is_no_good_code_gives_nothing(programs: Programs) -> None:
    """Another site, another program, a code of nobody's, one too old: one answer, and the code stays good."""
    code = programs.give(LOGICIEL).code
    assert programs.claim(code, OTHER).refusal == "mandate-code-unknown"
    assert programs.claim(code, site=OTHER_SITE).refusal == "mandate-code-unknown"
    assert programs.claim(fresh_code()).refusal == "mandate-code-unknown"
    assert programs.claim("nothing").refusal == "mandate-code-unknown"
    assert programs.claim(code, audience="https://elsewhere.test/v1/token").refusal == "wrong-audience"
    signed = programs.signed(LOGICIEL)
    assert [programs.claim(code, assertion=signed).refusal for _ in range(2)] == ["", "replayed-assertion"]
    late = programs.give().code
    programs.door.at += 7 * DAY
    assert programs.claim(late).refusal == "mandate-code-unknown"


def test_only_a_manager_gives_a_code_and_for_what_was_shown(programs: Programs) -> None:
    """A professional and staff do not; what was signed for one program is for no other; an unknown one is said so."""
    for role in ("professional", "staff"):
        assert programs.give(by=member(programs.door, role)).refusal == "purpose-not-granted"
    assert programs.give(LOGICIEL, shown=OTHER).refusal == "challenge-invalid"
    assert programs.give("nobody").refusal == "client-unknown"
    assert programs.give(programs.manager.account).refusal == "client-unknown"


def test_a_mandate_is_renewed_near_its_end_and_ended_at_once(programs: Programs) -> None:
    """Not in its first months; within 60 days of its end by a signature; any day ended in one word by a manager."""
    found = programs.claim(programs.give().code)
    assert programs.renew(found.end) == "mandate-not-due"
    assert programs.renew(found.end, OTHER) == "client-unknown"
    staff = member(programs.door, "staff")
    assert programs.end(by=staff) == "purpose-not-granted"
    assert programs.end(OTHER) == "client-unknown"
    assert programs.end() == ""
    assert programs.acts() == "no-mandate"
    assert programs.end() == "client-unknown"
    programs.door.restart()
    assert programs.acts() == "no-mandate"


def test_a_renewed_mandate_goes_on_after_its_first_year(programs: Programs) -> None:
    """The manager signs in again near the end; the year that follows is the one that was shown."""
    found = programs.claim(programs.give().code)
    programs.door.at = found.end - 30 * DAY
    programs.door.world.parts.clock.hear(programs.door.at)
    programs.door.mandate(SITE, account=programs.manager.account, start=1, end=found.end + 400 * DAY)
    again = programs.door.sign_in(programs.manager.device)
    programs.manager = Member(programs.manager.device, programs.manager.account, again.grant)
    assert programs.renew(found.end) == ""
    programs.door.at = found.end + MINUTE
    programs.door.world.parts.clock.hear(programs.door.at)
    assert programs.acts() == ""
    programs.door.at = found.end + 367 * DAY
    programs.door.world.parts.clock.hear(programs.door.at)
    assert programs.acts() == "no-mandate"


def _enrol(programs: Programs, code: str, jwk: dict[str, str], **changed: Any) -> ClaimMandateResult:
    """A program that nobody registered shows its key, with an assertion that `by` signed."""
    by, shown = changed.pop("by", jwk), changed.pop("key", assertion.public_key(jwk))
    signed = assertion.sign(by, changed.pop("named", own_program(jwk)), programs.audience, _seconds(programs))
    return programs.claim(code, assertion=signed.encode(), key=shown, **changed)


def _seconds(programs: Programs) -> int:
    return programs.door.at // 1_000_000


def _own_acts(programs: Programs, jwk: dict[str, str], site: str = SITE) -> str:
    signed = assertion.sign(jwk, own_program(jwk), programs.audience, _seconds(programs), site=site)
    item = GrantItem(signed.encode(), site, KEY, programs.audience, programs.door.at)
    return programs.door.world.parts.grants.sign_in([item])[0].refusal


def test_a_program_of_the_site_enrols_its_own_key_by_a_code_and_is_ended_for_good(programs: Programs) -> None:
    """One line at the keeper: it acts at once, for that site alone, after a restart, until a manager ends it."""
    jwk, code = _jose.generate("ES256"), programs.give().code
    assert _enrol(programs, code, jwk) == ClaimMandateResult("", own_program(jwk), programs.manager.account)
    assert _own_acts(programs, jwk) == ""
    assert _own_acts(programs, jwk, OTHER_SITE) == "no-mandate"
    assert _enrol(programs, code, _jose.generate("ES256")).refusal == "mandate-code-unknown"
    assert programs.claim(code).refusal == "mandate-code-unknown"
    programs.door.restart()
    assert _own_acts(programs, jwk) == ""
    assert programs.end(own_program(jwk), by=member(programs.door, "staff")) == "purpose-not-granted"
    assert programs.end(own_program(jwk)) == ""
    assert _own_acts(programs, jwk) != ""
    assert _enrol(programs, programs.give().code, jwk).refusal == "mandate-code-unknown"
    programs.door.restart()
    assert _own_acts(programs, jwk) != ""


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"by": _jose.generate("ES256")}, "unknown-key"), ({"named": LOGICIEL}, "unknown-client"),
        ({"site": OTHER_SITE}, "mandate-code-unknown"), ({"code": fresh_code()}, "mandate-code-unknown"),
        ({"key": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}, "unsupported-key"),
        ({"key": _jose.generate("ES256")}, "private-key-presented"),
        ({"key": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, "malformed-key"),
    ],
)  # fmt: skip
def test_a_key_that_did_not_sign_or_is_none_enrols_nobody(
    programs: Programs, changed: dict[str, Any], refusal: str
) -> None:
    """Another's signature or id, another site, a code of nobody's, a key that is none: the code stays good."""
    jwk, code = _jose.generate("EdDSA"), programs.give().code
    assert _enrol(programs, changed.pop("code", code), jwk, **changed).refusal == refusal
    assert _enrol(programs, code, jwk).refusal == ""


def test_a_code_for_a_program_that_is_registered_enrols_no_new_one(programs: Programs) -> None:
    """It names whom it is for; and that program still uses it."""
    code = programs.give(LOGICIEL).code
    assert _enrol(programs, code, _jose.generate("ES256")).refusal == "mandate-code-unknown"
    assert programs.claim(code).refusal == ""
