"""What the keeper seals for others: acts, settlement lines, members' copies, IBANs, fingerprints."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.keeper.keeping import SETTLEMENT_PURPOSE
from rempart.sealing.envelope import BatchOpener, open_batch
from rempart.sealing.frames import KeepItem, MacItem, OpenIbanItem, SealIbanItem
from support.keepers import INSURER, SITE, World

INVOICE = bytes(range(16))
MONTH = 2026 * 12 + 10
WRAPPED = 88  # bytes of a wrapped batch key


def kept(world: World, **changed: object) -> object:
    ticket = world.derive(world.sign_in().grant, purpose="invoice").ticket
    item = {"invoice": INVOICE, "month": MONTH, "acts": b"acts", "settlement": b"line", "copy": b"copy"} | changed
    return world.parts.keeping.keep([KeepItem(ticket, **item)])[0]  # type: ignore[arg-type]  # fields by name


def test_a_settlement_line_opens_with_the_insurers_key_alone(world: World) -> None:
    """HPKE to the insurer; the row's insurer and invoice are bound to it."""
    sealed = kept(world).settlement  # type: ignore[attr-defined]  # a KeepResult
    assert sealed[:1] == b"\x01"
    opener = open_batch(sealed[1 : 1 + WRAPPED], world.insurer_key, SETTLEMENT_PURPOSE)
    assert isinstance(opener, BatchOpener)
    assert opener.open(sealed[1 + WRAPPED :], INSURER.encode() + INVOICE) == b"line"
    assert opener.open(sealed[1 + WRAPPED :], INSURER.encode() + bytes(16)) != b"line"


def test_acts_and_copy_hold_nothing_readable(world: World) -> None:
    """What is kept is as long as it must be and holds none of its content; sealing twice gives two ciphertexts."""
    first, second = kept(world), kept(world)
    assert first.refusal == ""  # type: ignore[attr-defined]  # a KeepResult
    for name in ("acts", "settlement", "copy"):
        assert getattr(first, name) != getattr(second, name)
        assert {"settlement": b"line"}.get(name, name.encode()) not in getattr(first, name)


def test_a_copy_opens_with_the_records_payload_key(world: World) -> None:
    """Only who presents opens the member's copy: its key derives from the record's."""
    from rempart.sealing.identity import encode_identity
    from rempart.sealing.prf import short_prf

    sealed = kept(world).copy  # type: ignore[attr-defined]  # a KeepResult
    identity = encode_identity(INSURER, "00000001", "1850575000001", "850512", rank="1")
    assert identity is not None
    record, payload_key = world.parts.ring.insurers[INSURER].live[0].keys(identity)
    key = short_prf(payload_key, "rempart/1/copy", size=32)(INVOICE)
    aad = INSURER.encode() + INVOICE + (1).to_bytes(4, "big") + record
    assert AESGCM(key).decrypt(sealed[1:13], sealed[13:], aad) == b"copy"


@pytest.mark.parametrize(
    ("changed", "refusal"), [({"invoice": b"short"}, "invoice-malformed"), ({"month": 12}, "month-out-of-range")]
)
def test_what_cannot_be_kept_is_refused(world: World, changed: dict[str, object], refusal: str) -> None:
    """A malformed invoice id, a month that makes no sense."""
    assert kept(world, **changed).refusal == refusal  # type: ignore[attr-defined]  # a KeepResult


def test_an_iban_opens_for_its_payee_and_leaves_a_trace(world: World) -> None:
    """Only with the payee and a transfer's id; each opening is in the journal."""
    keeping = world.parts.keeping
    iban = "FR7630006000011234567890189"
    sealed = keeping.seal_iban([SealIbanItem("payee-1", iban, "PHARMACIE INVENTEE")])[0].sealed
    assert keeping.open_iban([OpenIbanItem("payee-1", sealed, "E2E-0")])[0].name == "PHARMACIE INVENTEE"
    assert keeping.seal_iban([SealIbanItem("payee-1", iban, "é")])[0].refusal == "name-malformed"
    assert b"7630006" not in sealed
    assert keeping.open_iban([OpenIbanItem("payee-1", sealed, "E2E-1")])[0].iban == "FR7630006000011234567890189"
    assert keeping.open_iban([OpenIbanItem("payee-2", sealed, "E2E-1")])[0].refusal == "bad-iban-seal"
    assert keeping.open_iban([OpenIbanItem("payee-1", sealed, "")])[0].refusal == "transfer-missing"
    assert keeping.seal_iban([SealIbanItem("payee-1", "no")])[0].refusal == "iban-malformed"
    entries = [entry for block in world.parts.journal.read(0, 9) for entry in block.entries]
    assert [entry[1] for entry in entries] == [3, 3]


def test_fingerprints_are_keyed_labelled_and_scoped(world: World) -> None:
    """Same label, scope and content: same fingerprint; any of them different: different; labels are a closed list."""
    grant = world.sign_in().grant

    def mac(label: str, scope: str, content: bytes) -> bytes:
        found = world.parts.keeping.mac_with_grant([MacItem(label, scope, content, grant)])[0]
        assert found.refusal == ""
        return found.mac

    assert mac("duplicate", SITE, b"x") == mac("duplicate", SITE, b"x")
    found = {
        mac("duplicate", "a", b"bc"),
        mac("duplicate", "ab", b"c"),
        mac("idempotency", "a", b"bc"),
        mac("iban", "a", b"bc"),
    }
    assert len(found) == 4
    assert world.parts.keeping.mac([MacItem("anything", SITE, b"x")])[0].refusal == "label-unknown"
