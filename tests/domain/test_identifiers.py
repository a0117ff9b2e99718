"""Identifiers: what each must look like, and its one canonical form."""

from __future__ import annotations

import pytest
import stdnum.fr.nir
import stdnum.luhn
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.identifiers import (
    Fault,
    luhn_digit,
    nir_key,
    parse_am_number,
    parse_amc,
    parse_birth,
    parse_finess,
    parse_nir,
    parse_rank,
    parse_rpps,
    parse_site,
    parse_site_reference,
)

digits = st.text("0123456789", min_size=0, max_size=20)
departments = st.sampled_from([f"{n:02d}" for n in range(1, 100) if n != 20] + ["2A", "2B"])
months = st.sampled_from([f"{n:02d}" for n in (*range(1, 13), *range(20, 100))])
nirs = st.builds(
    lambda sex, year, month, department, commune, order: f"{sex}{year:02d}{month}{department}{commune:03d}{order:03d}",
    st.sampled_from("123478"),
    st.integers(0, 99),
    months,
    departments,
    st.integers(1, 999),
    st.integers(1, 999),
)


@pytest.mark.parametrize(
    "written",
    [
        "223115935012322",
        "200029923123486",
        "254031088723464",
        "195017262676215",
        "155053933981739",
        "106099955391094",
        "323075935012305",  # waiting numbers
        "799079935200110",
        "885059912345645",
    ],
)
def test_a_nir_in_use_is_read_without_warning(written: str) -> None:
    """Published test numbers, waiting ones among them, come out as 13 characters."""
    assert parse_nir(written) == (written[:13], ())


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "nir-length"),
        ("22311593501232", "nir-length"),
        ("2231159350123220", "nir-length"),
        ("223115935012323", "nir-key"),
        ("22311593501230A", "nir-shape"),
        ("2231152C50123", "nir-shape"),
        ("A231159350123", "nir-shape"),
        ("22311593501²3", "nir-shape"),
        ("٢٢٣١١٥٩٣٥٠١٢٣", "nir-shape"),
    ],
)
def test_a_nir_that_is_none_is_refused(written: str, code: str) -> None:
    """The wrong length, characters or key are refused, each with its code."""
    assert parse_nir(written) == Fault("nir", code)


@pytest.mark.parametrize(
    ("nir", "codes"),
    [
        ("5850575100042", ("nir-sex-unknown",)),
        ("1851375100042", ("nir-month-unknown",)),
        ("1850075100042", ("nir-month-unknown",)),
        ("1850520100042", ("nir-department-unknown",)),
        ("1850500100042", ("nir-department-unknown",)),
        ("1850575100000", ("nir-order-zero",)),
        ("0001900000000", ("nir-sex-unknown", "nir-month-unknown", "nir-department-unknown", "nir-order-zero")),
    ],
)
def test_what_stdnum_lets_through_and_cannot_exist_is_a_warning(nir: str, codes: tuple[str, ...]) -> None:
    """Such a number is found all the same: its holder must not be lost."""
    written = nir + nir_key(nir)
    assert stdnum.fr.nir.is_valid(written)
    assert parse_nir(written) == (nir, codes)


@given(nir=nirs, lower=st.booleans())
def test_a_nir_is_read_alike_with_and_without_key_and_spaces(nir: str, *, lower: bool) -> None:
    """13 or 15 characters, spaces and small letters give one canonical form, and stdnum agrees on the key."""
    written = nir + nir_key(nir)
    assert stdnum.fr.nir.is_valid(written)
    spaced = " ".join(
        (written[:1], written[1:3], written[3:5], written[5:7], written[7:10], written[10:13], written[13:])
    )
    assert parse_nir(nir) == parse_nir(written) == parse_nir(spaced.lower() if lower else spaced) == (nir, ())


@given(nirs, st.integers(0, 14), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_seen_by_the_key(nir: str, place: int, digit: str) -> None:
    """The key, modulo 97, sees every change of one digit."""
    written = nir + nir_key(nir)
    if written[place] == digit or place in {5, 6}:
        return
    assert parse_nir(written[:place] + digit + written[place + 1 :]) == Fault("nir", "nir-key")


@given(st.text(max_size=20))
def test_no_text_makes_a_parser_raise_or_echo(text: str) -> None:
    """Any text gives a value or a fault, and a fault never holds the text."""
    for parse in (parse_nir, parse_birth, parse_rank, parse_amc, parse_site, parse_finess, parse_am_number, parse_rpps):
        found = parse(text)
        if isinstance(found, Fault):
            assert len(text) < 4 or text not in repr(found)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("850512", "850512"),
        ("19850512", "850512"),
        ("1985-05-12", "850512"),
        ("19711399", "711399"),
        ("580000", "580000"),
        ("850230", "850230"),
        ("30850512", Fault("birth", "birth-century")),
        ("12/05/1985", Fault("birth", "birth-shape")),
        ("85051", Fault("birth", "birth-shape")),
        ("8505-1", Fault("birth", "birth-shape")),
        ("", Fault("birth", "birth-shape")),
    ],
)
def test_a_birth_date_becomes_six_digits_and_lunar_dates_are_kept(written: str, found: str | Fault) -> None:
    """Three ways of writing give AAMMJJ; a day or month outside the calendar is not corrected."""
    assert parse_birth(written) == found


@pytest.mark.parametrize(("written", "good"), [("1", True), ("9", True), ("0", False), ("", False), ("12", False)])
def test_a_rank_is_one_digit_from_1_to_9(written: str, *, good: bool) -> None:
    """Anything else is refused."""
    assert parse_rank(written) == (written if good else Fault("rank", "rank-shape"))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("75500017", "0075500017"),
        ("0075500017", "0075500017"),
        (" 755 000 17", "0075500017"),
        ("755000170", Fault("amc_number", "amc-shape")),
        ("7550001A", Fault("amc_number", "amc-shape")),
        ("00000000", Fault("amc_number", "amc-zero")),
    ],
)
def test_an_amc_number_becomes_ten_digits(written: str, found: str | Fault) -> None:
    """Eight digits are padded on the left."""
    assert parse_amc(written) == found


@given(st.text("0123456789", min_size=8, max_size=8))
def test_a_site_number_is_completed_by_its_luhn_digit(start: str) -> None:
    """luhn_digit agrees with stdnum, and no other ninth digit passes."""
    number = start + luhn_digit(start)
    assert luhn_digit(start) == stdnum.luhn.calc_check_digit(start)
    assert parse_site(number) == parse_finess(number) == parse_am_number(number) == number
    wrong = start + str((int(number[8]) + 1) % 10)
    assert parse_site(wrong) == Fault("site", "site-key")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2A0000" + "12", None),
        ("2B0000" + "34", None),
        ("1A000012", "site-shape"),
        ("A2000012", "site-shape"),
        ("2C000012", "site-shape"),
        ("7500001", "site-shape"),
    ],
)
def test_a_corsican_site_reads_a_as_1_and_b_as_2(written: str, found: str | None) -> None:
    """A or B stands only after a 2, in the second place; small letters and spaces are put right."""
    number = written + luhn_digit(written)
    if found is None:
        assert luhn_digit(written) == luhn_digit(written.replace("A", "1").replace("B", "2"))
        assert parse_site(f" {number.lower()}") == number
        assert parse_am_number(number) == Fault("am_number", "am-number-shape")
    else:
        assert parse_site(number) == Fault("site", found)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("10003461033", ("10003461033", ("rpps-key",))),
        ("1000346103" + luhn_digit("1000346103"), ("1000346103" + luhn_digit("1000346103"), ())),
        ("1000346103", Fault("rpps", "rpps-shape")),
        ("1000346103X", Fault("rpps", "rpps-shape")),
    ],
)
def test_an_rpps_with_a_wrong_key_is_only_a_warning(written: str, found: object) -> None:
    """The agency's own sample numbers fail Luhn."""
    assert parse_rpps(written) == found


@pytest.mark.parametrize(
    "text", ["", "FACT-2024-12", "A1", "580312", "12345678", "R/2026/000123", "n_5.3 b", "99999999"]
)
def test_an_ordinary_site_reference_is_kept(text: str) -> None:
    """Counters, prefixes of four letters and years are no person."""
    assert parse_site_reference(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A" * 20 + "1", "site-reference-shape"),
        ("été1", "site-reference-shape"),
        ("-12", "site-reference-shape"),
        ("a\n1", "site-reference-shape"),
        ("MARTIN", "site-reference-name"),
        ("Roy", "site-reference-name"),
        ("DUPONT1958", "site-reference-name"),
        ("2231159350123", "site-reference-nir"),
        ("2 23 11 59 350 123 22", "site-reference-shape"),
        ("223115935012322", "site-reference-nir"),
        ("1-85-05-2a-004-012", "site-reference-nir"),
        ("X2231159350123", "site-reference-nir"),
        ("19580312", "site-reference-birth"),
        ("12031958", "site-reference-birth"),
        ("P12/03/1958", "site-reference-birth"),
        ("12-03-58", "site-reference-birth"),
        ("1958.03.12", "site-reference-birth"),
    ],
)
def test_a_site_reference_that_looks_like_a_person_is_refused(text: str, code: str) -> None:
    """Names, NIRs and birth dates do not enter by this field."""
    assert parse_site_reference(text) == Fault("site_reference", code)
