"""Settlement files put together: one for each call for funds, signed, in the operator's folder; and insurers' answers.

The row is written first, then the file: whoever dies between leaves a row from which the next run makes the same file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from rempart.application.claw_backs import ClawBacks
from rempart.application.settlement import Answers, Call, Chained, Judged, SettlementDiffersError, checked
from rempart.bootstrap.pay import PaymentSetUpError
from rempart.formats import sealed_list, settlement_file
from rempart.ground.files import SecretRefused, read_secret, write_whole, writing_aside
from rempart.ground.instants import PARIS, as_datetime, civil_date
from rempart.ground.settings import Settings
from rempart.storage import settlements
from rempart.storage.claw_backs import ClawBackBooks
from rempart.storage.settlements import SettlementBooks, Written

Connection = psycopg.Connection[Any]


class Made(NamedTuple):
    """One settlement file in the folder; `references` is the list of people it comes with, "" when nobody is new."""

    written: Written
    name: str
    references: str


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


def settle(settings: Settings, connection: Connection, instant: int) -> list[Made]:
    """Writes the file of every call that has none, and any that is missing from the folder; what was written.

    `connection` is in autocommit. Raises `SettlementDiffersError`: that file and its insurer's later ones wait.
    """
    key = signing_key(settings)
    folder = settings.settlement.output
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[Made] = []
    with settlements.alone(connection):
        for call in settlements.unsettled(connection):
            with connection.transaction():
                connection.execute("set transaction isolation level repeatable read")
                chained = settlements.chain(connection, call, civil_date(call.called, PARIS))
                sha256, rows = _measure(_content(connection, call, chained, key))
                settlements.remember(connection, Written(call, chained, sha256, rows), instant)
        since: dict[tuple[str, str], int] = {}
        for one in settlements.written(connection):
            party = (one.call.operator, one.call.insurer)
            if not (folder / file_name(one)).exists():
                made.append(_place(connection, folder, one, key, since=since.get(party, 0)))
            since[party] = one.call.called
    return made


def file_name(one: Written) -> str:
    """The name under which an insurer finds its file."""
    return f"settlement-{one.call.operator}-{one.call.insurer}-{one.chained.sequence:06d}.ndjson"


def _content(connection: Connection, call: Call, chained: Chained, key: Ed25519PrivateKey) -> Iterator[bytes]:
    return settlement_file.write(call, chained, checked(call, settlements.movements(connection, call)), key)


def _measure(content: Iterator[bytes]) -> tuple[bytes, int]:
    digest, lines = hashlib.sha256(), 0
    for line in content:
        digest.update(line)
        lines += 1
    return digest.digest(), lines - 1


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
    header, answers = read
    taking = Answers(SettlementBooks(connection), ClawBacks(ClawBackBooks(connection)))
    about = (header.sequence, bytes.fromhex(header.settlement))
    return taking.take(header.insurer, about, answers, civil_date(instant, PARIS), instant=instant)
