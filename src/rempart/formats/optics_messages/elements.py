"""Every message of the profile as data: which elements, in which order, how often, of which type, and what they mean.

The reader, the writer and the published XSD all follow these tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rempart.formats.optics_messages import kinds as t
from rempart.formats.optics_messages.kinds import Type

NAMESPACE = "urn:rempart:optics:1"
"""Ours, and the version: what changes the meaning of a message changes its last figure."""
MEDIA_TYPE = "application/xml"
MOST_LINES = 200
MOST_ATTACHMENTS = 5
MOST_FAULTS = 50  # told of one message


@dataclass(frozen=True, slots=True)
class Element:
    """One element: a `type`, or `children` in their order (one of them only when `choice`); how often: `least`, `most`.

    `says` is for the reader of the XSD.
    """

    name: str
    type: Type | None = None
    children: tuple[Element, ...] = ()
    least: int = 1
    most: int = 1
    says: str = ""
    choice: bool = False

    @property
    def many(self) -> bool:
        """Whether it may stand more than once; its value is then a list."""
        return self.most > 1


def _one(name: str, kind: Type, says: str = "") -> Element:
    return Element(name, kind, says=says)


def _may(name: str, kind: Type, says: str = "") -> Element:
    return Element(name, kind, least=0, says=says)


def _part(name: str, *children: Element, least: int = 1, most: int = 1, says: str = "") -> Element:
    return Element(name, None, children, least, most, says)


_ID = _one("id", t.MESSAGE_ID, "Yours, fresh for each message: the same message again gets the first one's answer.")
_SITE_REFERENCE = _may("siteReference", t.NAME, "Your own, and not a person's name, number or birth date.")
_CARD = _part(
    "card",
    _one("amcNumber", t.AMC, "Number of the complementary insurer on the card."),
    _may("convention", t.NAME, "Type de convention."),
    _may("csr", t.NAME, "Critère secondaire de routage."),
    _one("member", t.NAME, "Numéro d'adhérent, as printed."),
    _may("nir", t.NIR, "13 characters, or 15 with the key; required when the card was typed."),
    _one("birthDate", t.BIRTH, "AAAA-MM-JJ, AAAAMMJJ or AAMMJJ; lunar dates as printed."),
    _may("rank", t.DIGIT, "Rang gémellaire."),
    says="What the card shows of one beneficiary.",
)
_LPP = _part(
    "lpp", _one("code", t.LPP, "Seven figures."), _one("quantity", t.COUNT), least=0, most=10,
    says="Code of the list of products, that of the maker since 1 July 2021.",
)  # fmt: skip
_CORRECTION = _part(
    "correction",
    _one("sphere", t.DIOPTRES, "Hundredths of a dioptre: -225 is -2.25."),
    _may("cylinder", t.CYLINDER, "Hundredths of a dioptre, written positive."),
    _may("multifocal", t.YES, "Progressive lenses too."),
    least=0,
)
_LINE = (
    _may("item", t.ITEM, "Absent for anything else, a supplement say."),
    _one("code", t.NAME, "Billing code of the line."),
    _LPP,
    _may("side", t.SIDE),
    _may("basket", t.BASKET, "100 % Santé: A nothing left to pay, B free price; mixed equipment has lines of both."),
    _CORRECTION,
    _may("priceLimit", t.CENTS, "For one, as the list of products gives it."),
    _may("renewal", t.RENEWAL, "Why equipment is renewed early."),
    _may("lastDelivery", t.DAY, "When the person last had such equipment, as the site knows it."),
    _may("firstPaid", t.CENTS, "What a first insurer paid of the whole line."),
    _may("quantity", t.COUNT, "1 when absent."),
    _may("unitPrice", t.CENTS),
    _one("base", t.CENTS, "Base of the compulsory scheme."),
    _one("rate", t.PERCENT, "Rate of the compulsory scheme."),
    _one("spent", t.CENTS, "Price of the line, all taxes."),
    _may("exemption", t.NAME),
    _may("qualifier", t.NAME),
)
_CARE = (_may("nature", t.NAME, "Nature of the insurance, 10 when absent."), _may("exemption", t.NAME))
_AMOUNTS = (
    _one("spent", t.AMOUNT), _one("amo", t.AMOUNT, "Compulsory scheme."), _one("amc", t.AMOUNT, "Insurer."),
    _one("patient", t.AMOUNT),
)  # fmt: skip
_DECIDED = _part(
    "line", _one("number", t.PLACE), _may("domain", t.WORD), *_AMOUNTS,
    _part("step", _one("rule", t.WORD), _one("amount", t.AMOUNT), least=0, most=100,
          says="One rule, and the insurer's amount after it."),
    _may("reason", t.CODE), least=0, most=MOST_LINES, says="What each side pays of one line.",
)  # fmt: skip
_EVENT = _part(
    "event", _one("state", t.CODE), _one("instant", t.INSTANT), _may("cause", t.WORD), least=0, most=1000,
    says="One change of state.",
)  # fmt: skip
_TAKEN = (_one("line", t.PLACE), _one("quantity", t.COUNT), _one("amc", t.AMOUNT))
_STATE = _one("state", t.CODE)
_NEWBORN = _part(
    "newborn", _one("ceiling", t.CENTS, "In all."), least=0,
    says="Covered under a parent's contract until the insurer registers it.",
)  # fmt: skip
_REASON = (_may("reason", t.CODE, "Stable code: docs/formats/reasons.md."), _may("sentence", t.LINE, "In French."))


def _of(*names: tuple[str, Type]) -> Element:
    children = tuple(_one(name, kind) for name, kind in names)
    return replace(_part("of", *children, says="Which one: exactly one of these."), choice=True)


QUERY = _part(
    "query", _ID, _one("evidence", t.EVIDENCE), _one("careDate", t.DAY), _SITE_REFERENCE, _CARD,
    says="Is this person covered for optics on this day? Answered by rights.",
)  # fmt: skip
REQUEST = _part(
    "request", _ID, _may("replaces", t.UUID, "The authorization that this quote shall replace."),
    _one("evidence", t.EVIDENCE), _one("plannedDate", t.DAY, "Day planned for the delivery."), _SITE_REFERENCE, _CARD,
    *_CARE, _part("line", *_LINE, most=MOST_LINES, says="One line of the quote."),
    _part("attachment", _one("kind", t.KIND), _one("content", t.DOCUMENT, "Base64."), least=0, most=MOST_ATTACHMENTS,
          says="Sealed to the insurer, and only when a case worker must decide."),
    says="A quote to be agreed to (prise en charge). Answered by answer.",
)  # fmt: skip
STATE = _part(
    "state", _ID,
    _of(("authorization", t.UUID), ("reference", t.REFERENCE), ("siteReference", t.NAME), ("invoice", t.UUID)),
    says="Where does it stand? Answered by answer, or by invoiceState.",
)  # fmt: skip
CANCEL = _part(
    "cancel", _ID, _of(("authorization", t.UUID), ("reference", t.REFERENCE), ("invoice", t.UUID)),
    says="It will not be used. Answered by cancelled.",
)  # fmt: skip
INVOICE = _part(
    "invoice", _ID, _one("reference", t.REFERENCE, "Of the authorization that it is made from."),
    _one("number", t.INVOICE_NUMBER, "The site's own."), _one("issued", t.DAY),
    _one("deliveryDate", t.DAY, "The date of care of equipment is its delivery."), _SITE_REFERENCE,
    _may("mode", t.MODE, "real when absent."), _may("distinct", t.YES, "It only resembles another one."), _CARD, *_CARE,
    _part("line", *_LINE, _one("amo", t.CENTS), _one("amc", t.CENTS), most=MOST_LINES,
          says="One line, as it was quoted, with what is asked of each side."),
    says="The invoice made from an authorization. Answered by receipt.",
)  # fmt: skip

RIGHTS = _part(
    "rights", _one("question", t.WORD, "All that support needs."), _one("answer", t.CODE), _may("kind", t.CODE),
    _may("accreditation", t.REFERENCE), _may("accreditationFrom", t.DAY), _may("accreditationTo", t.DAY),
    _NEWBORN, _may("ended", t.DAY, "Last day of rights."),
    _part("domain", _one("code", t.WORD), _one("open", t.YES), _may("start", t.DAY), _may("end", t.DAY),
          _may("formula", t.WORD), least=0, most=20),
    says="The answer to a query; it repeats nothing of the card.",
)  # fmt: skip
ANSWER = _part(
    "answer", _one("authorization", t.UUID), _STATE, _one("requested", t.INSTANT), _one("plannedDate", t.DAY),
    _may("reference", t.REFERENCE, "What the invoice cites."), *_REASON, _SITE_REFERENCE, _may("validFrom", t.DAY),
    _may("validUntil", t.DAY), _may("deliveryUntil", t.DAY, "With the tolerance on delay."),
    _may("ifRightsEnd", t.LINE, "To be printed."), _one("lineTolerance", t.CENTS), _one("totalTolerance", t.CENTS),
    *_AMOUNTS, _NEWBORN, _DECIDED, _may("heldUntil", t.DAY, "The allowance is held elsewhere until then."),
    _may("replaces", t.UUID), _may("invoice", t.UUID),
    _part("delivery", _one("invoice", t.UUID), *_TAKEN, least=0, most=1000, says="What one invoice took of a line."),
    _part("rest", *_TAKEN, least=0, most=MOST_LINES, says="What may still be delivered of a line."), _EVENT,
    says="pending, agreed, refused, modified, cancelled, expired, partly-invoiced or invoiced.",
)  # fmt: skip
INVOICE_STATE = _part(
    "invoiceState", _one("invoice", t.UUID), _may("number", t.INVOICE_NUMBER), _STATE, *_REASON, *_AMOUNTS, _DECIDED,
    _EVENT, _may("corrects", t.UUID), _may("correctedBy", t.UUID), says="What became of an invoice.",
)  # fmt: skip
RECEIPT = _part(
    "receipt", _one("invoice", t.UUID), _one("number", t.INVOICE_NUMBER), _one("deposit", t.UUID),
    says="The invoice is durable, and not decided yet: ask for its state.",
)  # fmt: skip
CANCELLED = _part("cancelled", _of(("authorization", t.UUID), ("invoice", t.UUID)), _STATE)
REFUSAL = _part(
    "refusal", _one("status", t.STATUS, "The HTTP status."), _one("code", t.WORD, "Stable."), _one("title", t.LINE),
    _may("detail", t.LINE),
    _part("fault", _may("line", t.PLACE, "Of the message, from 1."), _may("element", t.PATH), _one("code", t.CODE),
          least=0, most=MOST_FAULTS, says="What is wrong and where; never a value."),
    says="Nothing was taken.",
)  # fmt: skip

ASKED = (QUERY, REQUEST, STATE, CANCEL, INVOICE)
"""What a site sends."""
ANSWERED = (RIGHTS, ANSWER, INVOICE_STATE, RECEIPT, CANCELLED, REFUSAL)
"""What it is answered."""
MESSAGES = {message.name: message for message in (*ASKED, *ANSWERED)}
