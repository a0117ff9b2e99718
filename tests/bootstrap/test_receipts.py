"""What the worker holds a receipt to: keys that its site had then, and the lists of revoked cards of that day."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.bootstrap.receipts import CardLists, SignedReceipts, public_of
from rempart.domain.card_receipt import OTHER_SITE, SIGNATURE, UNREADABLE, Receipt
from rempart.formats.card import Revoked, build_filter, receipt
from support import card_samples as samples

KEY = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
BROWSER = ec.derive_private_key(0x2468, ec.SECP256R1())
MADE = Receipt(
    "751234568", samples.INSURER, 555, bytes(16), samples.SECONDS, samples.DAY, date(2026, 12, 31), ("PHAR",),
    samples.SECONDS - 3_600, samples.BASE_DAY, samples.BASE_DAY,
)  # fmt: skip
ZONE = "Europe/Paris"


def published(folder: Path, lists: dict[str, tuple[date, int]]) -> CardLists:
    """The operator's lists by the end of their name: their day, and the one card they add."""
    (folder / "horizon.pub").write_text(base64.b64encode(samples.OPERATOR).decode())
    for name, (day, serial) in lists.items():
        base = day if name == "base" else samples.BASE_DAY
        content = build_filter(
            [Revoked(samples.INSURER, serial)], samples.OPERATOR_KEY, day=day, base=base, salt=bytes(16)
        )
        (folder / f"horizon.{name}").write_bytes(content)
    return CardLists(folder)


class Keys:
    """A database that has these rows for every site."""

    def __init__(self, *rows: tuple[int, bytes | None, str | None]) -> None:
        self.rows, self.asked = rows, 0

    async def fetch(self, _statement: str, *_columns: Any) -> tuple[tuple[int, bytes | None, str | None], ...]:
        self.asked += 1
        return self.rows


def verified(database: Any, *texts: str) -> Any:
    found = SignedReceipts(database, CardLists(None))
    return list(asyncio.run(found.verified([(text, MADE.site, ZONE) for text in texts])))


def test_a_browser_s_point_and_a_program_s_jwk_both_sign() -> None:
    """Each text is held to the keys of its own row; what is none asks for none."""
    x = base64.urlsafe_b64encode(receipt.public_of(KEY)).rstrip(b"=").decode()
    rows = (1, receipt.public_of(BROWSER), None), (2, None, f'{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}')
    texts = receipt.sign(MADE, BROWSER), receipt.sign(MADE, KEY), receipt.sign(MADE, KEY)
    assert verified(Keys(*rows), *texts[:2], "nothing", texts[2]) == [MADE, MADE, UNREADABLE, SIGNATURE]
    elsewhere = receipt.sign(replace(MADE, site="751234569"), KEY)
    nobody = Keys()
    assert verified(nobody, "nothing", elsewhere) == [UNREADABLE, OTHER_SITE]
    assert nobody.asked == 0


def test_a_key_of_another_kind_has_no_bytes() -> None:
    """The hub registers two kinds."""
    assert public_of({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}) == b""


@pytest.mark.parametrize(
    ("serial", "known", "revoked"),
    [
        (555, samples.BASE_DAY, True),  # the base that it names has the card
        (777, samples.DELTA_DAY, True),  # so has the delta that it names
        (777, samples.BASE_DAY, False),  # which came after the list it had
        (777, None, True),  # who had no list is held to the day's own
        (999, None, False),
    ],
)
def test_a_check_is_held_to_the_list_it_names(
    tmp_path: Path, serial: int, known: date | None, *, revoked: bool
) -> None:
    """A card revoked later is good; one that was on the list never was."""
    lists = published(
        tmp_path, {"base": (samples.BASE_DAY, 555), f"{samples.DELTA_DAY}.delta": (samples.DELTA_DAY, 777)}
    )
    base = samples.BASE_DAY if known else None
    held = replace(MADE, serial=serial, base=base, known=known)
    assert SignedReceipts(Keys(), lists).revoked(held, "horizon", ZONE) is revoked  # type: ignore[arg-type]  # no database is asked
    assert not SignedReceipts(Keys(), lists).revoked(held, "azur", ZONE)  # type: ignore[arg-type]  # the same


def test_lists_that_cannot_be_read_count_as_none(tmp_path: Path) -> None:
    """Without a folder, without a key, or signed by another: nothing is known to be revoked."""
    assert CardLists(None).of("horizon") == ()
    assert CardLists(tmp_path / "absent").of("horizon") == ()
    lists = published(tmp_path, {"base": (samples.BASE_DAY, 555)})
    (tmp_path / "horizon.delta").write_bytes(b"\x00" * 40)
    assert len(lists.of("horizon")) == 1
    day = samples.BASE_DAY + timedelta(days=1)
    (tmp_path / "horizon.delta").write_bytes(
        build_filter([Revoked(samples.INSURER, 1)], KEY, day=day, base=samples.BASE_DAY, salt=bytes(16))
    )
    assert len(CardLists(tmp_path).of("horizon")) == 1
