"""Numbers that name people, insurers and sites: what each must look like, and its one canonical form.

Sources: NIR, INSEE's rules (key modulo 97, Corsica 2A/2B, months 20-99 for incomplete civil status); FINESS and RPPS
keys (Luhn) tried on published numbers; AMC number, B2 zone of 10. Left out: whether a number was ever given to anyone.
The exact bounds of SESAM-Vitale's lunar dates are not public, so every date of six digits is kept as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value is refused: the field it was given for and a stable kebab-case code. It never holds the value."""

    field: str
    code: str


_SEXES = frozenset("123478")
_MONTHS = frozenset(f"{month:02d}" for month in (*range(1, 13), *range(20, 100)))
_DEPARTMENTS = frozenset(f"{number:02d}" for number in range(1, 100) if number != 20) | {"2A", "2B"}
_MONTHS_AND_DEPARTMENTS = frozenset(month + department for month in _MONTHS for department in _DEPARTMENTS)
_CORSICA = {"2A": "19", "2B": "18"}
_DOUBLED = bytes((48 + sum(divmod(2 * (code - 48), 10))) if 48 <= code <= 57 else code for code in range(256))
_SPACES = str.maketrans("", "", " \t\u00a0\u202f")
_WRITTEN_DATE = re.compile(
    r"(?<![0-9])([0-9]{4}[-/. ][0-9]{2}[-/. ][0-9]{2}|[0-9]{2}[-/. ][0-9]{2}[-/. ]([0-9]{2}){1,2})(?![0-9])"
)
_EIGHT_DIGITS = re.compile(r"(?<![0-9])[0-9]{8}(?![0-9])")
_NIR_SHAPE = re.compile(r"[1-478][0-9]{4}(?:[0-9]{2}|2[ABab])[0-9]{6}(?:[0-9]{2})?")
REFERENCE_PATTERN = "^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,19}$"
"""The shape of a site's own reference; nothing of another shape is ever stored."""
_REFERENCE = re.compile(REFERENCE_PATTERN)
_WORD = re.compile(r"[A-Za-z]{5}")


def nir_key(nir13: str) -> str:
    """The two digits that follow a NIR of 13 characters: 97 − (N mod 97), with 2A read as 19 and 2B as 18."""
    corsica = _CORSICA.get(nir13[5:7])
    number = int(nir13) if corsica is None else int(nir13[:5] + corsica + nir13[7:])
    return f"{97 - number % 97:02d}"


def parse_nir(text: str) -> tuple[str, tuple[str, ...]] | Fault:
    """A NIR of 13 characters, or 15 with its key → (13 characters in upper case, warning codes).

    The key is checked when present. What has the right key but cannot exist (sex digit 5, month 13, department 20)
    is a warning, because insurers hold such numbers from old migrations and their people must still be found.
    Waiting numbers (first digit 3, 4, 7 or 8) are ordinary here.
    """
    length = len(text)
    if length not in (13, 15):
        text = text.translate(_SPACES)
        length = len(text)
        if length not in (13, 15):
            return Fault("nir", "nir-length")
    if not (text.isdigit() and text.isascii()):
        text = text.upper()
        if text[5:7] not in _CORSICA or not (text.isascii() and (text[:5] + text[7:]).isdigit()):
            return Fault("nir", "nir-shape")
    nir = text[:13]
    if length == 15 and text[13:] != nir_key(nir):
        return Fault("nir", "nir-key")
    if nir[0] in _SEXES and nir[3:7] in _MONTHS_AND_DEPARTMENTS and nir[10:] != "000":  # one look-up: called 50 M times
        return nir, ()
    return nir, _nir_warnings(nir)


def _nir_warnings(nir: str) -> tuple[str, ...]:
    checks = (
        (nir[0] in _SEXES, "nir-sex-unknown"),
        (nir[3:5] in _MONTHS, "nir-month-unknown"),
        (nir[5:7] in _DEPARTMENTS, "nir-department-unknown"),
        (nir[10:] != "000", "nir-order-zero"),
    )
    return tuple(code for holds, code in checks if not holds)


def parse_birth(text: str) -> str | Fault:
    """AAMMJJ, AAAAMMJJ or AAAA-MM-JJ → AAMMJJ. Days and months outside the calendar are lunar dates and are kept."""
    length = len(text)
    if length == 6:
        short = text
    elif length == 8:
        short = text[2:]
    elif length == 10 and text[4] == "-" and text[7] == "-":
        text = text.replace("-", "")
        short = text[2:]
    else:
        return Fault("birth", "birth-shape")
    if not (text.isdigit() and text.isascii()):
        return Fault("birth", "birth-shape")
    if len(text) == 8 and text[:2] not in ("18", "19", "20"):
        return Fault("birth", "birth-century")
    return short


def parse_rank(text: str) -> str | Fault:
    """Birth rank ("rang gémellaire"), one digit from 1 to 9."""
    return text if len(text) == 1 and text in "123456789" else Fault("rank", "rank-shape")


def parse_amc(text: str) -> str | Fault:
    """An insurer's AMC number, 8 or 10 digits → 10 digits, padded with zeros on the left (B2 zone of 10)."""
    number = text if text.isdigit() else text.translate(_SPACES)
    if len(number) not in (8, 10) or not (number.isdigit() and number.isascii()):
        return Fault("amc_number", "amc-shape")
    if int(number) == 0:
        return Fault("amc_number", "amc-zero")
    return number.zfill(10)


def luhn_digit(text: str) -> str:
    """The Luhn digit that completes `text` (digits; A and B of a Corsican department count as 1 and 2)."""
    raw = text.replace("A", "1").replace("B", "2").encode()
    total = sum(raw[-2::-2]) + sum(raw[::-2].translate(_DOUBLED)) - 48 * len(raw)
    return str(-total % 10)


def parse_site(text: str) -> str | Fault:
    """A site's billing number (N° AM or FINESS), 9 characters in upper case, the last a Luhn digit.

    The second character may be A or B after a 2 (Corsica). That they count as 1 and 2 is unsourced, tried on 3 numbers.
    """
    return _nine(text, "site")


def parse_finess(text: str) -> str | Fault:
    """A FINESS of 9 characters, as `parse_site` reads it."""
    return _nine(text, "finess")


def parse_am_number(text: str) -> str | Fault:
    """A liberal professional's billing number ("N° AM"): 9 digits, the last a Luhn digit (unsourced)."""
    number = _nine(text, "am_number")
    return Fault("am_number", "am-number-shape") if isinstance(number, str) and not number.isdigit() else number


def _nine(text: str, field: str) -> str | Fault:
    code = field.replace("_", "-")
    number = text.translate(_SPACES).upper() if len(text) != 9 or not text.isdigit() else text
    if len(number) != 9 or not number.isascii():
        return Fault(field, f"{code}-shape")
    digits = number if number.isdigit() else number[:1] + number[2:]
    if not digits.isdigit() or (digits is not number and number[:2] not in ("2A", "2B")):
        return Fault(field, f"{code}-shape")
    return number if luhn_digit(number[:8]) == number[8] else Fault(field, f"{code}-key")


def parse_rpps(text: str) -> tuple[str, tuple[str, ...]] | Fault:
    """An RPPS of 11 digits → (number, warnings). The key is only a warning: the agency's own samples fail Luhn."""
    number = text.translate(_SPACES)
    if len(number) != 11 or not (number.isdigit() and number.isascii()):
        return Fault("rpps", "rpps-shape")
    return number, () if luhn_digit(number[:10]) == number[10] else ("rpps-key",)


def parse_site_reference(text: str) -> str | Fault:
    """A site's own reference, at most 20 characters of letters, digits, space, ./_-; refused if like a person.

    Like a name: no digit at all, or five letters in a row. Like a NIR: 13 or 15 digits once separators are dropped.
    Like a birth date: eight digits that can be a date, or a date written with separators. Six plain digits are let
    through: one counter in twenty-five would be mistaken for a date. "" means none.
    """
    if text == "":
        return text
    for holds, code in (
        (_REFERENCE.fullmatch(text) is not None, "site-reference-shape"),
        (
            any(c.isdigit() for c in text) and _WORD.search(text) is None,
            "site-reference-name",
        ),
        (not _holds_nir(text), "site-reference-nir"),
        (not _holds_date(text), "site-reference-birth"),
    ):
        if not holds:
            return Fault("site_reference", code)
    return text


def _holds_nir(text: str) -> bool:
    return _NIR_SHAPE.search(re.sub(r"[ ./_-]", "", text)) is not None


def _holds_date(text: str) -> bool:
    if _WRITTEN_DATE.search(text) is not None:
        return True
    return any(_is_date(found) for found in _EIGHT_DIGITS.findall(text))


def _is_date(digits: str) -> bool:
    """AAAAMMJJ or JJMMAAAA with a year from 1900 to 2099."""
    forms = (
        (digits[:4], digits[4:6], digits[6:]),
        (digits[4:], digits[2:4], digits[:2]),
    )
    return any("1900" <= y <= "2099" and "01" <= m <= "12" and "01" <= d <= "31" for y, m, d in forms)
