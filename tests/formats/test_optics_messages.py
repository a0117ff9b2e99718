"""Optics messages: what is written is read back the same, the published XSD agrees, and nothing hostile gets in."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from rempart.api import examples, optics_examples
from rempart.api.problems import TABLE, problem
from rempart.domain.particulars import ITEMS, RENEWALS, SIDES
from rempart.formats import optics_messages as om
from rempart.formats.optics_messages import answered, asked
from rempart.formats.optics_messages.document import MOST_DEPTH, MOST_ELEMENTS
from rempart.formats.optics_messages.elements import ANSWERED, ASKED, MESSAGES, MOST_FAULTS, Element
from rempart.formats.optics_messages.kinds import ITEM, RENEWAL, SIDE, Content, Flag, Number, Text, Type
from rempart.wire.authorizations import (
    Attachment,
    AuthorizationRequest,
    AuthorizationState,
    DeliveryState,
    QuoteLine,
    RestState,
)
from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.invoices import (
    DeclaredRequest,
    EventState,
    InvoiceRequest,
    InvoiceState,
    LineState,
    ParticularsRequest,
)

DOCS = Path(__file__).parents[2] / "docs" / "formats"
SAMPLES = DOCS / "samples" / "optics"
GOOD = sorted(SAMPLES.glob("*.xml"))
EXPECTED: dict[str, Any] = json.loads((SAMPLES / "refused" / "expected.json").read_bytes())
SECRET = "INVENTEDNAME"
few = settings(max_examples=max(settings().max_examples // 6, 1))  # each draws a whole message


@cache
def xsd() -> etree.XMLSchema:
    """The published schema."""
    return etree.XMLSchema(etree.parse(DOCS / "optics-messages.xsd"))


def allowed(content: bytes) -> bool:
    """What a reader that knows only the published schema says."""
    return bool(xsd().validate(etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))))


def sound(content: bytes) -> om.Message:
    """The message, which must be one."""
    found = om.read(content)
    assert isinstance(found, om.Message), found
    return found


def refused(content: bytes) -> om.Refused:
    """Why it is none."""
    found = om.read(content)
    assert isinstance(found, om.Refused), content
    return found


@cache
def typed(kind: Type) -> st.SearchStrategy[Any]:
    """Values that a type takes."""
    match kind:
        case Number(low=low, high=high):
            return st.integers(low, high)
        case Flag():
            return st.booleans()
        case Content():
            return st.binary(min_size=1, max_size=60)
        case Text(pattern=pattern, most=most):
            free = Text(kind.name, most).pattern == pattern
            texts = st.text(min_size=1, max_size=most) if free else st.from_regex(pattern, fullmatch=True)
            return texts.filter(lambda text: kind.text(text) is not None)


@st.composite
def filled(draw: st.DrawFn, element: Element) -> Any:
    """Values of an element, each child as often as the tables let it."""
    if element.type is not None:
        return draw(typed(element.type))
    children = (draw(st.sampled_from(element.children)),) if element.choice else element.children
    found: dict[str, Any] = {}
    for child in children:
        if child.many:
            values = [draw(filled(child)) for _ in range(draw(st.integers(child.least, min(3, child.most))))]
            if values:
                found[child.name] = values
        elif element.choice or child.least or draw(st.booleans()):
            found[child.name] = draw(filled(child))
    return found


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_written_is_read_back_the_same(name: str) -> None:
    """Any values of any message: read, written and read again they are the same bytes and values, valid by the XSD."""

    @few
    @given(filled(MESSAGES[name]))
    def check(values: dict[str, Any]) -> None:
        content = om.write(name, values)
        found = sound(content)
        assert (found.name, found.values) == (name, values)
        assert om.write(name, found.values) == content
        assert allowed(content)

    check()


@few
@given(filled(MESSAGES["query"]), filled(MESSAGES["request"]), filled(MESSAGES["invoice"]))
def test_what_a_site_asks_keeps_its_meaning(query: Any, request: Any, invoice: Any) -> None:
    """A question, quote or invoice of the wire, written as a message and read, is the same."""
    question = asked.question(sound(om.write("query", query)))
    assert asked.question(sound(asked.write_question("M-1", question))) == question
    quote = asked.request(sound(om.write("request", request)))
    again = sound(asked.write_request("M-2", quote, request.get("replaces", "")))
    assert asked.request(again) == quote
    assert again.values.get("replaces") == request.get("replaces")
    billed = asked.invoice(sound(om.write("invoice", invoice)))
    assert asked.invoice(sound(asked.write_invoice("M-3", billed))) == billed
    assert {line.care_date for line in billed.lines} == {invoice["deliveryDate"]}


@few
@given(filled(MESSAGES["rights"]), filled(MESSAGES["answer"]), filled(MESSAGES["invoiceState"]))
def test_what_a_site_is_answered_keeps_its_meaning(rights: Any, answer: Any, state: Any) -> None:
    """Rights, an authorization's state and an invoice's, written and read, are the same."""
    said = answered.read_rights(sound(om.write("rights", rights)))
    assert answered.read_rights(sound(answered.rights(said))) == said
    found = answered.read_answer(sound(om.write("answer", answer)))
    assert answered.read_answer(sound(answered.answer(found))) == found
    became = answered.read_invoice_state(sound(om.write("invoiceState", state)))
    assert answered.read_invoice_state(sound(answered.invoice_state(became))) == became


def test_every_answer_to_a_query_has_the_same_length() -> None:
    """Covered with an accreditation, or not confirmed: nobody reads an answer from its length."""
    covered = optics_examples.RIGHTS
    plain = type(covered)("not-confirmed", covered.question)
    assert len(answered.rights(covered)) == len(answered.rights(plain)) == answered.RIGHTS_LENGTH


def test_words_of_the_profile_are_words_of_the_domain() -> None:
    """Items, sides and reasons of renewal mean what an invoice in JSON means by them."""
    for kind, words in ((ITEM, ITEMS), (SIDE, SIDES), (RENEWAL, RENEWALS)):
        assert set(kind.pattern.split("|")) <= set(words)


def test_what_the_profile_does_not_carry_is_not_written() -> None:
    """An ear, a stay, another column or two days of care raise, and the text names no value."""
    hearing = msgspec.structs.replace(optics_examples.REQUEST.lines[0], family="hearing")
    teeth = msgspec.structs.replace(optics_examples.REQUEST.lines[0].particulars, teeth=("26",))
    aid = msgspec.structs.replace(optics_examples.REQUEST.lines[0].particulars, item="aid")
    lines = [hearing, *(msgspec.structs.replace(optics_examples.REQUEST.lines[0], particulars=p) for p in (teeth, aid))]
    for line in lines:
        with pytest.raises(ValueError, match=r"does not carry|wrong shape"):
            asked.write_request("M-1", msgspec.structs.replace(optics_examples.REQUEST, lines=(line,)))
    with pytest.raises(ValueError, match="domains"):
        asked.write_question("M-1", examples.REQUESTS["AskEligibility"])
    declared = msgspec.structs.replace(optics_examples.INVOICE, declared=DeclaredRequest("card", "2026-03-02"))
    two = tuple(msgspec.structs.replace(optics_examples.INVOICE.lines[0], care_date=f"2026-03-0{n}") for n in (1, 2))
    for invoice in (declared, msgspec.structs.replace(optics_examples.INVOICE, lines=two)):
        with pytest.raises(ValueError, match="does not carry"):
            asked.write_invoice("M-1", invoice)
    long = msgspec.structs.replace(optics_examples.QUERY, member=SECRET * 3)
    with pytest.raises(ValueError, match="query/card/member") as raised:
        asked.write_question("M-1", long)
    assert SECRET not in str(raised.value)
    with pytest.raises(ValueError, match="missing"):
        om.write("query", {"id": "M-1"})
    with pytest.raises(ValueError, match="not these"):
        om.write("cancel", {"id": "M-1", "of": {"reference": "P1", "invoice": examples.INVOICE}})
    with pytest.raises(ValueError, match="content"):
        asked.write_request(
            "M-1", msgspec.structs.replace(optics_examples.REQUEST, attachments=(Attachment("quote", b""),))
        )


LEFT_OUT = {
    QuoteLine: {"coefficient", "place"},
    ParticularsRequest: {"teeth", "pricing", "days", "substitution", "reference_price", "blind"},
    EligibilityAnswer: {"padding"},
    InvoiceRequest: {"declared", "receipt"},
    AuthorizationState: {"attachments"},
}
"""Of other trades, or told in another way."""


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (QuoteLine, asked), (ParticularsRequest, asked), (EligibilityRequest, asked), (AuthorizationRequest, asked),
        (InvoiceRequest, asked), (EligibilityAnswer, answered), (AuthorizationState, answered),
        (InvoiceState, answered), (LineState, answered), (EventState, answered), (DeliveryState, answered),
        (RestState, answered),
    ],
)  # fmt: skip
def test_every_field_of_the_wire_is_carried_or_left_out_by_name(kind: Any, source: Any) -> None:
    """A field that the wire gains is seen here: the message carries it, or the profile says that it does not."""
    text = Path(source.__file__).read_text("utf-8")
    carried = {field for field in kind.__struct_fields__ if re.search(rf'"{field}"|\b{field}=', text)}
    assert carried == set(kind.__struct_fields__) - LEFT_OUT.get(kind, set())


def test_both_answers_say_that_a_newborn_is_meant_and_read_it_back() -> None:
    """With the ceiling, in `rights` and in `answer`; whoever is no newborn has no such element."""
    said = msgspec.structs.replace(optics_examples.RIGHTS, provisional=True, ceiling=500_00)
    agreed = msgspec.structs.replace(examples.ANSWERS["ReadAuthorization"], provisional=True, ceiling=500_00)
    assert answered.read_rights(sound(answered.rights(said))) == said
    assert answered.read_answer(sound(answered.answer(agreed))) == agreed
    assert len(answered.rights(said)) == len(answered.rights(optics_examples.RIGHTS))
    for content in (answered.rights(said), answered.answer(agreed)):
        assert sound(content).values["newborn"] == {"ceiling": 500_00}
    assert b"newborn" not in answered.rights(optics_examples.RIGHTS)


# --- the published schema and samples ---


def test_the_published_schema_is_the_readers_own() -> None:
    """docs/formats/optics-messages.xsd is made from the tables that are read by."""
    assert (DOCS / "optics-messages.xsd").read_text("utf-8") == om.schema()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_good_samples_are_sound(path: Path) -> None:
    """Each is taken, is valid by the schema, and is written back byte for byte."""
    content = path.read_bytes()
    found = sound(content)
    assert allowed(content)
    assert om.write(found.name, found.values).rstrip() == content.rstrip()


def test_the_samples_show_every_message_and_every_way_to_be_wrong() -> None:
    """All eleven messages; a refused file for each fault of form but the three of size, which are made here."""
    assert {sound(path.read_bytes()).name for path in GOOD} == set(MESSAGES)
    assert {path.stem for path in (SAMPLES / "refused").glob("*.xml")} == set(EXPECTED)
    source = (Path(om.__file__).parent / "document.py").read_text("utf-8")
    codes = set(re.findall(r'(?:Fault|_fault|_stop)\(\s*"([a-z-]+)"', source)) | {"encoding-not-utf-8"}
    assert codes - set(EXPECTED) == {"message-too-large", "too-many-elements"}
    baskets = {
        line.get("basket") for line in sound((SAMPLES / "request-mixed-baskets.xml").read_bytes()).values["line"]
    }
    assert baskets == {"A", "B"}


@pytest.mark.parametrize("code", EXPECTED)
def test_the_refused_samples_are_refused_where_they_are_wrong(code: str) -> None:
    """Its code, and every fault with its line and element; the schema does not take it either."""
    content = (SAMPLES / "refused" / f"{code}.xml").read_bytes()
    found = refused(content)
    told = [{"code": each.code, "line": each.line, "element": each.element} for each in found.faults]
    assert {"code": found.code, "faults": told} == EXPECTED[code]
    assert code in {each.code for each in found.faults}
    assert found.code in TABLE
    if code not in {"not-utf-8", "encoding-not-utf-8", "document-type-not-allowed", "not-well-formed"}:
        assert not allowed(content)


# --- hostile ---

QUERY = optics_examples.REQUESTS["query"].encode()


@pytest.mark.parametrize(
    ("content", "code", "fault"),
    [
        (b"", "malformed-body", "not-well-formed"),
        (b"{}", "malformed-body", "not-well-formed"),
        (QUERY + b"<query/>", "malformed-body", "not-well-formed"),
        (b" " + QUERY, "malformed-body", "not-well-formed"),
        (QUERY.decode().encode("utf-16"), "malformed-body", "not-utf-8"),
        (b"\xef\xbb\xbf" + QUERY.replace(b"UTF-8", b"utf-16"), "malformed-body", "encoding-not-utf-8"),
        (QUERY.replace(b"UTF-8", b"UTF-7"), "malformed-body", "encoding-not-utf-8"),
        (QUERY.replace(b'"1.0"', b'"1.1"'), "malformed-body", "encoding-not-utf-8"),
        (QUERY.replace(b"12345678", b"&unknown;"), "malformed-body", "not-well-formed"),
        (QUERY.replace(b"12345678", b"1&#0;2"), "malformed-body", "not-well-formed"),
        (b"<!DOCTYPE query SYSTEM 'file:///etc/passwd'>" + QUERY[39:], "malformed-body", "document-type-not-allowed"),
        (b"<a>" * (MOST_DEPTH + 1), "malformed-body", "too-deep"),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS, "malformed-body", "too-many-elements"),
        (QUERY + b" " * om.MOST_BYTES, "body-too-large", "message-too-large"),
        (QUERY.replace(b"<query ", b"<query xmlns:x='urn:x' x:y='1' "), "invalid-fields", "attribute-not-allowed"),
        (QUERY.replace(b"<card>", b"<card xmlns='urn:other'>", 1), "invalid-fields", "unknown-element"),
        (QUERY.replace(b" xmlns=", b" xmlns:o="), "invalid-fields", "namespace-not-handled"),
        (QUERY.replace(b"12345678", b"<![CDATA[  ]]>"), "invalid-fields", "wrong-shape"),
    ],
)  # fmt: skip
def test_hostile_bytes_are_refused_cleanly(content: bytes, code: str, fault: str) -> None:
    """Other encodings, entities, document types, depth, size, foreign names: a code, and nothing of it is kept."""
    found = refused(content)
    assert (found.code, found.faults[0].code) == (code, fault)


def test_a_bomb_costs_nothing() -> None:
    """Ten levels of entities are refused at the document type: no entity is ever declared."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE q [<!ENTITY l0 "ha">{levels}]><query>&l9;</query>'.encode()
    assert refused(bomb).faults == (om.Fault("document-type-not-allowed", 1),)


def test_no_fault_repeats_what_was_sent() -> None:
    """Names of elements, texts and namespaces that are not ours never come back."""
    bodies = (
        QUERY.replace(b"<member>", f"<{SECRET}/><member>".encode()),
        QUERY.replace(b"1985-04-12", SECRET.encode()),
        QUERY.replace(b"urn:rempart:optics:1", SECRET.encode()),
        QUERY.replace(b"<query", f"<{SECRET}".encode()).replace(b"</query", f"</{SECRET}".encode()),
        QUERY.replace(b"<card>", f"<card {SECRET}='1'>".encode()),
    )
    for body in bodies:
        found = refused(body)
        assert SECRET not in repr(found)
        assert SECRET.encode() not in answered.refusal(problem(found.code), found.faults)
    assert "12345678" not in repr(sound(QUERY))


def test_of_many_faults_some_are_told() -> None:
    """A message wrong everywhere is answered in a bounded space."""
    line = "<line><code>VER</code><base>x</base><rate>x</rate><spent>x</spent></line>"
    body = re.sub("<line>.*</line>", line * 150, optics_examples.REQUESTS["request"], flags=re.DOTALL)
    assert len(refused(body.encode()).faults) == MOST_FAULTS


@given(st.sampled_from(GOOD), st.data())
def test_changed_messages_are_judged_as_the_schema_judges_them(path: Path, data: st.DataObject) -> None:
    """Elements removed, doubled, exchanged, renamed or given another text: the reader and the XSD always agree."""
    root = etree.fromstring(path.read_bytes(), etree.XMLParser(remove_blank_text=True))
    for _ in range(data.draw(st.integers(1, 3))):
        nodes = [node for node in root.iter() if node is not root]
        if not nodes:
            break
        node = data.draw(st.sampled_from(nodes))
        parent = node.getparent()
        assert parent is not None
        match data.draw(st.sampled_from(("remove", "double", "first", "rename", "text"))):
            case "remove":
                parent.remove(node)
            case "double":
                parent.append(etree.fromstring(etree.tostring(node)))
            case "first":
                parent.insert(0, node)
            case "rename":
                node.tag = data.draw(st.sampled_from(nodes)).tag
            case "text" if not len(node):
                node.text = data.draw(st.sampled_from(TEXTS))
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    assert isinstance(om.read(content), om.Message) is allowed(content), content


TEXTS = (
    "", " ", "0", "-0", "+1", "007", " 5 ", "-225", "99999999999999999999", "true", "1", "TRUE", "lens", "Lens",
    "2026-03-02", "2026-13-45", "850412", "2A", "285047592512345", "2850475925123", "28504 7592512", "M 1", "é", "\t",
    "JVBERi0xLjc=", "JVBE Ri0x\nLjc=", "!!!", "A", "free", "P" * 31, "x" * 601, "a&b<c", "agreed", "-", "a--b",
    "019caddd-6600-7a1e-8c33-5d2f0000000a", "019CADDD-6600-7A1E-8C33-5D2F0000000A",
)  # fmt: skip


@given(st.sampled_from(GOOD), st.data())
def test_any_bytes_are_a_message_or_refused(path: Path, data: st.DataObject) -> None:
    """A good message cut, overwritten and spliced at chance: never an exception, never a refusal without its code."""
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 40))
        piece = data.draw(
            st.binary(max_size=20) | st.sampled_from((b"<", b"&", b"]]>", b"<!--", b"<![CDATA[", b"\x00"))
        )
        content[at : at + length] = piece
    found = om.read(bytes(content))
    if isinstance(found, om.Refused):
        assert found.code in TABLE
        assert found.faults
    else:
        assert found.name in {each.name for each in (*ASKED, *ANSWERED)}


# --- where a field stands ---


@pytest.mark.parametrize(
    ("message", "field", "element", "line"),
    [
        ("query", "nir", "query/card/nir", 10),
        ("query", "birth", "query/card/birthDate", 11),
        ("query", "care_date", "query/careDate", 5),
        ("request", "planned_date", "request/plannedDate", 5),
        ("request", "lines[0].particulars.correction", "request/line[1]/correction", 19),
        ("request", "lines[0].spent", "request/line[1]/spent", 24),
        ("request", "attachments[0].content", "request/attachment[1]/content", 28),
        ("request", "lines", "request/line", 14),
        ("request", "lines[0].unit_price", "request/line[1]/unitPrice", 14),
        ("invoice", "invoices[0].lines[0].amc", "invoice/line[1]/amc", 27),
        ("invoice", "lines[0].care_date", "invoice/deliveryDate", 7),
        ("invoice", "accreditation", "invoice/reference", 4),
        ("invoice", "colour", "invoice", 2),
        ("invoice", "", "invoice", 2),
    ],
)  # fmt: skip
def test_a_field_of_the_wire_is_told_as_line_and_element(message: str, field: str, element: str, line: int) -> None:
    """What the JSON's use case finds wrong is told where the message holds it; what is absent, where it would stand."""
    content = optics_examples.REQUESTS[message]
    found = asked.place(sound(content.encode()), field)
    assert found == (element, line)
    last = element.rpartition("/")[2].partition("[")[0]
    there = content.splitlines()[line - 1].strip().startswith(f"<{last}")
    assert there or f"<{last}>" not in content
