"""What one element may hold, each type once: how it is read, how it is written, and what the XSD says of it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

_SPACE = " \t\r\n"
_TEXT = "[^ \\t\\r\\n]([^\\t\\r\\n]*[^ \\t\\r\\n])?"
_WRITTEN = re.compile("0|-?[1-9][0-9]{0,10}")
_ALLOWED = re.compile("[^\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]*")  # XML 1.0 § 2.2


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as they stand, no space around, at most `most`; `pattern` is read alike by Python and by XSD.

    Without a pattern of its own, any text of one line.
    """

    name: str
    most: int
    pattern: str = _TEXT

    def value(self, text: str) -> str | None:
        """The value of an element's text; None when it is none."""
        if self.pattern != _TEXT:
            text = text.strip(_SPACE)
        if not 0 < len(text) <= self.most or re.fullmatch(self.pattern, text) is None:
            return None
        return text

    def text(self, value: Any) -> str | None:
        """What is written of a value; None when this type cannot hold it."""
        sound = isinstance(value, str) and _ALLOWED.fullmatch(value) is not None
        return value if sound and self.value(value) == value else None


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `low` to `high`, without leading zeros or plus sign."""

    name: str
    low: int
    high: int

    def value(self, text: str) -> int | None:
        """As of `Text`."""
        text = text.strip(_SPACE)
        if _WRITTEN.fullmatch(text) is None:
            return None
        number = int(text)
        return number if self.low <= number <= self.high else None

    def text(self, value: Any) -> str | None:
        """As of `Text`."""
        sound = isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high
        return str(value) if sound else None


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    name: str

    def value(self, text: str) -> bool | None:
        """As of `Text`."""
        return {"true": True, "false": False}.get(text.strip(_SPACE))

    def text(self, value: Any) -> str | None:
        """As of `Text`."""
        return ("true" if value else "false") if isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes in base64 (RFC 4648 § 4), spaces and line ends between them allowed; 1 to `most` bytes."""

    name: str
    most: int

    def value(self, text: str) -> bytes | None:
        """As of `Text`."""
        packed = text.translate(_NO_SPACE)
        try:
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            return None
        whole = 0 < len(content) <= self.most and base64.b64encode(content).decode() == packed
        return content if whole else None

    def text(self, value: Any) -> str | None:
        """As of `Text`."""
        return base64.b64encode(value).decode() if isinstance(value, bytes) and 0 < len(value) <= self.most else None


_NO_SPACE = str.maketrans("", "", _SPACE)
Type = Text | Number | Flag | Content


def words(name: str, *known: str) -> Text:
    """One of these words."""
    return Text(name, max(map(len, known)), "|".join(known))


MOST_CENTS = 10_000_000_00
MESSAGE_ID = Text("MessageId", 36, "[A-Za-z0-9][A-Za-z0-9._-]*")
UUID = Text("Uuid", 36, "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WORD = Text("Word", 60)
LINE = Text("Line", 600)
NAME = Text("Name", 20)
REFERENCE = Text("Reference", 30, "[A-Za-z0-9][A-Za-z0-9 -]*[A-Za-z0-9]")
DAY = Text("Day", 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
BIRTH = Text("Birth", 10, "[0-9]{6}|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = Text("Instant", 40, "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
NIR = Text("Nir", 15, "[0-9]{5}([0-9]{2}|2[ABab])[0-9]{6}([0-9]{2})?")
DIGIT = Text("Digit", 1, "[0-9]")
AMC = Text("AmcNumber", 10, "[0-9]{8,10}")
LPP = Text("Lpp", 7, "[0-9]{7}")
INVOICE_NUMBER = Text("InvoiceNumber", 9, "[0-9]+")
CODE = Text("Code", 60, "[a-z0-9]+(-[a-z0-9]+)*")
PATH = Text("Path", 200, "[A-Za-z]+(\\[[0-9]+\\])?(/[A-Za-z]+(\\[[0-9]+\\])?)*")
CENTS = Number("Cents", 0, MOST_CENTS)
AMOUNT = Number("Amount", -99_999_999_999, 99_999_999_999)
PERCENT = Number("Percent", 0, 100)
COUNT = Number("Count", 1, 9999)
PLACE = Number("Place", 0, 10_000_000)
STATUS = Number("Status", 400, 599)
DIOPTRES = Number("HundredthsOfDioptre", -9999, 9999)
CYLINDER = Number("Cylinder", 0, 9999)
YES = Flag("Flag")
DOCUMENT = Content("Document", 1024 * 1024)
EVIDENCE = words("Evidence", "typed", "machine", "known")
ITEM = words("Item", "frame", "lens", "contact-lenses")
SIDE = words("Side", "left", "right")
BASKET = words("Basket", "A", "B")
RENEWAL = words("Renewal", "sight-worsened", "frame-outgrown", "listed-condition")
KIND = words("AttachmentKind", "prescription", "quote", "letter")
MODE = words("Mode", "real", "test", "demo")
