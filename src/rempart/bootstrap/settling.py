"""Settlement files put together: one for each call for funds, signed, in the operator's folder; and insurers' answers.

The row is written first, then the file: whoever dies between leaves a row from which the next run makes the same file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from rempart.application.claw_backs import ClawBacks
from rempart.application.settlement import Answer, Answers, Call, Chained, Judged, SettlementDiffersError, checked
from rempart.bootstrap.pay import PaymentSetUpError
from rempart.formats import sealed_list, settlement_file
from rempart.ground.files import SecretRefused, read_secret, write_whole, writing_aside
from rempart.ground.instants import PARIS, as_datetime, civil_date
from rempart.ground.settings import Settings
from rempart.sealing.client import KeeperSync
from rempart.sealing.frames import SETTLEMENT, VerifyDecisionItem
from rempart.storage import settlements
from rempart.storage.claw_backs import ClawBackBooks
from rempart.storage.settlements import SettlementBooks, Written

Connection = psycopg.Connection[Any]
PIECE = 1 << 20  # bytes of a file kept together


class Made(NamedTuple):
    """One settlement file in the folder; `references` is the list of people it comes with, "" when nobody is new."""

    written: Written
    name: str
    references: str


class _Insurer(NamedTuple):
    """What was written for an insurer, and its calls that have no file yet, in order."""

    written: list[Written]
    calls: list[Call]


class _Run(NamedTuple):
    """What all files of one run share; `kept` are the calls whose files can be fetched already."""

    folder: Path
    key: Ed25519PrivateKey
    kept: frozenset[UUID]
    instant: int


def make_key(path: Path) -> bytes:
    """Makes the operator's signing key at `path` (0600, never overwritten); gives the public key of 32 bytes."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes_raw()
    if path.exists():
        raise PaymentSetUpError("key-exists", f"{path} exists already: a key is never overwritten")
    write_whole(path, pem)
    write_whole(path.with_suffix(".pub"), settlement_file.public_text(public), mode=0o644)
    return public


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The operator's key; `PaymentSetUpError` when there is none to use."""
    path = settings.settlement.signing_key
    if path is None:
        raise PaymentSetUpError(
            "settlement-key-missing",
            "no settlement key: run `rempart settlement keygen` and set settlement.signing_key",
        )
    found = read_secret(path)
    if isinstance(found, SecretRefused):
        raise PaymentSetUpError(found.code, found.reason)
    key = load_pem_private_key(found, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise PaymentSetUpError("settlement-key-unreadable", f"{path} is not an Ed25519 private key")
    return key


def settle(
    settings: Settings, connection: Connection, instant: int, *, wait: bool = True, hands: Sequence[Connection] = ()
) -> list[Made]:
    """Writes the file of every call that has none, and any that is missing from the folder; what was written.

    One writes at a time; who does not `wait` leaves it to the one who does. `hands` are further connections, over which
    other insurers' files are written meanwhile; all are in autocommit. Raises `SettlementDiffersError` when all others
    are written: that file and its insurer's later ones wait.
    """
    key = signing_key(settings)
    folder = settings.settlement.output
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with settlements.alone(connection, wait=wait) as ours:
        if not ours:
            return []
        run = _Run(folder, key, settlements.kept(connection), instant)
        made = _side_by_side((connection, *hands), _insurers(connection), partial(_of_insurer, run))
    return sorted(made, key=lambda one: (one.written.call.operator, one.written.call.insurer, one.name))


def _insurers(connection: Connection) -> list[_Insurer]:
    """Every insurer that was ever called, those whose new files are long first."""
    found: dict[tuple[str, str], _Insurer] = {}
    for one in settlements.written(connection):
        found.setdefault((one.call.operator, one.call.insurer), _Insurer([], [])).written.append(one)
    for call in settlements.unsettled(connection):
        found.setdefault((call.operator, call.insurer), _Insurer([], [])).calls.append(call)
    return sorted(found.values(), key=lambda one: -sum(call.movements for call in one.calls))


def _side_by_side(
    connections: Sequence[Connection], insurers: Sequence[_Insurer], work: Callable[[Connection, _Insurer], list[Made]]
) -> list[Made]:
    """What is made for each insurer, each over a connection that nobody else uses meanwhile; all are tried."""
    free: SimpleQueue[Connection] = SimpleQueue()
    for connection in connections:
        free.put(connection)

    def one(insurer: _Insurer) -> list[Made]:
        connection = free.get()
        try:
            return work(connection, insurer)
        finally:
            free.put(connection)

    with ThreadPoolExecutor(len(connections)) as pool:
        return list(chain.from_iterable(pool.map(one, insurers)))


def _of_insurer(run: _Run, connection: Connection, insurer: _Insurer) -> list[Made]:
    """What is missing of its files, then the files of its new calls; each is kept for the insurer to fetch."""
    folder, key, kept, instant = run
    made: list[Made] = []
    since = 0
    for one in insurer.written:
        if not (folder / file_name(one)).exists():
            made.append(_place(connection, folder, one, key, since=since))
        if one.call.fund_call not in kept:
            _keep(connection, folder, one)
        since = one.call.called
    for call in insurer.calls:
        made.append(_make(connection, folder, call, key, since=since, instant=instant))
        _keep(connection, folder, made[-1].written)
        since = call.called
    return made


def file_name(one: Written) -> str:
    """The name under which an insurer finds its file."""
    return f"settlement-{one.call.operator}-{one.call.insurer}-{one.chained.sequence:06d}.ndjson"


def _content(connection: Connection, call: Call, chained: Chained, key: Ed25519PrivateKey) -> Iterator[bytes]:
    return settlement_file.write(call, chained, checked(call, settlements.movements(connection, call)), key)


def _make(
    connection: Connection, folder: Path, call: Call, key: Ed25519PrivateKey, *, since: int, instant: int
) -> Made:
    """A new file in one reading: it lies aside while its row is committed, and only then takes its name."""
    chained = settlements.chain(connection, call, civil_date(call.called, PARIS))
    written = Written(call, chained, b"", 0)
    name, digest, lines = file_name(written), hashlib.sha256(), 0
    with writing_aside(folder / name) as target, connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        named = _references(connection, folder, written, since)  # first: movements are read with a planner of their own
        for line in _content(connection, call, chained, key):
            digest.update(line)
            target.write(line)
            lines += 1
        written = Written(call, chained, digest.digest(), lines - 1)
        settlements.remember(connection, written, instant)
    return Made(written, name, named)


def _place(connection: Connection, folder: Path, one: Written, key: Ed25519PrivateKey, *, since: int) -> Made:
    """People first, so that whoever sees the settlement file finds them too."""
    with connection.transaction():
        named = _references(connection, folder, one, since)
    digest = hashlib.sha256()
    with connection.transaction(), writing_aside(folder / file_name(one)) as target:
        for line in _content(connection, one.call, one.chained, key):
            digest.update(line)
            target.write(line)
        if digest.digest() != one.sha256:
            raise SettlementDiffersError(f"{file_name(one)} does not come out as it was written: was the key changed?")
    return Made(one, file_name(one), named)


def _keep(connection: Connection, folder: Path, one: Written) -> None:
    """For the insurer's client to fetch: the same bytes as in the folder."""
    path = folder / file_name(one)
    people = path.with_name(path.name.replace("settlement-", "references-", 1))
    with connection.transaction():
        if people.exists():
            settlements.keep(connection, one.call.fund_call, "references", _pieces(people))
        settlements.keep(connection, one.call.fund_call, "settlement", _pieces(path))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece


def _references(connection: Connection, folder: Path, one: Written, since: int) -> str:
    """The insurer's references of people named since its last file, for its eyes only; the name, "" when none."""
    rows = settlements.references(connection, one.call.insurer, since, one.call.called)
    first = next(rows, None)
    if first is None:
        return ""
    name = file_name(one).replace("settlement-", "references-", 1)
    created = as_datetime(one.call.called).strftime("%Y-%m-%dT%H:%M:%SZ")
    header = sealed_list.ListHeader(
        format="rempart-sealed/1", insurer=one.call.insurer, purpose="references", created=created
    )
    batch = None
    with writing_aside(folder / name) as target:
        target.write(sealed_list.write_row(header))
        for number, wrapped, bound, sealed in chain((first,), rows):
            if number != batch:
                batch = number
                target.write(sealed_list.write_row(sealed_list.BatchKey(batch=str(number), wrapped=wrapped)))
            target.write(sealed_list.write_row(sealed_list.Row(batch=str(number), sealed=sealed, bound=bound)))
    return name


def take_answers(connection: Connection, content: bytes, public: bytes, instant: int) -> list[Judged] | str:
    """An insurer's signed answers, each judged; or the code of why the whole file is not taken."""
    read = settlement_file.read_answers(content, public)
    if isinstance(read, settlement_file.Fault):
        return f"{read.code} line {read.line}" if read.line else read.code
    return _take(connection, *read, instant)


def take_replies(settings: Settings, connection: Connection, instant: int) -> int:
    """Takes the answers that insurers' clients sent to the hub; how many files. Raises `KeeperUnavailable`.

    Each signature is verified again by the keeper: a hub's word begins no claw-back. `connection` is in autocommit. One
    that was taken half is taken again: what was taken of it is taken once.
    """
    waiting = settlements.replies(connection)
    if waiting:
        with KeeperSync(str(settings.paths.keeper_socket("box"))) as keeper:
            for reply, content in waiting:
                settlements.taken(connection, reply, _judged(connection, keeper, content, instant), instant)
    return len(waiting)


def _judged(connection: Connection, keeper: KeeperSync, content: bytes, instant: int) -> list[Judged] | str:
    stated = settlement_file.stated(content)
    if isinstance(stated, settlement_file.Fault):
        return stated.code
    item = VerifyDecisionItem(stated.header.insurer, stated.statement, stated.header.signature, SETTLEMENT)
    (result,) = keeper.call("verify_decision", [item])
    if result.refusal:
        return "signature-differs"
    answers = settlement_file.answers_of(stated)
    if isinstance(answers, settlement_file.Fault):
        return answers.code
    return _take(connection, stated.header, answers, instant)


def _take(
    connection: Connection, header: settlement_file.AnswersHeader, answers: list[Answer], instant: int
) -> list[Judged] | str:
    taking = Answers(SettlementBooks(connection), ClawBacks(ClawBackBooks(connection)))
    about = (header.sequence, bytes.fromhex(header.settlement))
    return taking.take(header.insurer, about, answers, civil_date(instant, PARIS), instant=instant)
