"""portal.toml: what is unsafe is named so and refused in production; a fault repeats no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from rempart.portal.settings import Settings, contrast_with_white, load, parse
from support.portals import settings

SOUND = """
public_origin = "https://portail.horizon.test"
hub = "https://hub.test"
keeper = "horizon+00000000+AAAA"
[operator]
id = "horizon"
name = "Horizon Tiers Payant"
telephone = "01 99 00 12 34"
"""


def codes(text: str) -> set[tuple[str, str]]:
    found = parse(text, Path("/nowhere"))
    assert not isinstance(found, Settings)
    return {(fault.key, fault.code) for fault in found}


def test_a_sound_file_is_read_and_its_paths_start_at_its_folder() -> None:
    """The key's file is named from the folder of the configuration."""
    found = parse(SOUND, Path("/etc/horizon"))
    assert isinstance(found, Settings)
    assert found.key_file == Path("/etc/horizon/portal-key.json")
    assert found.secure
    assert found.production


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('public_origin = "https:', 'public_origin = "http:', ("public_origin", "address")),
        ("portail.horizon.test", "portail.horizon.test/path", ("public_origin", "address")),
        ('hub = "https://hub.test"', 'hub = "http://hub.test"', ("hub", "address")),
        ('keeper = "horizon+00000000+AAAA"', "", ("keeper", "keeper-not-pinned")),
        ("[operator]", "unsafe_plain_http = true\n[operator]", ("unsafe_plain_http", "danger-in-production")),
        (
            'keeper = "horizon+00000000+AAAA"', "unsafe_clear_identities = true",
            ("unsafe_clear_identities", "danger-in-production"),
        ),
        (
            "[operator]", 'production = false\nunsafe_plain_http = true\nlisten_host = "0.0.0.0"\n[operator]',
            ("listen_host", "plain-http"),
        ),
        ('"horizon"', '"Horizon 1"', ("operator.id", "operator-id")),
        ("[operator]", '[operator]\ncolour = "teal"', ("operator.colour", "colour")),
        ("[operator]", '[operator]\ncolour = "#ffd400"', ("operator.colour", "colour-contrast")),
        ("[operator]", "listen_prot = 1\n[operator]", ("", "wrong-option")),
        ('name = "Horizon Tiers Payant"', "name = 3", ("operator.name", "wrong-option")),
        ("hub =", "hub = =", ("", "configuration-not-toml")),
    ],
)  # fmt: skip
def test_each_fault_is_named(old: str, new: str, fault: tuple[str, str]) -> None:
    """One change to a sound file, one fault at its key."""
    assert old in SOUND
    assert fault in codes(SOUND.replace(old, new, 1))


def test_plain_http_is_for_this_machine_only() -> None:
    """With its unsafe name, outside production, on the loopback, and nowhere else."""
    assert not settings("http://localhost:8481").secure
    text = SOUND.replace("https://portail.horizon.test", "http://portail.horizon.test")
    text = text.replace("[operator]", "production = false\nunsafe_plain_http = true\n[operator]")
    assert codes(text) == {("public_origin", "address")}


def test_no_value_is_repeated_in_a_fault(tmp_path: Path) -> None:
    """A secret put in the wrong place does not come back on the screen."""
    path = tmp_path / "portal.toml"
    path.write_text(SOUND.replace('hub = "https://hub.test"', 'hub = ["s3cret-word"]'))
    found = load(path)
    assert not isinstance(found, Settings)
    assert "s3cret-word" not in " ".join(map(str, found))


def test_an_absent_file_is_one_sentence(tmp_path: Path) -> None:
    """It says what to do."""
    found = load(tmp_path / "portal.toml")
    assert not isinstance(found, Settings)
    assert found[0].code == "configuration-absent"


def test_contrast_is_as_wcag_computes_it() -> None:
    """Black has 21, white 1, and #767676 is the lightest grey that passes."""
    assert round(contrast_with_white("#000000"), 2) == 21
    assert round(contrast_with_white("#ffffff"), 2) == 1
    assert contrast_with_white("#767676") >= 4.5 > contrast_with_white("#777777")
