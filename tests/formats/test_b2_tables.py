"""The tables of the profile: families, codes, keys, and the page that prints them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rempart.domain.acts import FAMILIES
from rempart.formats.b2 import CODES, PROFILE
from rempart.formats.b2.describe import BEGIN, END, generated
from rempart.formats.b2.families import CODES as ACT_CODES
from rempart.formats.b2.families import COMPLEMENTS, family_of
from rempart.formats.b2.nir import nir_fault, nir_key

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "b2.md"


def test_the_page_shows_the_tables_as_they_are() -> None:
    """The generated part of docs/formats/b2.md is what `rempart b2 layout` prints."""
    text = PAGE.read_text("utf-8")
    assert text[text.index(BEGIN) : text.index(END)] == generated()[: generated().index(END)]
    assert PROFILE in text


def test_no_act_code_stands_in_two_families() -> None:
    """A code decides one family."""
    codes = [code for listed in ACT_CODES.values() for code in listed]
    assert len(codes) == len(set(codes))


def test_families_are_the_agreed_words() -> None:
    """The table uses the families that domains are found by, all of them but the hospital stay."""
    assert set(ACT_CODES) | {"other", "hospital-stay"} == set(FAMILIES)
    assert {family for _, family in COMPLEMENTS} <= set(FAMILIES)


@pytest.mark.parametrize(
    ("code", "complements", "family"),
    [
        ("PH7", "", "pharmacy"), ("B", "B", "biology"), ("OPT", "F", "optics"), ("PAU", "F", "hearing"),
        ("SPR", "M", "dental-prosthesis"), ("SC", "", "dental"), ("AMY", "", "auxiliary"),
        ("AMI", "", "nursing"), ("AMK", "", "physiotherapy"), ("G", "", "consultation"),
        ("ABA", "T", "transport"), ("ADI", "M", "radiology"), ("ATM", "M", "ccam"), ("PHH", "H", "hospital-drug"),
        ("QQQ", "C", "pharmacy"), ("QQQ", "F", "lpp"), ("QQQ", "S", "other"), ("", "", "other"),
    ],
)  # fmt: skip
def test_a_family_follows_from_code_then_complement(code: str, complements: str, family: str) -> None:
    """A listed code wins over the complement; an unlisted one falls back on it."""
    assert family_of(code, complements) == family


def test_codes_are_stable_words_with_two_sentences() -> None:
    """Every code is kebab-case and says something in both languages."""
    for name, code in CODES.items():
        assert name == code.code == name.lower()
        assert code.english.endswith(".")
        assert code.french.endswith(".")


@pytest.mark.parametrize("nir", ["2690575100001", "1850399134005", "299052A001001", "299052B001001"])
def test_nir_keys(nir: str) -> None:
    """Keys of invented numbers, Corsica included, agree with the published rule (97 minus the rest by 97)."""
    plain = int(nir.replace("2A", "19").replace("2B", "18"))
    assert int(nir_key(nir)) == 97 - plain % 97
    assert nir_fault(nir.encode(), nir_key(nir).encode()) == ""
    assert nir_fault(nir.encode(), b"%02d" % (int(nir_key(nir)) % 97 + 1)) == "nir-key-wrong"


@pytest.mark.parametrize("nir", [b"26905751000 1", b"299052C001001", b"2A90575100001", b"             "])
def test_other_shapes_are_no_nir(nir: bytes) -> None:
    """Blanks inside, other letters or letters elsewhere are malformed, and so is a key without a number."""
    assert nir_fault(nir, b"12") == "nir-malformed"
