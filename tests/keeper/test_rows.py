"""Rows made of a rights file's lines: the usual spelling takes a shorter way, and gives what any spelling gives."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.member import MemberRule
from rempart.domain.rights import DOMAINS, Coverage, Key, Period, RightsLine, pack
from rempart.formats.rights_file import MAX_LINE, LineFault, format_line, parse_line, usual_start
from rempart.keeper.newborns import stamped
from rempart.keeper.rows import Opening, Session, bound_to
from rempart.sealing.envelope import EnvelopeFault, open_batch
from rempart.sealing.identity import encode_card, encode_child, encode_identity, encode_newborn
from rempart.sealing.loading import PURPOSE, Block
from rempart.sealing.record import OVERHEAD, IndexKey, newborn_handle, person_handle, unpad

INSURER = "0000401166"
PRIVATE = X25519PrivateKey.from_private_bytes(bytes(range(32)))
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
COVERAGE = Coverage(1, "P1", "2", "responsible", tuple(Period(domain, *YEAR, "100") for domain in DOMAINS))
KEYS = (Key("12345", "1850575100042", "850512", "1"), Key("12345", "2860575100042", "850512", "1"))
LINE = RightsLine("REF-1", KEYS, COVERAGE)
MADE = date(2026, 11, 24)
RULES = (
    MemberRule(),
    MemberRule(zeros="strip", alphabet="digits"),
    MemberRule(zeros="strip", min_length=3, max_length=7, case="lower"),
    MemberRule(zeros="pad", max_length=8),
    MemberRule(case="keep", spaces="keep", min_length=2),
)

keys = st.builds(
    Key,
    st.text("ABCxyz0012345 ", min_size=1, max_size=9),
    st.none() | st.from_regex(r"[1-9][0-9]{2}[0-9]{2}(2A|2B|20|75|97)(000|[0-9]{3})(000|[0-9]{3})", fullmatch=True),
    st.from_regex(r"[0-9]{6}|(18|19|20)[0-9]{6}|2[4-6](0[1-9]|1[0-2])(0[1-9]|1[0-9])", fullmatch=True),
    st.sampled_from("1239"),
    card=st.sampled_from([b"", b"", bytes(16), bytes(range(16))]),
)
lines = st.builds(
    RightsLine,
    st.text("REF-01é", min_size=1, max_size=40),
    st.lists(keys, min_size=1, max_size=4).map(tuple),
    st.sampled_from([COVERAGE, replace(COVERAGE, newborns=True), Coverage(1, "P2", "", "c2s", COVERAGE.periods[:1])]),
)


def session(rule: MemberRule, *, delta: bool = False) -> Session:
    """A file of one insurer under fixed keys."""
    spelled = (rule.case, rule.spaces, rule.zeros, rule.min_length, rule.max_length, rule.alphabet)
    public = PRIVATE.public_key().public_bytes_raw()
    keys = (b"\1" * 32, b"\2" * 32, b"\3" * 32)
    return Session(Opening(INSURER, 1, *keys, public, 192, delta, spelled, MADE.toordinal()))


def shown(block: Block) -> tuple[object, ...]:
    """All of a block but its references, which are sealed anew each time."""
    told = (block.rows, block.spared, block.closings, block.rejects, block.warnings)
    return (*told, block.lines, block.people, block.records, len(block.references))


@given(found=st.lists(lines, min_size=1, max_size=4), rule=st.sampled_from(RULES), delta=st.booleans())
def test_any_spelling_gives_the_same_rows(found: list[RightsLine], rule: MemberRule, *, delta: bool) -> None:
    """A space before a line takes it out of its usual spelling, and changes nothing of what it becomes."""
    raw = [format_line(line, delta=delta) for line in found]
    usual = session(rule, delta=delta).block(raw, 2)
    assert shown(usual) == shown(session(rule, delta=delta).block([b" " + line for line in raw], 2))


@given(data=st.data(), delta=st.booleans())
def test_an_altered_line_gives_what_its_parsing_gives(data: st.DataObject, *, delta: bool) -> None:
    """Bytes put in, taken out or replaced anywhere, after the same coverage was met in a good line."""
    good = format_line(LINE, delta=delta)
    raw = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw)))
        raw[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b'"', b"}", b" ", b"0", b",", b"\\", b'"ref":"X",', b'},"ref":"X"', b"\xff", b"\r"])
        )
    usual, other = session(RULES[0], delta=delta), session(RULES[0], delta=delta)
    assert shown(usual.block([good, bytes(raw)], 2)) == shown(other.block([b" " + good, b" " + raw], 2))


@pytest.mark.parametrize("rule", RULES)
@given(line=lines)
def test_what_is_taken_as_usual_is_canonical(rule: MemberRule, line: RightsLine) -> None:
    """The fields read from a usual line are those its parsing gives, which has no warning about them."""
    raw = format_line(line)
    found = usual_start(rule)(raw)
    if found is None:
        return
    parsed = parse_line(raw, 2, rule)
    groups = [None if group is None else group.decode() for group in found.groups()]
    ways = [tuple(groups[at : at + 4]) for at in range(1, len(groups), 5) if groups[at] is not None]
    cards = [base64.urlsafe_b64decode(card + "==") for card in groups[5::5] if card is not None]
    if isinstance(parsed, RightsLine):
        assert cards == [key.card for key in parsed.keys if key.card]
        assert (groups[0], ways, ()) == (parsed.reference, [key[:4] for key in parsed.keys], parsed.warnings)
    else:
        assert isinstance(parsed, LineFault)
        assert parsed.code == "keys-repeated"


def test_the_usual_spelling_is_that_of_our_writer() -> None:
    """Lines with one to three ways are taken; without this the shorter way would be dead."""
    third = Key("12345", None, "850512", "2")
    carded = tuple(key._replace(card=bytes([number]) * 16) for number, key in enumerate(KEYS))
    for ways in (KEYS[:1], KEYS, (*KEYS, third), (third,), carded, (*carded, third)):
        assert usual_start(RULES[0])(format_line(RightsLine("REF-1", ways, COVERAGE))) is not None
        assert usual_start(RULES[0], delta=True)(format_line(RightsLine("R", ways, COVERAGE), delta=True)) is not None


def test_a_usual_line_is_still_bounded() -> None:
    """A coverage blown up by spaces is refused as in any other spelling."""
    raw = format_line(LINE)[:-1] + b" " * MAX_LINE + b"}"
    block = session(RULES[0]).block([raw], 2)
    assert [reject.code for reject in block.rejects] == ["line-too-long"]


def test_the_reference_opens_for_its_insurer() -> None:
    """A reference is sealed to the insurer in the batch that the block names, in order."""
    made = session(RULES[0]).block([format_line(LINE), format_line(LINE._replace(reference="REF-2"))], 2)
    ((number, wrapped),) = made.batches.items()
    opener = open_batch(wrapped, PRIVATE, PURPOSE)
    assert not isinstance(opener, EnvelopeFault)
    size = len(made.references) // 2
    found = [made.references[at * size : (at + 1) * size] for at in range(2)]
    assert {int.from_bytes(row[6:14], "big") for row in found} == {number}
    assert [opener.open(row[-88:], bound_to(row[18:34])) for row in found] == [b"REF-1", b"REF-2"]


# --- newborns ---


def opened(block: Block, encoded: bytes) -> bytes:
    """What a row of the block holds for who presents this identity."""
    index = IndexKey(INSURER, 1, b"\1" * 32)
    record, key = index.keys(encoded)
    at = block.rows.index(record)
    payload = block.rows[at + 20 : at + 20 + 192 + OVERHEAD]
    padded = index.open(record, key, person_handle(b"\2" * 32)(b"REF-1"), payload)
    assert padded is not None
    return unpad(padded)


def own(key: Key) -> bytes:
    encoded = encode_identity(INSURER, key.member, key.nir, key.birth, rank=key.rank)
    assert encoded is not None
    return encoded


def test_a_parents_line_has_a_way_for_newborns() -> None:
    """One row more for each member number and NIR, with the parent's coverage; none when the line does not say so."""
    plain = session(RULES[0]).block([format_line(LINE)], 2)
    block = session(RULES[0]).block([format_line(LINE._replace(coverage=replace(COVERAGE, newborns=True)))], 2)
    assert (plain.records, block.records) == (2, 4)
    for key in KEYS:
        assert key.nir is not None
        assert opened(block, encode_newborn(INSURER, key.member, key.nir)) == pack(COVERAGE)
        assert opened(block, own(key)) == opened(plain, own(key)) == pack(COVERAGE)


@pytest.mark.parametrize(
    ("birth", "young"), [("261123", True), ("240901", True), ("240731", False), ("261125", False), ("850512", False)]
)
def test_a_young_child_is_stamped_with_its_handle(birth: str, young: bool) -> None:  # noqa: FBT001 - a case's outcome
    """For 27 months, by the first way with a NIR, whatever the way that presents it."""
    nirs = (("12345", None), ("12345", "1850575100042"), ("9", "2860575100042"))
    keys = tuple(Key(member, nir, birth, "2") for member, nir in nirs)
    block = session(RULES[0]).block([format_line(LINE._replace(keys=keys))], 2)
    handle = newborn_handle(b"\2" * 32)(encode_child("12345", birth, "2"))
    for key in keys:
        assert opened(block, own(key)) == (stamped(handle, pack(COVERAGE)) if young else pack(COVERAGE))


# --- cards ---

HANDLE = bytes(range(16))


def test_a_card_has_a_row_of_its_own() -> None:
    """One row more, found by the handle, of the same person and with the same coverage; none without a card."""
    plain = session(RULES[0]).block([format_line(LINE)], 2)
    carded = LINE._replace(keys=(KEYS[0]._replace(card=HANDLE), KEYS[1]))
    block = session(RULES[0]).block([format_line(carded)], 2)
    assert (plain.records, block.records, block.people) == (2, 3, 1)
    assert opened(block, encode_card(INSURER, HANDLE)) == pack(COVERAGE)
    assert opened(block, own(KEYS[0])) == opened(block, own(KEYS[1])) == pack(COVERAGE)


def test_a_card_presents_what_its_way_presents() -> None:
    """Within the dates of its way; a card of a way that is past gets no row; a young child's is stamped as its own."""
    first = KEYS[0]._replace(card=HANDLE, end=date(2026, 6, 30))
    past = KEYS[1]._replace(card=bytes(16), end=date(2025, 12, 31))
    block = session(RULES[0]).block([format_line(LINE._replace(keys=(first, past)))], 2)
    assert block.records == 2
    assert opened(block, encode_card(INSURER, HANDLE)) == opened(block, own(KEYS[0])) != pack(COVERAGE)
    child = KEYS[0]._replace(card=HANDLE, birth="250301")
    young = session(RULES[0]).block([format_line(LINE._replace(keys=(child,)))], 2)
    assert opened(young, encode_card(INSURER, HANDLE)) == opened(young, own(child)) != pack(COVERAGE)


def test_a_card_never_presents_two_ways_nor_a_way_twice() -> None:
    """The same handle in two ways, or one way with two handles, is a repetition."""
    twice = tuple(key._replace(card=HANDLE) for key in KEYS)
    again = (KEYS[0]._replace(card=HANDLE), KEYS[0]._replace(card=bytes(16)))
    for keys_ in (twice, again):
        block = session(RULES[0]).block([format_line(LINE._replace(keys=keys_))], 2)
        assert [reject.code for reject in block.rejects] == ["keys-repeated"]
