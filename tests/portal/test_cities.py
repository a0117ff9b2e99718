"""The city of a session: by the operator's own file, told as a name alone, and never more than the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.portal.cities import Cities, CitiesError
from rempart.portal.devices import named
from rempart.wire.sign_in import DEVICES, told_device
from support.city_files import city_file
from support.portals import ONE, Asker, Clock, doors, settings

if TYPE_CHECKING:
    from pathlib import Path

FILE = {
    "192.0.2.0/25": {"fr": "Rennes", "en": "Rennes"},
    "198.51.100.0/24": {"en": "Brussels"},
    "203.0.113.0/24": {"fr": "<b>Nulle part</b>"},
}
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0 Safari/537.36"
SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three networks."""
    path = tmp_path / "cities.mmdb"
    path.write_bytes(city_file(FILE))
    return path


@pytest.mark.parametrize(
    ("address", "city"),
    [
        ("192.0.2.77", "Rennes"), ("192.0.2.200", ""), ("198.51.100.3", "Brussels"), ("203.0.113.9", ""),
        ("127.0.0.1", ""), ("2001:db8::1", ""), ("", ""), ("not an address", ""), ("192.0.2.77, 10.0.0.1", ""),
    ],
)  # fmt: skip
def test_an_address_has_the_city_of_the_file(file: Path, address: str, city: str) -> None:
    """In French first; what is no city's name, no address or not in the file has none."""
    assert Cities(file).at(address) == city


def test_without_a_file_nothing_is_known() -> None:
    """The list then shows the device alone."""
    assert Cities().at("192.0.2.77") == ""


def test_another_file_is_refused_before_anything_listens(tmp_path: Path) -> None:
    """A file that is not there, or is no database, is said by its path."""
    path = tmp_path / "cities.mmdb"
    for content in (None, b"", b"network,city\n192.0.2.0/25,Rennes\n"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CitiesError, match=r"cities\.mmdb"):
            Cities(path)


@given(st.sampled_from(sorted(DEVICES)), st.text(max_size=80))
def test_what_the_hub_keeps_is_a_device_and_a_name(device: str, city: str) -> None:
    """Whatever a portal tells: 60 characters, no digit, mark-up or line end, and never another device."""
    kept = told_device(f"{device}@{city}")
    assert kept.partition("@")[0] == device
    assert len(kept) <= 60
    assert not set(kept.partition("@")[2]) & set('0123456789<>&"@\r\n\t/;:')
    assert told_device(city) in {"", *DEVICES}


@pytest.mark.parametrize(
    ("header", "sent", "told"),
    [
        ("x-real-ip", {"x_real_ip": "192.0.2.77"}, "chrome/windows@Rennes"),
        ("x-forwarded-for", {"x_forwarded_for": "198.51.100.3, 192.0.2.77"}, "chrome/windows@Rennes"),
        ("x-real-ip", {"x_forwarded_for": "192.0.2.77"}, "chrome/windows"),
        ("", {"x_real_ip": "192.0.2.77"}, "chrome/windows"),
    ],
)  # fmt: skip
def test_the_hub_is_told_the_city_by_the_proxys_word_alone(
    file: Path, header: str, sent: dict[str, str], told: str
) -> None:
    """The header that the operator named, its last address; no other header, and no browser's own word."""
    made = doors(clock=Clock())
    asker = Asker(made, msgspec.structs.replace(settings(), cities=file, client_address=header))
    asker.signed_in(ONE)
    challenge = asker.post("/session/challenge").json()["challenge"]
    asker.post("/session", {"challenge": challenge, **SIGNED}, user_agent=CHROME, **sent)
    assert asker.doors.device == told


def test_the_list_of_sessions_shows_it() -> None:
    """Browser, system and city; the address is nowhere."""
    assert named("chrome/windows@Saint-Denis") == ("Chrome", "Windows", "Saint-Denis")
