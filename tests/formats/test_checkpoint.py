"""Signed notes, checkpoints and cosignatures of C2SP: published examples, round trips, every forgery refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rempart.formats.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    Note,
    NoteFault,
    Signature,
    VerifierKey,
    cosign,
    cosigned_at,
    parse,
    parse_key,
    sign,
    verify,
)

# The example of c2sp.org/tlog-cosignature; its keys are not published, so it tests reading and writing only.
LOG_LINE = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
WITNESS_LINE = (
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
)
PUBLISHED = f"""example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa {LOG_LINE}
— witness.example.com/w1 {WITNESS_LINE}
""".encode()
# The verifier key of the tests of golang.org/x/mod/sumdb/note, and its key id (the signature there is on free text).
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
HEAD = Checkpoint("rempart.example/log/2026-11", 300, bytes(range(32)))
NAME = "witness.example/w1"


def note_of(content: bytes) -> Note:
    note = parse(content)
    assert isinstance(note, Note), note
    return note


def test_the_published_checkpoint_is_read_and_written_back() -> None:
    """Origin, size, root, two signature lines, and the time of the cosignature."""
    note = note_of(PUBLISHED)
    assert (note.checkpoint.origin, note.checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert [item.name for item in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1679315147
    assert note.serialise() == PUBLISHED


def test_a_published_verifier_key_has_its_hash() -> None:
    """The key id is that of the reference implementation."""
    key = parse_key(GO_KEY)
    assert isinstance(key, VerifierKey)
    assert (key.name, key.key_id.hex(), key.text()) == ("PeterNeumann", "c74f20a3", GO_KEY)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GO_KEY.replace("c74f20a3", "c74f20a4"), "bad-key-hash"),
        (GO_KEY.replace("Peter", "Paul"), "bad-key-hash"),
        ("PeterNeumann+c74f20a3", "bad-key"),
        (GO_KEY[:-4], "bad-key"),
        (VerifierKey("x", PUBLIC, 2).text(), "unknown-key-kind"),
    ],
)
def test_a_verifier_key_that_does_not_fit_is_refused(text: str, code: str) -> None:
    """Name, hash and material belong together."""
    fault = parse_key(text)
    assert isinstance(fault, NoteFault)
    assert fault.code == code


@given(
    st.from_regex(r"[a-z0-9./-]{1,40}", fullmatch=True),
    st.integers(0, (1 << 63) - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.from_regex(r"[a-z]{1,9}( [a-z]{1,9})?", fullmatch=True), max_size=3),
)
def test_what_is_signed_reads_back_and_verifies(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    """Signing, writing, reading and verifying is exact for any head."""
    head = Checkpoint(origin, size, root, tuple(extensions))
    note = note_of(sign(head, KEY).serialise())
    assert note.checkpoint == head
    assert verify(note, PUBLIC) is None
    fault = verify(note, OTHER.public_key().public_bytes_raw())
    assert fault is not None
    assert fault.code == "not-signed"


@given(st.data())
def test_a_changed_byte_is_never_accepted(data: st.DataObject) -> None:
    """Any byte changed anywhere in a signed note: it no longer reads, or no longer verifies."""
    content = bytearray(sign(HEAD, KEY).serialise())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    note = parse(bytes(content))
    assert isinstance(note, NoteFault) or verify(note, PUBLIC) is not None


def test_a_second_forged_line_of_the_same_key_spoils_the_note() -> None:
    """When one signature of a known key fails, the whole note is refused."""
    note = sign(HEAD, KEY)
    forged = Signature(HEAD.origin, note.signatures[0].key_id, bytes(64))
    fault = verify(Note(HEAD, (*note.signatures, forged)), PUBLIC)
    assert fault is not None
    assert fault.code == "bad-signature"


def test_a_cosignature_says_when_and_survives_writing() -> None:
    """The witness's time reads back; cosigning again replaces the older line and keeps the log's."""
    witness = VerifierKey(NAME, OTHER.public_key().public_bytes_raw(), COSIGNATURE)
    once = cosign(sign(HEAD, KEY), NAME, OTHER, seconds=1_790_000_000)
    twice = note_of(cosign(once, NAME, OTHER, seconds=1_790_000_060).serialise())
    assert cosigned_at(note_of(once.serialise()), witness) == 1_790_000_000
    assert cosigned_at(twice, witness) == 1_790_000_060
    assert len(twice.signatures) == 2
    assert verify(twice, PUBLIC) is None


def test_a_cosignature_on_another_head_or_time_is_refused() -> None:
    """The line moved to another checkpoint, or with its time changed, proves nothing."""
    witness = VerifierKey(NAME, OTHER.public_key().public_bytes_raw(), COSIGNATURE)
    note = cosign(sign(HEAD, KEY), NAME, OTHER, seconds=1_790_000_000)
    line = note.signatures[1]
    later = Signature(NAME, line.key_id, (1_790_000_001).to_bytes(8, "big") + line.signature[8:])
    moved = Note(Checkpoint(HEAD.origin, 301, HEAD.root), note.signatures)
    for forged in (Note(HEAD, (later,)), moved, Note(HEAD, (Signature(NAME, line.key_id, b"short"),))):
        fault = cosigned_at(forged, witness)
        assert isinstance(fault, NoteFault)
        assert fault.code == "bad-cosignature"
    absent = cosigned_at(sign(HEAD, KEY), witness)
    assert isinstance(absent, NoteFault)
    assert absent.code == "not-cosigned"


def _changed(old: str, new: str) -> bytes:
    return PUBLISHED.decode().replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff", "note-not-text"),
        (_changed("\n20852163", "\r\n20852163"), "note-not-text"),
        (b"x" * 70_000, "note-too-long"),
        (b"origin\n1\n", "bad-signature-lines"),
        (PUBLISHED[:-1], "bad-signature-lines"),
        (_changed("— example.com/behind", "- example.com/behind"), "bad-signature-lines"),
        (_changed("Az3grlgt", "Az3grlg"), "bad-signature-lines"),
        (PUBLISHED + PUBLISHED.split(b"\n\n")[1] * 20, "bad-signature-lines"),
        (_changed("20852163\n", ""), "bad-checkpoint"),
        (_changed("20852163", "020852163"), "bad-size"),
        (_changed("20852163", "-1"), "bad-size"),
        (_changed("example.com/behind-the-sofa\n2", "example com\n2"), "bad-origin"),
        (_changed("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", base64.b64encode(bytes(31)).decode()), "bad-root"),
        (
            _changed("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J="),
            "bad-root",
        ),
    ],
)
def test_what_is_no_checkpoint_is_refused_by_its_code(content: bytes, code: str) -> None:
    """One way to be wrong each."""
    fault = parse(content)
    assert isinstance(fault, NoteFault)
    assert fault.code == code
