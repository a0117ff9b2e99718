"""`rempart-settlement/1`: what an insurer settles by, NDJSON, signed; and `rempart-settlement-answers/1`, its answers.

First a header, then one line a fact, at the end a signature over everything before it. Acts and the person's handle are
sealed to the insurer; the rest is clear and names nobody. Rempart's own format: docs/formats/settlement-file.md.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rempart.application.settlement import Answer, Call, Cancelled, Chained, Movement, Settled, TakenBack
from rempart.domain.decision import RuleAmount
from rempart.ground.instants import as_datetime

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT: Final = "rempart-settlement/1"
ANSWERS: Final = "rempart-settlement-answers/1"
GUARANTEED = "guaranteed-after-closure"
MAX_LINE = 4 * 1024 * 1024  # bytes: a sealed part may carry the acts of a long stay
_SEALED_FORMAT, _WRAPPED = 1, 88  # docs/formats/sealed-record.md § 8: format byte, wrapped batch key, sealed line
Insurer = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{10}\Z")]


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose file, which of its files, for which call. `previous` SHA-256 in hexadecimal, "" for the first file."""

    format: Literal["rempart-settlement/1"]
    operator: str
    insurer: Insurer
    sequence: int
    day: str
    created: str
    fund_call: str
    reference: str
    amount: int
    movements: int
    previous: str
    log_month: str
    log_checkpoint: str


class _Tagged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A further line."""


class Batch(_Tagged, frozen=True, kw_only=True, tag="batch"):
    """A wrapped key, before the first `acts` under it."""

    batch: int
    wrapped: bytes


class Line(_Tagged, frozen=True, kw_only=True, tag="line"):
    """One decided line; cents. `guarantee` says what bound the insurer for `guaranteed` cents after rights closed."""

    invoice: str
    line: int
    site: str
    care: str
    domain: str
    spent: int
    amo: int
    other: int
    amc: int
    patient: int
    reason: str
    rules: tuple[RuleAmount, ...]
    guarantee: str
    guaranteed: int
    remittance: str


class Acts(_Tagged, frozen=True, kw_only=True, tag="acts"):
    """An invoice's acts and its person's handle, sealed to the insurer under `batch`."""

    invoice: str
    batch: int
    sealed: bytes


class Cancellation(_Tagged, frozen=True, kw_only=True, tag="cancellation"):
    """A decided invoice that its site cancelled; the amount is negative."""

    invoice: str
    site: str
    amount: int


class ClawBack(_Tagged, frozen=True, kw_only=True, tag="claw-back"):
    """Deducted by a remittance (negative), or given back with one that did not go through (positive)."""

    claw_back: str
    invoice: str
    site: str
    reason: str
    remittance: str
    amount: int


class LatePayment(_Tagged, frozen=True, kw_only=True, tag="penalty"):
    """A penalty for late payment of a half-year, AAAA-1 or AAAA-2."""

    penalty: str
    site: str
    half: str
    amount: int


class End(_Tagged, frozen=True, kw_only=True, tag="end"):
    """Closes the file: lines before it, SHA-256 of their bytes, Ed25519 signature, first 16 hex digits of the key."""

    rows: int
    sha256: str
    key: str
    signature: bytes


class AnswersHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which settlement file is answered: its sequence and SHA-256 in hexadecimal."""

    format: Literal["rempart-settlement-answers/1"]
    insurer: Insurer
    sequence: int
    settlement: str
    signature: bytes = b""


class AnswerLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`verdict` accepted, or rejected with a late reason and cents."""

    invoice: UUID
    verdict: Literal["accepted", "rejected"]
    reason: Annotated[str, msgspec.Meta(pattern=r"\A[a-z-]{0,40}\Z")] = ""
    amount: Annotated[int, msgspec.Meta(ge=0)] = 0


class Stated(NamedTuple):
    """Answers as signed: their header, and what is signed of them (32 bytes), after the format's name."""

    header: AnswersHeader
    statement: bytes
    body: bytes


class Fault(NamedTuple):
    """Why a file is not taken: a code, and a line or 0. It never holds a value."""

    code: str
    line: int = 0


class Checked(NamedTuple):
    """A file that is whole, signed and adds up."""

    header: Header
    sha256: bytes
    rows: int


_encode = msgspec.json.Encoder().encode
_row = msgspec.json.Decoder(Batch | Line | Acts | Cancellation | ClawBack | LatePayment | End)
_header = msgspec.json.Decoder(Header)
Row = Batch | Line | Acts | Cancellation | ClawBack | LatePayment | End


def write(call: Call, chained: Chained, movements: Iterable[Movement], key: Ed25519PrivateKey) -> Iterator[bytes]:
    """The file line by line; the same facts and key give the same bytes."""
    digest = hashlib.sha256()
    rows = 0
    for line in _lines(call, chained, movements):
        content = _encode(line) + b"\n"
        digest.update(content)
        rows += 1
        yield content
    public = key.public_key().public_bytes_raw()
    end = End(
        rows=rows, sha256=digest.hexdigest(), key=key_id(public), signature=key.sign(_signed(FORMAT, digest.digest()))
    )
    yield _encode(end) + b"\n"


def key_id(public: bytes) -> str:
    """The first 16 hexadecimal digits of a public key's SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def _signed(name: str, digest: bytes) -> bytes:
    return name.encode() + b"\n" + digest


def _lines(call: Call, chained: Chained, movements: Iterable[Movement]) -> Iterator[msgspec.Struct]:
    yield Header(
        format=FORMAT, operator=call.operator, insurer=call.insurer, sequence=chained.sequence,
        day=call.day.isoformat(), created=as_datetime(call.called).strftime("%Y-%m-%dT%H:%M:%SZ"),
        fund_call=str(call.fund_call), reference=call.end_to_end, amount=call.amount, movements=call.movements,
        previous=chained.previous.hex(), log_month=chained.month, log_checkpoint=chained.checkpoint.decode(),
    )  # fmt: skip
    batches: dict[bytes, int] = {}
    for movement in movements:
        if isinstance(movement, Settled):
            yield from _settled(movement, batches)
        elif isinstance(movement, Cancelled):
            yield Cancellation(invoice=str(movement.invoice), site=movement.site, amount=movement.amount)
        elif isinstance(movement, TakenBack):
            yield ClawBack(
                claw_back=str(movement.claw_back), invoice=str(movement.invoice), site=movement.site,
                reason=movement.reason, remittance=movement.remittance, amount=movement.amount,
            )  # fmt: skip
        else:
            yield LatePayment(
                penalty=str(movement.penalty), site=movement.site, half=movement.half, amount=movement.amount
            )


def _settled(one: Settled, batches: dict[bytes, int]) -> Iterator[msgspec.Struct]:
    invoice = str(one.invoice)
    for line in one.lines:
        guaranteed = line.amc if any(step.rule == GUARANTEED for step in line.rules) else 0
        yield Line(
            invoice=invoice, line=line.number, site=one.site, care=one.care.isoformat(), domain=line.domain,
            spent=line.spent, amo=line.amo, other=line.other, amc=line.amc, patient=line.patient, reason=line.reason,
            rules=line.rules, guarantee=one.guarantee if guaranteed else "",
            guaranteed=guaranteed, remittance=one.remittance,
        )  # fmt: skip
    if not one.sealed:
        return
    wrapped = one.sealed[_SEALED_FORMAT : _SEALED_FORMAT + _WRAPPED]
    if wrapped not in batches:
        batches[wrapped] = len(batches) + 1
        yield Batch(batch=batches[wrapped], wrapped=wrapped)
    yield Acts(invoice=invoice, batch=batches[wrapped], sealed=one.sealed[_SEALED_FORMAT + _WRAPPED :])


def check(lines: Iterable[bytes], public: bytes) -> Checked | Fault:
    """Whether a file is whole, signed by `public` (Ed25519, 32 bytes) and adds up to its header's amount."""
    whole, before = hashlib.sha256(), hashlib.sha256()
    header: Header | None = None
    total = movements = number = 0
    last, end = "", None
    for number, line in enumerate(lines, 1):
        if end is not None:
            return Fault("after-end", number)
        whole.update(line)
        row = _read_header(line) if header is None else read_row(line)
        if isinstance(row, Fault):
            return Fault(row.code, number)
        if isinstance(row, End):
            end = row
            continue
        before.update(line)
        if isinstance(row, Header):
            header = row
        elif isinstance(row, Line):
            total += row.amc
            movements += row.invoice != last  # an invoice's lines stand together
            last = row.invoice
        elif isinstance(row, Cancellation | ClawBack | LatePayment):
            total += row.amount
            movements += 1
    if header is None or end is None or end.rows != number - 1:
        return Fault("cut-short", number)
    if end.sha256 != before.hexdigest() or not _holds(public, end.signature, _signed(FORMAT, before.digest())):
        return Fault("signature-differs")
    if (total, movements) != (header.amount, header.movements):
        return Fault("sums-differ")
    return Checked(header, whole.digest(), end.rows)


def _read_header(line: bytes) -> Header | Fault:
    try:
        return _header.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault("settlement-header")


def read_row(line: bytes) -> Row | Fault:
    """Any line after the header."""
    try:
        return _row.decode(line) if len(line) <= MAX_LINE else Fault("settlement-row")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault("settlement-row")


def sealed_under(insurer: str, invoice: str) -> bytes:
    """What an invoice's acts are bound to, so that two invoices' cannot be swapped."""
    return insurer.encode() + UUID(invoice).bytes


# --- answers ---


def write_answers(checked: Checked, answers: Iterable[AnswerLine], sign: Callable[[bytes], bytes]) -> bytes:
    """An insurer's answers to a file it checked; `sign` makes its Ed25519 signature."""
    body = b"".join(_encode(answer) + b"\n" for answer in answers)
    bare = AnswersHeader(
        format=ANSWERS, insurer=checked.header.insurer, sequence=checked.header.sequence,
        settlement=checked.sha256.hex(),
    )  # fmt: skip
    signature = sign(_signed(ANSWERS, hashlib.sha256(_encode(bare) + b"\n" + body).digest()))
    return _encode(msgspec.structs.replace(bare, signature=signature)) + b"\n" + body


def read_answers(content: bytes, public: bytes) -> tuple[AnswersHeader, list[Answer]] | Fault:
    """Answers signed by `public`; nothing of a file is taken when one line cannot be read."""
    found = stated(content)
    if isinstance(found, Fault):
        return found
    if not _holds(public, found.header.signature, _signed(ANSWERS, found.statement)):
        return Fault("signature-differs")
    answers = answers_of(found)
    return answers if isinstance(answers, Fault) else (found.header, answers)


def stated(content: bytes) -> Stated | Fault:
    """What answers say they are, before anybody looked at their signature."""
    first, _, body = content.partition(b"\n")
    try:
        header = msgspec.json.decode(first, type=AnswersHeader)
        bytes.fromhex(header.settlement)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return Fault("answers-header", 1)
    bare = msgspec.structs.replace(header, signature=b"")
    return Stated(header, hashlib.sha256(_encode(bare) + b"\n" + body).digest(), body)


def answers_of(found: Stated) -> list[Answer] | Fault:
    """The answers whose signature holds."""
    answers: list[Answer] = []
    for number, line in enumerate(found.body.splitlines(), 2):
        answer = read_answer(line)
        if answer is None:
            return Fault("answers-row", number)
        answers.append(Answer(answer.invoice, answer.verdict, answer.reason, answer.amount))
    return answers


def read_answer(line: bytes) -> AnswerLine | None:
    """One answer, None when it is none: a rejection has a reason and an amount, an acceptance has neither."""
    try:
        answer = msgspec.json.decode(line, type=AnswerLine)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    rejects = answer.verdict == "rejected"
    return answer if bool(answer.reason) == rejects and (answer.amount > 0) == rejects else None


def _holds(public: bytes, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_text(public: bytes) -> bytes:
    """A public key as its file holds it: base64 and a line end."""
    return base64.b64encode(public) + b"\n"
