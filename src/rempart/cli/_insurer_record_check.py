"""`rempart insurer record-check`: ask what the hub holds of one of your own people, and from which file and line."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
import typer

from rempart.cli._insurer_files import lines_of, no, problems
from rempart.cli._insurer_hub import Base, Client, Insurer, Json, Key, KeyFolder, good, session_of
from rempart.cli._insurer_keys import KeyFileError, read_opening, read_signing
from rempart.cli._output import emit
from rempart.domain.identifiers import Fault, parse_birth, parse_nir, parse_rank
from rempart.domain.member import ANY_MEMBER, MemberRule, canonical_member
from rempart.ground.files import SecretRefused, read_secret
from rempart.sealing.envelope import EnvelopeFault, open_batch
from rempart.wire.record_check import LABEL, RecordCheckAnswer, RecordCheckRequest, RecordStatement

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is asked about, as the rights file names them, from a 0600 file and never from the command line."""

    member: str
    birth: str
    nir: str | None = None
    rank: str = "1"

    def __repr__(self) -> str:
        return "Person(…)"


def record_check(
    person: Annotated[Path, typer.Argument(help="A 0600 JSON object: member, birth, perhaps nir and rank.")],
    base: Base, client: Client, client_key: Key, insurer: Insurer, keys: KeyFolder,
    care: Annotated[str, typer.Option(help="Day of care, AAAA-MM-JJ; today if absent.")] = "",
    file: Annotated[Path | None, typer.Option(help="Your rights file, clear: the line is looked for in it.")] = None,
    member_rule: Annotated[Path | None, typer.Option(help="The rule you declared for your member numbers.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Sign the question, ask, and say what the hub would answer, by which file, and on which of its lines."""
    with problems():
        signing, opening = read_signing(keys), read_opening(keys)
        day = care or date.today().isoformat()  # noqa: DTZ011 - the insurer's own civil day
        one = read_person(person, member_rule_of(member_rule))
        statement = msgspec.json.encode(RecordStatement(insurer, *one, day, int(time.time())))
    body = msgspec.json.encode(RecordCheckRequest(statement, signing.sign(LABEL + statement)))
    with session_of(base, client, client_key, insurer) as session:
        found = good(session.call("POST", "/v1/insurer/record-check", body))
    answer = msgspec.json.decode(found.body, type=RecordCheckAnswer)
    with problems():
        reference = _reference(answer, opening)
        line = _line(file, reference) if file is not None and reference else 0
    told = msgspec.to_builtins(answer) | {"reference": reference, "line": line}
    for sealed in ("wrapped", "bound"):
        told.pop(sealed, None)
    emit(told, as_json=as_json, show=lambda: _shown(told))


class Named(NamedTuple):
    """A person's canonical fields, in the order of an insurer's statements."""

    member: str
    nir: str | None
    birth: str
    rank: str

    def __repr__(self) -> str:
        return "Named(…)"


def read_person(path: Path, rule: MemberRule) -> Named:
    """Who the file names, canonical by the insurer's rule. Raises `KeyFileError`; ends the command at a fault."""
    found = read_secret(path)
    if isinstance(found, SecretRefused):
        raise KeyFileError(found.reason)
    try:
        one = msgspec.json.decode(found, type=Person)
    except msgspec.DecodeError:
        no(f"{path} is not as expected: member, birth, perhaps nir and rank.")
    member, birth, rank = canonical_member(one.member, rule), parse_birth(one.birth), parse_rank(one.rank)
    nir = parse_nir(one.nir) if one.nir is not None else None
    for field in (member, birth, rank, nir):
        if isinstance(field, Fault):
            no(f"{path}: {field.field}: {field.code}")
    return Named(str(member), nir[0] if isinstance(nir, tuple) else None, str(birth), str(rank))


def member_rule_of(path: Path | None) -> MemberRule:
    """The rule in a file, or the one that takes any number. Raises `KeyFileError`."""
    if path is None:
        return ANY_MEMBER
    try:
        return msgspec.json.decode(path.read_bytes(), type=MemberRule)
    except msgspec.DecodeError as error:
        raise KeyFileError(f"{path} is not a member rule.") from error


def _reference(answer: RecordCheckAnswer, key: X25519PrivateKey) -> str:
    """Your own reference of the person, "" when the hub holds none."""
    if not answer.reference:
        return ""
    opener = open_batch(answer.wrapped, key, "references")
    content = opener if isinstance(opener, EnvelopeFault) else opener.open(answer.reference, answer.bound)
    if isinstance(content, EnvelopeFault):
        no(f"{content.code}. The reference was sealed to another key than yours.")
    return content.decode()


def _line(path: Path, reference: str) -> int:
    """The line of a clear rights file that names the reference, 0 when none does; its header is line 1."""
    with path.open("rb") as stream:
        for number, line in enumerate(lines_of(stream, 64 * 1024), 1):
            if reference.encode() in line and _names(line, reference):
                return number
    return 0


def _names(line: bytes, reference: str) -> bool:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(found, dict) and reference in found.values()


def _shown(told: dict[str, Any]) -> str:
    file = told.get("file")
    where = f"{file['kind']} file {file['sequence']}" if file else "no file"
    place = f", line {told['line']}" if told["line"] else ""
    periods = "".join(f"\n  {p['domain']} {p['start']} – {p['end']} {p['formula']}" for p in told.get("periods", ()))
    newborn = f" (a newborn by its parent's line, up to {told['ceiling']} cents)" if told.get("provisional") else ""
    return f"{told['answer']}{newborn}: {where}{place}{periods}"
