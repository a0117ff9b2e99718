"""A hospital's own OpenID provider at the keeper: who comes in, as whom, and what is refused, each by its code."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rempart.keeper.clock import HOUR, MINUTE
from rempart.sealing.account_frames import ADD_PASSKEY, PROVIDER, AddPasskeyItem, SessionResult
from rempart.sealing.hospital_frames import HospitalItem, RegisterHospital
from rempart.sealing.ringing import RevokeClient
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE, make_world
from support.people import KEY, THEIR_KEY, Door
from support.vouching import Vouching, jwks, rsa

ISSUER, CLIENT = "https://connexion.hopital.test/realms/agents", "rempart-hopital"
SUBJECT = "f3a9c1d2-0000-4000-8000-5e1f7a2b3c4d"


@dataclass
class Hospital:
    """A keeper's door with a hospital's provider, which signs what a test wants."""

    door: Door
    vouching: Vouching = field(default_factory=lambda: Vouching(issuer=ISSUER, client_id=CLIENT))

    def register(self, **changed: Any) -> str:
        said = {
            "operator": "horizon", "name": "hopital-nord", "issuer": ISSUER, "client_id": CLIENT, "acr": (),
            "amr": ("mfa", "hwk"), "claim": "fonction", "roles": {"admission": "staff", "praticien": "professional"},
            "sites": (SITE,), "keys": jwks(rsa()),
        }  # fmt: skip
        return self.door.ring("hospital", RegisterHospital(**(said | changed)))

    def item(self, **changed: Any) -> HospitalItem:
        """A good sign-in, or one with something else in it; what is no field of the item is a lie of the provider."""
        challenge = changed.pop("challenge", None) or self.door.challenge(PROVIDER)
        lies = {name: changed.pop(name) for name in tuple(changed) if name not in HospitalItem.__struct_fields__}
        claims = {"sub": SUBJECT, "SubjectNameID": None, "acr": None, "amr": ["pwd", "mfa"], "fonction": "admission"}
        nonce = urlsafe_b64encode(challenge).rstrip(b"=").decode()
        id_token = self.vouching.id_token(nonce, instant=self.door.at // 1_000_000, **(claims | lies))
        said = {
            "operator": "horizon", "binding": KEY, "hospital": "hopital-nord", "challenge": challenge,
            "id_token": id_token, "instant": self.door.at,
        }  # fmt: skip
        return HospitalItem(**(said | changed))

    def sign_in(self, **changed: Any) -> SessionResult:
        return self.door.world.parts.at_sites.hospitals.sign_in([self.item(**changed)])[0]


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(Door(make_world(tmp_path, demo_clock_of_callers=True)).open())
    assert made.register() == ""
    yield made
    made.door.world.parts.close()


def test_its_people_come_in_without_a_passkey(hospital: Hospital) -> None:
    """At its site alone, for an hour, on probation; the same person is the same account, also after a restart."""
    found = hospital.sign_in()
    assert (found.refusal, found.site, found.sites, found.role) == ("", SITE, (SITE,), "staff")
    assert found.probation == found.until == hospital.door.at + HOUR
    assert hospital.door.derive(found.grant) == ""
    hospital.door.restart()
    again = hospital.sign_in(fonction=["autre", "praticien", "admission"])
    assert (again.account, again.role) == (found.account, "professional")
    other = hospital.sign_in(sub="another person")
    assert other.account not in {found.account, ""}
    assert hospital.door.renew(found.grant).refusal == ""
    hospital.door.at += HOUR
    assert hospital.door.renew(again.grant).refusal == "session-over"


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ({"iss": "https://connexion.hopital.example"}, "provider-issuer"),
        ({"aud": "another", "azp": "another"}, "provider-audience"),
        ({"nonce": "x" * 54}, "provider-nonce"),
        ({"exp": 1_899_999_999}, "provider-expired"),
        ({"amr": ["pwd"]}, "provider-amr"),
        ({"amr": None}, "provider-amr"),
        ({"amr": "mfa"}, "malformed-id-token"),
        ({"sub": ""}, "provider-identity"),
        ({"sub": "x" * 256}, "provider-identity"),
        ({"fonction": "visiteur"}, "provider-role"),
        ({"fonction": None}, "provider-role"),
        ({"fonction": {"admission": True}}, "provider-role"),
        ({"header": {"alg": "none"}}, "unsupported-algorithm"),
        ({"header": {"kid": "key-9"}}, "provider-key-unknown"),
        ({"id_token": b"x"}, "malformed-id-token"),
        ({"hospital": "hopital-sud"}, "provider-unknown"),
        ({"operator": "azur"}, "portal-key-unknown"),
        ({"binding": THEIR_KEY}, "portal-key-unknown"),
    ],
)
def test_what_is_not_its_word_for_somebody_there_is_refused(hospital: Hospital, lie: dict[str, Any], code: str) -> None:
    """Whatever hub and portal say; and nobody gets an account by it."""
    assert hospital.sign_in(**lie).refusal == code
    assert hospital.door.world.parts.registry.hospitals.people == {}


def test_another_key_and_a_used_challenge_open_nothing(hospital: Hospital) -> None:
    """A key that only calls itself so; an answer that was taken once; a challenge for passkeys."""
    forged = Vouching(key=type(rsa()).generate_key(2048, {"kid": "key-0"}), issuer=ISSUER, client_id=CLIENT)
    assert Hospital(hospital.door, forged).sign_in().refusal == "provider-signature"
    item = hospital.item()
    sign_in = hospital.door.world.parts.at_sites.hospitals.sign_in
    assert [each.refusal for each in (*sign_in([item]), *sign_in([item]))] == ["", "challenge-spent"]
    assert hospital.sign_in(challenge=hospital.door.challenge("sign-in")).refusal == "challenge-invalid"


def test_nothing_dangerous_and_no_way_in_that_outlives_it(hospital: Hospital) -> None:
    """Nothing is managed, no passkey is made, no other site is reached."""
    door = hospital.door
    found = hospital.sign_in(fonction="praticien")
    challenge, device = door.challenge(ADD_PASSKEY), Authenticator()
    made = device.create(challenge)
    item = AddPasskeyItem(found.grant, KEY, challenge, made.client_data, made.attestation, None, door.at)
    assert door.world.parts.own_accounts.add_passkey([item])[0].refusal == "purpose-not-granted"
    assert door.renew(found.grant, OTHER_SITE).refusal == "no-mandate"
    for purpose in ("manage", "bank-details"):
        assert door.world.parts.grants.check(found.grant, purpose) == "purpose-not-granted"


def test_the_operator_ends_it(hospital: Hospital) -> None:
    """One person; the sites; all of it, by registering it without keys."""
    door = hospital.door
    found = hospital.sign_in()
    assert hospital.register(sites=(OTHER_SITE,)) == ""
    moved = hospital.sign_in()
    assert (moved.account, moved.sites) == (found.account, (OTHER_SITE,))
    assert door.ring("revoke_client", RevokeClient(found.account)) == ""
    assert hospital.sign_in().refusal == "account-revoked"
    door.at += MINUTE
    assert door.renew(moved.grant).refusal == "account-revoked"
    assert hospital.register(keys={}) == ""
    assert hospital.sign_in(sub="another").refusal == "provider-unknown"


@pytest.mark.parametrize(
    "fault",
    [
        {"acr": (), "amr": ()}, {"roles": {}}, {"roles": {"chef": "manager"}}, {"sites": ()}, {"sites": ("1",)},
        {"name": "Hôpital"}, {"issuer": "ftp://x"}, {"claim": ""}, {"keys": {"k": {"kty": "oct", "k": "AA"}}},
    ],
)  # fmt: skip
def test_what_cannot_be_a_hospital_s_provider_is_refused(hospital: Hospital, fault: dict[str, Any]) -> None:
    """No second factor asked, a role that manages, no site, no key of the kind."""
    assert hospital.register(**fault) == "hospital-malformed"
    assert hospital.register(operator="nobody") == "unknown-portal"
