"""The configuration file: complete sample, all faults at once, no danger in production."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rempart.ground.settings import PROFESSIONS, Budget, SettingFault, Settings, flat, load, parse

SAMPLE = Path(__file__).parents[2] / "docs" / "operations" / "rempart.toml"
HERE = Path("/srv/rempart")
NONE = Budget(typed=0, machine=0)
TRADE = {
    "nurse": (10, 25),
    "doctor": (15, 40),
    "dentist": (20, 40),
    "optician": (25, 60),
    "hearing": (10, 25),
    "laboratory": (60, 400),
    "radiology": (60, 250),
    "pharmacy": (60, 400),
    "clinic": (100, 600),
    "hospital": (300, 3_000),
}


def _faults(text: str) -> dict[str, str]:
    found = parse(text, HERE)
    assert isinstance(found, tuple)
    return {fault.key: fault.code for fault in found}


def _settings(text: str) -> Settings:
    found = parse(text, HERE)
    assert isinstance(found, Settings), found
    return found


def test_the_sample_says_exactly_the_defaults() -> None:
    """The documented sample parses, and each of its values is the default."""
    assert load(SAMPLE) == parse("", SAMPLE.parent)


def test_the_sample_shows_every_key() -> None:
    """No option is missing from the sample, not even one without a default."""
    text = SAMPLE.read_text("utf-8")
    names = {key.split(".")[-1] for key, _ in flat(Settings())} - {"typed", "machine", "accounts"}
    missing = [name for name in sorted(names) if not re.search(rf"^(# )?{name} = ", text, re.MULTILINE)]
    assert not missing
    for table in ("budgets", "[payment.accounts]"):
        assert f"[{table}]" in text
    assert all(f"\n{profession} = {{" in text for profession in PROFESSIONS)


def test_all_faults_are_told_together_and_name_their_place() -> None:
    """One reading tells every fault: unknown key, wrong type, out of range, missing part."""
    text = """
    foo = 1
    [hub]
    port = "8443"
    lanes = 0
    prot = 1
    [keeper]
    kek = "cloud"
    [budgets.nurse]
    typed = 1
    [[payment.accounts]]
    reference = 3
    """
    assert _faults(text) == {
        "foo": "unknown-key",
        "hub.port": "wrong-type",
        "hub.lanes": "wrong-type",
        "hub.prot": "unknown-key",
        "keeper.kek": "wrong-type",
        "budgets.nurse.machine": "missing-key",
        "payment.accounts[0].reference": "wrong-type",
        "payment.accounts[0].operator": "missing-key",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[hub]\nport = "x"', "hub.port: expected int, got str"),
        ("[hub]\nport = 70000", "hub.port: expected int <= 65535"),
        ("hub = 3", "hub: expected a table"),
        ("[paths]\ndata = 3", "paths.data: expected a path as text"),
        ("[hub]\nlanes = true", "hub.lanes: expected int, got bool"),
    ],
)
def test_a_wrong_value_is_told_in_words(text: str, sentence: str) -> None:
    """The sentence names section and key, and says what was expected."""
    found = parse(text, HERE)
    assert isinstance(found, tuple)
    assert [str(fault) for fault in found] == [sentence]


@pytest.mark.parametrize(
    "text", ["[database]\nhub_url = 'postgresql://u:geheim@/d'", "a = 'geheim", "[keeper]\nkek = 'geheim'"]
)
def test_no_fault_repeats_a_value(text: str) -> None:
    """A secret put in the wrong place is not echoed."""
    found = parse(text, HERE)
    assert isinstance(found, tuple)
    assert found
    assert all("geheim" not in str(fault) for fault in found)


@pytest.mark.parametrize("url", ["postgresql://u:p@/d", "postgresql://u@/d?password=p"])
def test_a_password_in_a_url_is_refused(url: str) -> None:
    """A password belongs in a 0600 file."""
    assert _faults(f"[database]\nworker_url = '{url}'") == {"database.worker_url": "password-in-url"}


def test_production_refuses_each_danger() -> None:
    """Every dangerous option is told by name; without production it is only listed."""
    text = "[demo]\nunsafe_meter_off = true\ndemo_simulated_clock = true\n[hub]\nunsafe_plain_http = true\n"
    dangers = ("hub.unsafe_plain_http", "demo.demo_simulated_clock", "demo.unsafe_meter_off")
    urls = "".join(f'{role}_url = "postgresql://{role}@/rempart"\n' for role in ("owner", "hub", "worker", "auditor"))
    assert _settings(text).dangers() == dangers
    refused = _faults("production = true\n[database]\n" + urls + text.replace("production", ""))
    assert refused == dict.fromkeys(dangers, "danger-in-production")


def test_production_wants_a_url_for_each_role() -> None:
    """Without the embedded server, each of the four roles needs its own URL."""
    assert set(_faults("production = true")) == {
        f"database.{role}_url" for role in ("owner", "hub", "worker", "auditor")
    }


def test_relative_paths_start_at_the_file() -> None:
    """Given or default, a relative path starts at the configuration's folder; an absolute one stays."""
    settings = _settings("[paths]\ndata = 'd'\nspool = '/s'\n[hub.client_certificate]\nproxy_socket = 'p.sock'")
    assert settings.paths.data == HERE / "d"
    assert settings.paths.spool == Path("/s")
    assert settings.hub.client_certificate.proxy_socket == HERE / "p.sock"
    assert settings.keeper.pkcs11.pin_file == HERE / "var/keeper-pin"
    assert settings.paths.keeper_socket("ask") == HERE / "var/keeper/ask.sock"


def test_an_absent_file_says_what_to_do(tmp_path: Path) -> None:
    """No configuration is one fault, not a traceback."""
    found = load(tmp_path / "none.toml")
    assert isinstance(found, tuple)
    assert [type(fault) for fault in found] == [SettingFault]
    assert found[0].code == "configuration-absent"


def test_budgets_are_those_of_the_trade() -> None:
    """Start values of strangers a day, typed and machine; an unknown profession has none.

    The trade names ten; the other professions have start values of their own, without a source.
    """
    budgets = _settings("").budgets
    assert {name: (budget.typed, budget.machine) for name in TRADE if (budget := budgets.of(name))} == TRADE
    assert {name for name in PROFESSIONS if name not in TRADE} == {
        "physiotherapist", "speech_therapist", "podologist", "orthoptist", "midwife", "transport", "equipment",
    }  # fmt: skip
    assert all(0 < (budgets.of(name) or NONE).typed <= (budgets.of(name) or NONE).machine for name in PROFESSIONS)
    assert budgets.of("hour_fraction") is None
    assert budgets.of("astrologer") is None
