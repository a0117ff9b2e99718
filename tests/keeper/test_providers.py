"""Sessions by Pro Santé Connect at the keeper, which verifies the id_token itself and knows who is linked to what."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rempart.keeper.clock import HOUR, MINUTE
from rempart.sealing.account_frames import ADD_PASSKEY, PROVIDER, SIGN_IN, AddPasskeyItem, SessionResult
from rempart.sealing.provider_frames import LinkItem, ProviderItem, RegisterProvider, UnlinkItem
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE, make_world
from support.people import KEY, NOON, THEIR_KEY, Door
from support.vouching import ACR, CLIENT, ISSUER, NATIONAL_ID, Vouching, jwks, rsa

DAY = 24 * HOUR


@dataclass
class Entry:
    """A keeper's door at which one person is linked to an account at SITE, without a passkey."""

    door: Door
    vouching: Vouching = field(default_factory=Vouching)

    def open(self) -> Entry:
        assert self.provider() == ""
        assert self.link(SITE) == ""
        return self

    def provider(self, **changed: Any) -> str:
        said = {"operator": "horizon", "issuer": ISSUER, "client_id": CLIENT, "acr": (ACR,), "keys": jwks(rsa())}
        return self.door.ring("provider", RegisterProvider(**(said | changed)))

    def link(self, site: str, **changed: Any) -> str:
        said = {
            "operator": "horizon", "national_id": NATIONAL_ID, "account": self.door.account, "site": site,
            "role": "professional", "until": NOON + 7 * DAY,
        }  # fmt: skip
        return self.door.ring("link", LinkItem(**(said | changed)))

    def item(self, **changed: Any) -> ProviderItem:
        """A good sign-in, or one with something else in it; what is no field of the item is a lie of the provider."""
        challenge = changed.pop("challenge", None) or self.door.challenge(PROVIDER)
        lies = {name: changed.pop(name) for name in tuple(changed) if name not in ProviderItem.__struct_fields__}
        nonce = urlsafe_b64encode(challenge).rstrip(b"=").decode()
        id_token = self.vouching.id_token(nonce, instant=self.door.at // 1_000_000, **lies)
        said = {
            "operator": "horizon", "binding": KEY, "challenge": challenge, "id_token": id_token, "sites": (SITE,),
            "anywhere": False, "instant": self.door.at,
        }  # fmt: skip
        return ProviderItem(**(said | changed))

    def add(self, grant: bytes, device: Authenticator) -> str:
        """Makes a passkey in a session, without the signature of another one."""
        challenge = self.door.challenge(ADD_PASSKEY)
        made = device.create(challenge)
        item = AddPasskeyItem(grant, KEY, challenge, made.client_data, made.attestation, None, self.door.at)
        return self.door.world.parts.own_accounts.add_passkey([item])[0].refusal

    def sign_in(self, **changed: Any) -> SessionResult:
        return self.door.world.parts.providers.sign_in([self.item(**changed)])[0]


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Entry]:
    made = Entry(Door(make_world(tmp_path, demo_clock_of_callers=True)).open()).open()
    yield made
    made.door.world.parts.close()


def test_a_linked_person_comes_in(entry: Entry) -> None:
    """At the one site, for an hour, on probation throughout; the session asks what a session asks."""
    found = entry.sign_in()
    assert (found.refusal, found.account, found.site, found.sites) == ("", entry.door.account, SITE, (SITE,))
    assert (found.until, found.probation, found.watched) == (NOON + HOUR, NOON + HOUR, 0)
    assert entry.door.derive(found.grant) == ""
    held = entry.door.world.parts.grants.read(found.grant)
    assert held is not None
    assert "manage" not in held.grant.purposes


def test_the_keeper_believes_the_signature_alone(entry: Entry) -> None:
    """Whatever hub and portal say: another issuer, client, nonce, level, hour or key is refused, each by its code."""
    other = entry.door.challenge(PROVIDER)
    hostile: tuple[tuple[str, dict[str, Any]], ...] = (
        ("provider-issuer", {"iss": "https://auth.other.test"}),
        ("provider-audience", {"aud": "another-client", "azp": None}),
        ("provider-nonce", {"nonce": urlsafe_b64encode(other).rstrip(b"=").decode()}),
        ("provider-acr", {"acr": None}),
        ("provider-expired", {"exp": NOON // 1_000_000}),
        ("unsupported-algorithm", {"header": {"alg": "none"}}),
        ("provider-identity", {"SubjectNameID": "810009999999"}),
    )
    for refusal, lies in hostile:
        assert entry.sign_in(**lies).refusal == refusal
    entry.vouching = Vouching(rsa(1))
    assert entry.sign_in().refusal == "provider-key-unknown"
    assert entry.sign_in(header={"kid": "key-0"}).refusal == "provider-signature"
    entry.vouching = Vouching()
    assert entry.sign_in().refusal == ""


def test_a_challenge_is_good_once_for_its_own_purpose_and_portal(entry: Entry) -> None:
    """A token shown twice, over another purpose's challenge, at another portal, by another key, too late: refused."""
    item = entry.item()
    sign_in = entry.door.world.parts.providers.sign_in
    assert sign_in([item])[0].refusal == ""
    assert sign_in([item])[0].refusal == "challenge-spent"
    assert entry.sign_in(challenge=entry.door.challenge(SIGN_IN)).refusal == "challenge-invalid"
    assert entry.sign_in(operator="azur").refusal == "portal-key-unknown"
    assert entry.sign_in(operator="azur", binding=THEIR_KEY).refusal == "provider-unknown"
    late = entry.item()
    entry.door.at += 6 * MINUTE
    entry.door.world.parts.clock.hear(entry.door.at)
    renewed = ProviderItem(*(getattr(late, name) for name in late.__struct_fields__[:-1]), entry.door.at)
    assert sign_in([renewed])[0].refusal == "challenge-expired"


def test_who_is_not_linked_does_not_come_in(entry: Entry) -> None:
    """An unknown person, one linked at another operator's, one whose link ended: one answer."""
    stranger = {"SubjectNameID": "810009999999", "sub": "f:x:810009999999"}
    assert entry.sign_in(**stranger).refusal == "link-unknown"
    assert entry.provider(operator="azur", client_id="rempart-azur") == ""
    challenge = entry.door.challenge(PROVIDER, "azur", THEIR_KEY)
    theirs = {"operator": "azur", "binding": THEIR_KEY, "aud": "rempart-azur", "azp": "rempart-azur"}
    assert entry.sign_in(challenge=challenge, **theirs).refusal == "link-unknown"
    before = entry.sign_in()
    assert entry.door.ring("unlink", UnlinkItem("horizon", entry.door.account)) == ""
    assert entry.sign_in().refusal == "link-unknown"
    assert entry.door.renew(before.grant).refusal == "link-unknown"
    assert entry.door.derive(before.grant) == "grant-revoked"
    assert entry.door.ring("unlink", UnlinkItem("horizon", entry.door.account)) == "link-unknown"


def test_who_is_linked_by_the_keepers_own_name_comes_in(entry: Entry) -> None:
    """The refusal of a stranger carries a name of 16 bytes, and no other refusal does; it links as a number does."""
    stranger = {"SubjectNameID": "810009999999", "sub": "f:x:810009999999"}
    assert entry.door.ring("unlink", UnlinkItem("horizon", entry.door.account)) == ""
    refused = entry.sign_in(**stranger)
    assert (refused.refusal, len(refused.person)) == ("link-unknown", 16)
    assert entry.sign_in(nonce="another").person == b""
    until = entry.door.at + 3_600_000_000
    item = LinkItem("horizon", "", entry.door.account, SITE, "professional", until, refused.person)
    for lie in ({"person": b"short"}, {"national_id": "810009999999"}, {"person": b""}):
        assert entry.door.ring("link", msgspec.structs.replace(item, **lie)) == "link-malformed"
    assert entry.door.ring("link", item) == ""
    found = entry.sign_in(**stranger)
    assert (found.refusal, found.account, found.person) == ("", entry.door.account, b"")
    assert entry.sign_in().refusal == "link-unknown"


def test_a_session_is_for_the_linked_sites_that_userinfo_names(entry: Entry) -> None:
    """The narrower of both: a site with a mandate and no link is not offered, nor one that userinfo does not tell."""
    entry.door.mandate(OTHER_SITE)
    assert entry.sign_in(sites=(SITE, OTHER_SITE)).sites == (SITE,)
    assert entry.link(OTHER_SITE) == ""
    both = entry.sign_in(sites=(OTHER_SITE, SITE))
    assert (both.site, both.sites) == ("", (OTHER_SITE, SITE))
    assert entry.door.derive(both.grant) == "purpose-not-granted"
    assert entry.door.renew(both.grant, OTHER_SITE).site == OTHER_SITE
    one = entry.sign_in(sites=(SITE,))
    assert entry.door.renew(one.grant, OTHER_SITE).refusal == "no-mandate"
    assert entry.sign_in(sites=(), anywhere=True).sites == (OTHER_SITE, SITE)
    assert entry.sign_in(sites=("999999999",)).refusal == "no-exercice"


def test_a_site_without_a_mandate_is_closed(entry: Entry) -> None:
    """A link alone opens nothing."""
    assert entry.link(OTHER_SITE) == ""
    assert entry.sign_in(sites=(OTHER_SITE,)).refusal == "no-mandate"


def test_a_session_is_renewed_for_an_hour(entry: Entry) -> None:
    """By its own portal only; then one signs in again, and a pause ends it earlier."""
    first = entry.sign_in()
    assert entry.door.renew(first.grant, binding=THEIR_KEY).refusal == "other-binding"
    entry.door.at += 14 * MINUTE
    later = entry.door.renew(first.grant)
    assert (later.refusal, later.until, later.session) == ("", first.until, first.session)
    assert entry.door.derive(later.grant) == ""
    entry.door.at += 31 * MINUTE
    assert entry.door.renew(later.grant).refusal == "session-idle"
    entry.door.at = NOON + HOUR
    assert entry.door.renew(later.grant).refusal == "session-over"


def test_after_some_days_a_passkey_is_required(entry: Entry) -> None:
    """Without one the provider opens nothing more; with one it does again."""
    entry.door.at += 6 * DAY
    assert entry.sign_in().refusal == ""
    assert entry.door.enrol().refusal == ""
    entry.door.at += 2 * DAY
    assert entry.sign_in().refusal == ""
    for _, passkey in entry.door.world.parts.registry.accounts.opening(entry.door.account):
        entry.door.world.parts.registry.accounts.revoke(entry.door.account, passkey.credential)
    assert entry.sign_in().refusal == "passkey-required"


def test_in_such_a_session_one_makes_the_first_passkey(entry: Entry) -> None:
    """It opens the next session, on probation; a second one in this way needs the first one's signature."""
    grant = entry.sign_in().grant
    first, second = Authenticator(), Authenticator()
    assert entry.add(grant, first) == ""
    opened = entry.door.sign_in(first)
    assert (opened.refusal, opened.account, opened.site) == ("", entry.door.account, SITE)
    assert opened.probation == opened.watched == NOON + 72 * HOUR
    beside = entry.sign_in()
    assert (beside.probation, beside.watched) == (NOON + HOUR, NOON + 72 * HOUR), "another way in is watched as well"
    assert entry.add(grant, second) != ""
    assert entry.door.sign_in(second).refusal == "unknown-passkey"


def test_an_account_that_ended_stays_ended(entry: Entry) -> None:
    """Nobody comes in, and nobody is linked to it."""
    entry.door.world.parts.registry.revoke(entry.door.account)
    assert entry.sign_in().refusal == "account-revoked"
    assert entry.link(SITE) == "account-revoked"


def test_one_person_is_one_account(entry: Entry) -> None:
    """A person cannot be linked to two accounts, an account not to two persons; the same link again changes nothing."""
    other = "a" + "0" * 15
    assert entry.door.invite("0123-4567-89AB-CDEF", other) == ""
    assert entry.link(SITE) == ""
    assert entry.link(SITE, account=other) == "link-exists"
    assert entry.link(SITE, national_id="810009999999") == "link-exists"
    assert entry.link(SITE, account="a" + "1" * 15) == "account-unknown"
    assert entry.link("12345678", account=other, national_id="8100") == "link-malformed"
    assert entry.link(SITE, account=other, national_id="8 100") == "link-malformed"
    assert entry.link(SITE, account=other, national_id="8100", operator="azur") == "account-unknown"


def test_what_is_registered_survives_a_restart_and_names_nobody(entry: Entry) -> None:
    """The registry holds no national identifier; a provider with a private key or without a level is refused."""
    told = (entry.door.world.folder / "state" / "registry").read_bytes()
    assert NATIONAL_ID.encode() not in told
    assert NATIONAL_ID[1:].encode() not in told
    entry.door.restart()
    assert entry.sign_in().refusal == ""
    private = {"key-1": {k: str(v) for k, v in rsa(1).as_dict(private=True).items()}}
    assert entry.provider(keys=private) == "provider-malformed"
    assert entry.provider(acr=()) == "provider-malformed"
    assert entry.provider(issuer="not an address") == "provider-malformed"
    assert entry.provider(operator="nobody") == "unknown-portal"
    assert entry.provider(keys={}) == ""
    assert entry.sign_in().refusal == "provider-unknown"
