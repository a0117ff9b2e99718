"""The test vectors, recomputed with an implementation written from docs/formats/sealed-record.md alone."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from rempart.domain.identifiers import parse_amc, parse_birth, parse_nir, parse_rank
from rempart.domain.member import MemberRule, canonical_member
from rempart.keeper.newborns import parted, stamped
from rempart.sealing.identity import encode_child, encode_identity, encode_newborn
from rempart.sealing.prf import short_prf
from rempart.sealing.record import (
    IndexKey,
    counter_key,
    day_tagger,
    grant_digest,
    log_key,
    meeting,
    newborn_handle,
    pad,
    person_handle,
    subject_of_tag,
    unpad,
    weigher,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "formats" / "vectors" / "sealed-record.json").read_text("utf-8")
)
KEYS = {name: bytes.fromhex(value) for name, value in VECTORS["keys"].items()}


# The page, in Python, with nothing of ours: what another implementation would write.


def fields(*values: bytes) -> bytes:
    return b"".join(len(value).to_bytes(1, "big") + value for value in values)


def hmac512(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, "sha512").digest()


def prf(key: bytes, label: str, size: int, message: bytes) -> bytes:
    return hashlib.blake2b(fields(label.encode()) + message, key=key, digest_size=size).digest()


def identity(who: dict[str, Any]) -> bytes:
    middle = [who["nir"].encode()] if who["nir"] is not None else []
    label = b"rempart/1/with-nir" if middle else b"rempart/1/without-nir"
    return fields(
        label, who["insurer"].encode(), who["member"].encode(), *middle, who["birth"].encode(), who["rank"].encode()
    )


def payload(record: dict[str, Any]) -> bytes:
    digest = hmac512(KEYS["index"], bytes.fromhex(record["identity"]))
    person, packed = bytes.fromhex(record["person"]), bytes.fromhex(record["packed"])
    padded = len(packed).to_bytes(2, "big") + packed
    padded += bytes(record["size"] - len(padded))
    nonce = prf(
        hmac512(KEYS["index"], fields(b"rempart/1/nonce"))[:32], "rempart/1/nonce", 12, digest[:16] + person + padded
    )
    ad = b"\x01" + record["insurer"].encode() + record["version"].to_bytes(4, "big") + digest[:16] + person
    return b"\x01" + nonce + AESGCM(digest[16:48]).encrypt(nonce, padded, ad)


def tag(vector: dict[str, Any]) -> bytes:
    insurer = vector["insurer"].encode()
    message = fields(b"rempart/1/log", insurer, vector["month"].to_bytes(4, "big"), KEYS["log"])
    cipher = AESSIV(hmac512(KEYS["log_month"], message))
    return cipher.encrypt(bytes.fromhex(vector["subject"]), [insurer + vector["day"].to_bytes(4, "big")])


def ids(group: str) -> list[str]:
    return [vector["name"] for vector in VECTORS[group]]


@pytest.mark.parametrize("who", VECTORS["people"], ids=ids("people"))
def test_every_channel_gives_the_same_identity(who: dict[str, Any]) -> None:
    """A rights line, a B2 invoice and an API call of one person canonicalise to the same bytes."""
    rule = MemberRule(**who["member_rule"])
    for channel in who["channels"].values():
        nir = None if channel["nir"] is None else parse_nir(channel["nir"])
        assert not hasattr(nir, "code")
        found = encode_identity(
            str(parse_amc(channel["insurer"])),
            str(canonical_member(channel["member"], rule)),
            None if nir is None else nir[0],  # type: ignore[index]  # not a Fault, see above
            str(parse_birth(channel["birth"])),
            rank=str(parse_rank(channel["rank"])),
        )
        assert found is not None
        assert found.hex() == who["identity"]


@pytest.mark.parametrize("who", VECTORS["people"], ids=ids("people"))
def test_the_page_gives_the_identity(who: dict[str, Any]) -> None:
    """The encoding as prose says it."""
    assert identity(who["canonical"]).hex() == who["identity"]


@pytest.mark.parametrize("record", VECTORS["records"], ids=ids("records"))
def test_records(record: dict[str, Any]) -> None:
    """Digest, person and payload: by the page, and by our code; and it opens."""
    digest = hmac512(KEYS["index"], bytes.fromhex(record["identity"]))
    person = prf(KEYS["person"], "rempart/1/person", 16, record["reference"].encode())
    assert (digest.hex(), digest[:16].hex(), person.hex()) == (record["digest"], record["record_key"], record["person"])
    assert payload(record).hex() == record["payload"]
    index = IndexKey(record["insurer"], record["version"], KEYS["index"])
    padded = pad(bytes.fromhex(record["packed"]), record["size"])
    assert padded is not None
    sealed = index.seal(
        bytes.fromhex(record["identity"]), person_handle(KEYS["person"])(record["reference"].encode()), padded
    )
    assert sealed == (digest[:16], bytes.fromhex(record["payload"]))
    opened = index.open(digest[:16], digest[16:48], person, sealed[1])
    assert opened is not None
    assert unpad(opened).hex() == record["packed"]


@pytest.mark.parametrize("vector", VECTORS["tags"], ids=ids("tags"))
def test_day_tags(vector: dict[str, Any]) -> None:
    """By the page, by our code, and inverted."""
    assert tag(vector).hex() == vector["tag"]
    cipher = log_key(KEYS["log_month"], KEYS["log"], vector["insurer"], vector["month"])
    insurer, subject = vector["insurer"].encode(), bytes.fromhex(vector["subject"])
    assert day_tagger(cipher, insurer, vector["day"])(subject).hex() == vector["tag"]
    assert subject_of_tag(cipher, insurer, vector["day"], bytes.fromhex(vector["tag"])) == subject


@pytest.mark.parametrize("vector", VECTORS["meetings"], ids=ids("meetings"))
def test_meetings(vector: dict[str, Any]) -> None:
    """Meeting key and accreditor are the two halves of one function."""
    middle = b"" if vector["hit"] else b"miss"
    message = vector["site"].encode() + middle + bytes.fromhex(vector["subject"])
    pair = prf(KEYS["met"], "rempart/1/met", 32, message)
    assert pair == meeting(KEYS["met"])(message)
    assert (pair[:16].hex(), pair[16:].hex()) == (vector["meeting"], vector["accreditor"])


@pytest.mark.parametrize("vector", VECTORS["counters"], ids=ids("counters"))
def test_counter_keys(vector: dict[str, Any]) -> None:
    """Person, then counter and period after their lengths."""
    person = bytes.fromhex(vector["person"])
    message = person + fields(vector["counter"].encode(), vector["period"].encode())
    assert prf(KEYS["counter"], "rempart/1/counter", 16, message).hex() == vector["key"]
    assert counter_key(KEYS["counter"])(person, vector["counter"], vector["period"]).hex() == vector["key"]


@pytest.mark.parametrize("vector", VECTORS["newborns"], ids=ids("newborns"))
def test_newborns(vector: dict[str, Any]) -> None:
    """The parent's way has neither birth date nor rank, the child's handle no NIR; the stamp comes first."""
    insurer, member, nir = vector["insurer"], vector["member"], vector["nir"]
    way = fields(b"rempart/1/newborn", insurer.encode(), member.encode(), nir.encode())
    assert way.hex() == vector["way"] == encode_newborn(insurer, member, nir).hex()
    child = fields(member.encode(), vector["birth"].encode(), vector["rank"].encode())
    assert child == encode_child(member, vector["birth"], vector["rank"])
    handle = prf(KEYS["person"], "rempart/1/newborn", 16, child)
    assert handle.hex() == vector["handle"] == newborn_handle(KEYS["person"])(child).hex()
    packed = bytes.fromhex(vector["packed"])
    assert (b"\x02" + handle + packed).hex() == vector["stamped"] == stamped(handle, packed).hex()
    assert parted(bytes.fromhex(vector["stamped"])) == (packed, handle)
    assert parted(packed) == (packed, b"")


@pytest.mark.parametrize("vector", VECTORS["weigh"], ids=ids("weigh"))
def test_weigh_marks(vector: dict[str, Any]) -> None:
    """Texts after their length in two bytes."""
    message = b"".join(len(text.encode()).to_bytes(2, "big") + text.encode() for text in vector["parts"])
    assert prf(KEYS["weigh"], "rempart/1/weigh", 8, message).hex() == vector["mark"]
    assert weigher(KEYS["weigh"])(vector["parts"]).hex() == vector["mark"]


@pytest.mark.parametrize("vector", VECTORS["fingerprints"], ids=ids("fingerprints"))
def test_fingerprints(vector: dict[str, Any]) -> None:
    """Labelled and scoped."""
    scope = vector["scope"].encode()
    message = len(scope).to_bytes(4, "big") + scope + bytes.fromhex(vector["content"])
    label = f"rempart/1/mac/{vector['label']}"
    assert prf(KEYS["fingerprint"], label, 16, message).hex() == vector["mac"]
    assert short_prf(KEYS["fingerprint"], label, size=16)(message).hex() == vector["mac"]


@pytest.mark.parametrize("vector", VECTORS["grants"], ids=ids("grants"))
def test_grants(vector: dict[str, Any]) -> None:
    """A body, its MAC, and the digest by which journal and disclosures name it."""
    body = bytes.fromhex(vector["body"])
    grant = body + prf(KEYS["grant"], "rempart/1/grant", 16, body)
    assert grant.hex() == vector["grant"]
    assert hashlib.sha256(grant).digest()[:16].hex() == vector["digest"] == grant_digest(grant).hex()
