"""Answers that an insurer's client sent to the hub: taken once, and only what its own key signed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.bootstrap.settling import settle, take_replies
from rempart.formats import settlement_file
from rempart.storage import funds
from support.money import DAY, FIRST, NOW, OPERATOR, MoneyWorld

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.postgres


def test_what_its_insurer_did_not_sign_begins_nothing(money: MoneyWorld, tmp_path: Path) -> None:
    """A hub in a thief's hands writes what it likes: the worker has each signature verified by the keeper again."""
    from rempart.bootstrap.settling import make_key

    key = tmp_path / "settlement.pem"
    make_key(key)
    money.configure(f'{money.options}\n[settlement]\noutput = "settled"\nsigning_key = "{key}"')
    invoice = money.decide()
    with money.sql("worker") as connection:
        with connection.transaction():
            assert funds.call(connection, funds.Party(OPERATOR, FIRST), DAY, NOW + 1, instant=NOW)
        (made,) = settle(money.settings, connection, NOW)
    money.pay()
    money.confirm(f"main-{DAY:%Y%m%d}-01.xml")
    header = settlement_file.AnswersHeader(
        format=settlement_file.ANSWERS, insurer=FIRST, sequence=1, settlement=made.written.sha256.hex()
    )
    thief = Ed25519PrivateKey.generate()
    body = json.dumps({"invoice": str(invoice), "verdict": "rejected", "reason": "fraud", "amount": 1_000}).encode()
    bare = msgspec.json.encode(header) + b"\n" + body + b"\n"
    signed = thief.sign(settlement_file.ANSWERS.encode() + b"\n" + hashlib.sha256(bare).digest())
    forged = msgspec.json.encode(msgspec.structs.replace(header, signature=signed)) + b"\n" + body + b"\n"
    with money.sql("hub") as connection:
        for content in (forged, b"nothing of the kind"):
            connection.execute(
                "insert into rempart.settlement_reply (reply, fund_call, client, digest, content, received) "
                "values (%s, %s, 'x', %s, %s, %s)",
                (uuid4(), made.written.call.fund_call, hashlib.sha256(content).digest(), content, NOW),
            )
    with money.sql("worker") as connection:
        assert take_replies(money.settings, connection, NOW) == 2
        assert take_replies(money.settings, connection, NOW) == 0
    assert money.one("select count(*) from rempart.claw_back") == 0
    codes = "select array_agg(code order by code) from rempart.settlement_reply_taken"
    assert money.one(codes) == ["answers-header", "signature-differs"]


def test_what_is_fetched_is_what_was_written(money: MoneyWorld, tmp_path: Path) -> None:
    """The kept bytes are those of the folder, in pieces; the hub may read and not change them."""
    from rempart.bootstrap.settling import make_key

    key = tmp_path / "settlement.pem"
    make_key(key)
    money.configure(f'{money.options}\n[settlement]\noutput = "settled"\nsigning_key = "{key}"')
    money.decide()
    with money.sql("worker") as connection:
        with connection.transaction():
            funds.call(connection, funds.Party(OPERATOR, FIRST), DAY, NOW + 1, instant=NOW)
        (made,) = settle(money.settings, connection, NOW)
        settle(money.settings, connection, NOW)
    with money.sql("hub") as connection:
        rows = connection.execute("select content from rempart.settlement_content order by place").fetchall()
    content = b"".join(row[0] for row in rows)
    assert hashlib.sha256(content).digest() == made.written.sha256
    assert (money.folder / "settled" / made.name).read_bytes() == content
