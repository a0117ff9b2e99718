"""Shared workstations at the keeper: who may be seated, what a PIN opens, and what ends it."""

from __future__ import annotations

import pytest

from rempart.domain.authorities import BANK_DETAILS, MANAGE
from rempart.keeper.clock import HOUR, MINUTE
from rempart.keeper.stations import MOST_SEATS, MOST_WRONG
from rempart.sealing.account_frames import RevokePasskey
from rempart.sealing.invitations import fresh_account, fresh_code
from rempart.sealing.ringing import RevokeClient
from rempart.sealing.station_frames import StationsItem
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE
from support.people import KEY, THEIR_KEY, Door
from support.stations import Counter, Workstation

PIN = "2580"


def _person(door: Door, role: str = "manager", site: str = SITE) -> tuple[Authenticator, bytes, str]:
    """Somebody enrolled at a site: device, grant, account."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role=role, site=site) == ""
    door.mandate(site, account=account)
    assert door.enrol(device, code=code, site=site).refusal == ""
    return device, door.sign_in(device).grant, account


@pytest.fixture
def counter(door: Door) -> Counter:
    """A workstation enrolled by a manager; the door's own person has a passkey."""
    made = Counter(door)
    device, grant, _ = _person(door)
    door.enrol()
    assert made.enrol(grant, device).refusal == ""
    return made


def test_a_pin_opens_a_session_of_that_person_at_that_site(counter: Counter) -> None:
    """After one passkey of the shift: another session of the same account, for what the counter does."""
    door = counter.door
    opened = door.sign_in()
    seat = counter.sit(opened.grant, door.account, PIN)
    assert (seat.refusal, seat.until) == ("", opened.until)
    back = counter.switch(seat.seat, PIN)
    assert (back.refusal, back.account, back.site, back.role) == ("", door.account, SITE, "professional")
    assert back.session != opened.session
    assert (back.until, back.signed_in) == (opened.until, opened.signed_in)
    assert door.derive(back.grant) == ""


def test_a_workstation_needs_a_manager_s_signature_over_its_own_key(door: Door) -> None:
    """Not a professional's, not over another key, not for another site; a key is one workstation."""
    made = Counter(door)
    device, grant, _ = _person(door)
    other, lesser, _ = _person(door, "professional")
    assert made.enrol(lesser, other).refusal == "purpose-not-granted"
    assert made.enrol(grant, device, shown=Workstation().point).refusal == "challenge-invalid"
    assert made.enrol(grant, device, site=OTHER_SITE).refusal == "challenge-invalid"
    assert made.enrol(grant, other).refusal == "unknown-passkey"
    assert made.enrol(grant, device, key=b"\x04" + bytes(64), shown=b"\x04" + bytes(64)).refusal == "station-key"
    assert made.enrol(grant, device).refusal == ""
    assert made.enrol(grant, device).refusal == "station-exists"
    door.restart()
    told = door.world.parts.at_sites.stations.told([StationsItem(grant, KEY, door.at)])[0]
    assert [each.station for each in told.stations] == [made.station.name]


def test_nobody_else_signs_for_a_workstation(counter: Counter) -> None:
    """Another key, another message, an old challenge, another portal: refused before the PIN is looked at."""
    door = counter.door
    grant = door.sign_in().grant
    stranger = Workstation()
    assert counter.sit(grant, door.account, PIN, by=stranger).refusal == "station-refused"
    assert counter.sit(grant, fresh_account(), PIN).refusal == "station-refused"
    seat = counter.sit(grant, door.account, PIN).seat
    assert counter.switch(seat, PIN, by=stranger).refusal == "station-refused"
    assert counter.switch(seat, PIN, proof=bytes(32)).refusal == "station-refused"
    assert counter.switch(bytes(8), PIN).refusal == "seat-unknown"
    assert counter.switch(seat, PIN, station=bytes(16)).refusal == "station-unknown"
    used = door.challenge("station")
    assert counter.switch(seat, PIN, challenge=used).refusal == ""
    assert counter.switch(seat, PIN, challenge=used).refusal == "challenge-spent"
    assert counter.switch(seat, PIN, challenge=door.challenge("sign-in")).refusal == "challenge-invalid"
    theirs = door.challenge("station", "azur", THEIR_KEY)
    found = counter.switch(seat, PIN, challenge=theirs, operator="azur", binding=THEIR_KEY)
    assert found.refusal == "station-unknown"


def test_five_wrong_pins_end_a_seat_until_the_next_passkey(counter: Counter) -> None:
    """A right one in between counts anew; afterwards the right PIN opens nothing either."""
    door = counter.door
    seat = counter.sit(door.sign_in().grant, door.account, PIN).seat
    for _ in range(MOST_WRONG - 1):
        assert counter.switch(seat, "0000").refusal == "pin-refused"
    assert counter.switch(seat, PIN).refusal == ""
    said = [counter.switch(seat, "0000").refusal for _ in range(MOST_WRONG)]
    assert said == ["pin-refused"] * (MOST_WRONG - 1) + ["seat-unknown"]
    assert counter.switch(seat, PIN).refusal == "seat-unknown"
    again = counter.sit(door.sign_in().grant, door.account, PIN).seat
    assert counter.switch(again, PIN).refusal == ""


def test_many_wrong_pins_of_several_people_end_every_seat_there(counter: Counter) -> None:
    """Fifteen within an hour at one workstation, whoever is tried; an hour later they count anew."""
    door = counter.door
    people = [_person(door, "staff") for _ in range(4)]
    seats = [counter.sit(grant, account, PIN).seat for _, grant, account in people]
    for _ in range(4):
        for seat in seats[:3]:
            assert counter.switch(seat, "0000").refusal == "pin-refused"
    door.at += HOUR + MINUTE
    assert counter.switch(seats[3], "0000").refusal == "pin-refused"
    for seat in seats[:3]:
        assert counter.switch(seat, PIN).refusal == ""
    for _ in range(MOST_WRONG - 1):
        for seat in seats[:3]:
            counter.switch(seat, "0000")
    counter.switch(seats[0], "0000")
    counter.switch(seats[1], "0000")
    assert counter.switch(seats[3], PIN).refusal == "seat-unknown"


def test_a_pin_opens_nothing_dangerous(door: Door) -> None:
    """A manager who came back by a PIN manages nothing, adds and ends no passkey, seats nobody; nor once renewed."""
    made = Counter(door)
    device, grant, account = _person(door)
    assert made.enrol(grant, device).refusal == ""
    seat = made.sit(grant, account, PIN).seat
    back = made.switch(seat, PIN)
    assert back.role == "professional"
    door.at += 10 * MINUTE
    for held in (back, door.renew(back.grant)):
        assert held.refusal == ""
        for purpose in (MANAGE, BANK_DETAILS):
            assert door.world.parts.grants.check(held.grant, purpose) == "purpose-not-granted"
        assert door.recover(held.grant, device, door.account).refusal == "passkey-session-required"
        assert door.add_passkey(held.grant, Authenticator(), device) == "passkey-session-required"
        (named,) = door.account_of(held.grant).passkeys
        assert door.end_passkey(held.grant, named.passkey) == "passkey-session-required"
        assert made.sit(held.grant, account, PIN).refusal == "passkey-session-required"
        assert made.enrol(held.grant, device).refusal == "passkey-session-required"
        assert made.end(held.grant) == "purpose-not-granted"
    assert door.recover(door.sign_in(device).grant, device, fresh_account()).refusal == "account-unknown"


def test_it_all_ends_with_the_shift(counter: Counter) -> None:
    """Ten hours after the passkey: the seat is gone, and what it opened is renewed no more."""
    door = counter.door
    opened = door.sign_in()
    seat = counter.sit(opened.grant, door.account, PIN).seat
    door.at = opened.until - MINUTE
    back = counter.switch(seat, PIN)
    assert (back.refusal, back.expires) == ("", opened.until)
    door.at = opened.until
    assert counter.switch(seat, PIN).refusal == "seat-unknown"
    assert door.renew(back.grant).refusal == "session-over"


@pytest.mark.parametrize("way", ["everywhere", "passkey", "account", "station", "restart"])
def test_it_ends_with_what_it_stands_on(counter: Counter, way: str) -> None:
    """Signing out everywhere, the passkey, the account, the workstation, the keeper's memory: seat and sessions."""
    door = counter.door
    opened = door.sign_in()
    seat = counter.sit(opened.grant, door.account, PIN).seat
    back = counter.switch(seat, PIN)
    assert back.refusal == ""
    if way == "everywhere":
        assert door.end_sessions(opened.grant, every=True) == ""
    elif way == "passkey":
        assert door.ring("revoke_passkey", RevokePasskey(door.account, door.device.credential)) == ""
    elif way == "account":
        assert door.ring("revoke_client", RevokeClient(door.account)) == ""
    elif way == "station":
        assert counter.end(_person(door)[1]) == ""
    else:
        door.restart()
    assert counter.switch(seat, PIN).refusal == ("station-unknown" if way == "station" else "seat-unknown")
    assert (door.renew(back.grant).refusal == "") == (way == "restart")
    assert (door.derive(back.grant) == "") == (way == "restart")


def test_ending_one_session_leaves_the_seat(counter: Counter) -> None:
    """Handing the counter over signs out, and the person comes back by the PIN."""
    door = counter.door
    seat = counter.sit(door.sign_in().grant, door.account, PIN).seat
    back = counter.switch(seat, PIN)
    assert door.end_sessions(back.grant) == ""
    assert door.renew(back.grant).refusal == "session-over"
    assert counter.switch(seat, PIN).refusal == ""


def test_a_seat_is_at_the_workstation_s_own_site(counter: Counter) -> None:
    """A session of another site takes none, a renewal moves nowhere, and a mandate that ended opens nothing."""
    door = counter.door
    door.mandate(OTHER_SITE)
    elsewhere = door.sign_in(site=OTHER_SITE)
    assert counter.sit(elsewhere.grant, door.account, PIN).refusal == "station-unknown"
    seat = counter.sit(door.sign_in(site=SITE).grant, door.account, PIN).seat
    back = counter.switch(seat, PIN)
    assert back.sites == (SITE,)
    assert door.renew(back.grant, OTHER_SITE).refusal == "no-mandate"
    door.mandate(SITE, end=door.at)
    assert counter.switch(seat, PIN).refusal == "no-mandate"


def test_one_person_has_one_seat_and_a_workstation_not_without_end(counter: Counter) -> None:
    """Choosing a PIN again ends the older one; the twenty-first person waits."""
    door = counter.door
    first = counter.sit(door.sign_in().grant, door.account, PIN).seat
    second = counter.sit(door.sign_in().grant, door.account, "9753").seat
    assert counter.switch(first, PIN).refusal == "seat-unknown"
    assert counter.switch(second, "9753").refusal == ""
    for _ in range(MOST_SEATS - 1):
        _, grant, account = _person(door, "staff")
        assert counter.sit(grant, account, PIN).refusal == ""
    _, grant, account = _person(door, "staff")
    assert counter.sit(grant, account, PIN).refusal == "station-full"
    assert counter.sit(door.sign_in().grant, door.account, PIN).refusal == ""


def test_another_site_s_manager_neither_sees_nor_ends_a_workstation(counter: Counter) -> None:
    """It looks absent."""
    door = counter.door
    _, grant, _ = _person(door, site=OTHER_SITE)
    assert door.world.parts.at_sites.stations.told([StationsItem(grant, KEY, door.at)])[0].stations == ()
    assert counter.end(grant) == "station-unknown"
