"""What a site goes by while the hub is away: signed by the insurer, fresh, of this insurer, never an older one."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.client.stand_in import DAY, Refused, Verified, sign, verify

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
INSURER = "0000401166"
CARE = date(2026, 11, 23)
FETCHED = 1_795_420_800_000_000


def rules(sequence: int = 3, insurer: str = INSURER) -> bytes:
    return msgspec.json.encode(
        {
            "format": "rempart-stand-in/1", "insurer": insurer, "sequence": sequence, "from": "2026-11-01",
            "to": "2026-12-31", "rules": [
                {"evidence": "card", "most": 15_000, "professions": ["pharmacy"], "domains": ["PHAR"]},
                {"evidence": "card", "most": 2_000},
            ],
        }
    )  # fmt: skip


def fetched(content: bytes | None = None, **changes: object) -> Verified | Refused:
    return verify(content or sign(rules(), KEY), PUBLIC, fetched=FETCHED, **changes)  # type: ignore[arg-type]  # by name


def kept() -> Verified:
    found = fetched()
    assert isinstance(found, Verified)
    return found


@pytest.mark.parametrize(
    ("profession", "domain", "evidence", "most"),
    [
        ("pharmacy", "PHAR", "card", 15_000), ("pharmacy", "LABO", "card", 2_000), ("nurse", "AUXM", "card", 2_000),
        ("pharmacy", "PHAR", "paper", 0),
    ],
)  # fmt: skip
def test_the_most_generous_rule_that_fits_counts(profession: str, domain: str, evidence: str, most: int) -> None:
    """By profession, domain and what the site holds; nothing where no rule fits."""
    rule = kept().guarantee(FETCHED, CARE, profession, domain, evidence=evidence)
    assert (rule.most if rule is not None else 0) == most


@pytest.mark.parametrize(
    ("late", "care", "holds"),
    [
        (0, CARE, True), (7 * DAY, CARE, True), (7 * DAY + 1, CARE, False), (-1, CARE, False),
        (0, date(2026, 10, 31), False), (0, date(2026, 12, 31), True), (0, date(2027, 1, 1), False),
    ],
)  # fmt: skip
def test_rules_hold_seven_days_after_they_were_fetched(late: int, care: date, *, holds: bool) -> None:
    """And for care within their own dates, both included."""
    assert (kept().guarantee(FETCHED + late, care, "nurse", "AUXM", evidence="card") is not None) is holds


def test_what_the_insurer_did_not_sign_is_refused() -> None:
    """Another key, another amount, no signature, another insurer's, one that was replaced."""
    good = sign(rules(), KEY)
    other = Ed25519PrivateKey.generate()
    assert fetched(sign(rules(), other)) == Refused("signature-differs")
    assert fetched(good.replace(b"15000", b"95000")) == Refused("signature-differs")
    assert fetched(good.partition(b"\n")[0]) == Refused("stand-in-shape")
    assert fetched(insurer="0000775001") == Refused("other-insurer")
    assert fetched(sign(rules(2), KEY), kept=kept()) == Refused("older-sequence")
    assert isinstance(fetched(sign(rules(4), KEY), kept=kept()), Verified)


def test_what_is_no_rules_is_not_signed() -> None:
    """An unknown field, evidence that proves nothing, dates reversed."""
    for old, new in ((b'"most"', b'"must"'), (b'"card"', b'"word"'), (b"2026-12-31", b"2026-10-01")):
        with pytest.raises(ValueError, match="not stand-in rules"):
            sign(rules().replace(old, new), KEY)
