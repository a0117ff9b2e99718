"""What an insurer runs on its side: make keys, sign rights files, check them as the hub would, open what returns.

Needs the base install only. Exit codes: 0 done, 1 the file is refused, 2 the command or a key cannot be used.
"""

from __future__ import annotations

import base64
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import msgspec
import typer

from rempart.cli import _insurer_settlement, _insurer_stand_in
from rempart.cli._insurer_agent import agent
from rempart.cli._insurer_cards import cards
from rempart.cli._insurer_files import lines_of, new_private, no, problems
from rempart.cli._insurer_keys import (
    KeyFileError,
    make_keys,
    public_text,
    read_opening,
    read_public,
    read_reader,
    read_signing,
)
from rempart.cli._insurer_presence_code import presence_code
from rempart.cli._insurer_record_check import record_check
from rempart.domain.member import ANY_MEMBER, MemberRule
from rempart.formats.rights_file import (
    CHUNK,
    MAX_HEADER,
    MAX_LINE,
    Body,
    Draft,
    Expected,
    FileFault,
    Header,
    LineFault,
    header_line,
    parse_line,
    read_header,
    sign,
    verify,
    write_body,
)
from rempart.formats.rights_file.sentences import SENTENCES
from rempart.formats.sealed_list import MAX_ROW, BatchKey, ListFault, read_list_header, read_row
from rempart.sealing.envelope import MAGIC, BatchOpener, EnvelopeFault, is_sealed, open_batch, seal_file

SHOWN = 20  # faults printed one by one; the rest is counted by code

app = typer.Typer(name="insurer", help="What an insurer runs on its own side.", no_args_is_help=True)
app.command("agent")(agent)
app.command("cards")(cards)
app.add_typer(_insurer_settlement.app, name="settlement")
app.add_typer(_insurer_stand_in.app, name="stand-in")
app.command("record-check")(record_check)
app.command("presence-code")(presence_code)


class Kind(StrEnum):
    """A full file says everything; a delta says what changed."""

    full = "full"
    delta = "delta"


class Compression(StrEnum):
    """How the body is compressed, as a whole."""

    none = "none"
    gzip = "gzip"
    zstd = "zstd"


Folder = Annotated[Path, typer.Option("--keys", help="Folder made by `rempart insurer keygen`.")]
RuleFile = Annotated[
    Path | None,
    typer.Option("--member-rule", help="JSON file with the rule you declared for your member numbers."),
]


@app.command()
def keygen(out: Annotated[Path, typer.Option("--out", help="Folder for the keys; made if absent.")]) -> None:
    """Make a pair of keys to sign rights files and a pair to open what the hub seals to you."""
    with problems():
        made = make_keys(out)
        typer.echo(f"Written: {', '.join(str(path) for path in made.paths)}", err=True)
        typer.echo("The two .pem files stay with you, readable by you alone. Register with the operator:", err=True)
        typer.echo(public_text(made.public), nl=False)


@app.command("sign")
def sign_command(
    source: Annotated[Path, typer.Argument(help="Lines of rights, NDJSON without a header.")],
    out: Annotated[Path, typer.Option("--out", help="The signed file to write; never overwritten.")],
    keys: Folder,
    insurer: Annotated[str, typer.Option(help="Your AMC number, 10 digits.")],
    sequence: Annotated[int, typer.Option(min=1, help="One more than that of the last file you sent.")],
    kind: Kind = Kind.full,
    compress: Compression = Compression.zstd,
    created: Annotated[str, typer.Option(help="AAAA-MM-JJTHH:MM:SSZ; now if absent.")] = "",
    expected_opened: Annotated[int | None, typer.Option(min=0, help="People you expect this file to open.")] = None,
    expected_closed: Annotated[int | None, typer.Option(min=0, help="People you expect it to close.")] = None,
    expected_changed: Annotated[int | None, typer.Option(min=0, help="People you expect it to change.")] = None,
    keeper_key: Annotated[str, typer.Option(help="The hub's load key, base64 or file; seals the body.")] = "",
    member_rule: RuleFile = None,
) -> None:
    """Check every line, then write a signed file, sealed when the hub's load key is given."""
    draft = Draft(
        insurer=insurer,
        kind=kind.value,
        sequence=sequence,
        created=created or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        compression=compress.value,
        expected=_expected(expected_opened, expected_closed, expected_changed),
    )
    with problems():
        key, rule = read_signing(keys), _rule(member_rule)
        reader = read_reader(keeper_key) if keeper_key else None
        if out.exists():
            raise KeyFileError(f"{out} exists already; a signed file is never overwritten.")
        tally = _Tally()
        with source.open("rb") as lines, tempfile.TemporaryFile(dir=out.parent) as body:
            header = sign(write_body(body, draft, _checked(lines, rule, tally, delta=kind is Kind.delta)), key)
            shape = read_header(header_line(header))
            if isinstance(shape, FileFault):
                _refuse_file(shape)
            if tally.faults:
                tally.tell()
                no("Nothing was written. Correct these lines and sign again.")
            body.seek(0)
            _write_signed(out, header, body, reader)
    tally.tell()
    state = "sealed" if reader else "not sealed"
    typer.echo(f"{out}: {header.kind} file {header.sequence}, {header.count} lines, {state}.")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A signed file.")],
    public: Annotated[Path, typer.Option("--public", help="public.json of the insurer that signed.")],
    member_rule: RuleFile = None,
) -> None:
    """Check a signed file as the hub would: header, signature, every chunk, every line."""
    with problems(), file.open("rb") as stream:
        rule, key = _rule(member_rule), read_public(public).signing
        header = read_header(stream.readline(MAX_HEADER + 2))
        if isinstance(header, FileFault):
            _refuse_file(header)
        if not verify(header, key):
            _refuse_file(FileFault("signature-differs", "signature"))
        start = stream.tell()
        if is_sealed(stream.read(len(MAGIC))):
            typer.echo("Header and signature are right. The body is sealed: only the hub's keeper can read it.")
            return
        stream.seek(start)
        tally = _Tally()
        fault = _check_body(stream, header, rule, tally)
    tally.tell()
    if fault is not None:
        _refuse_file(fault)
    if tally.faults:
        no(f"{sum(tally.faults.values())} of {header.count} lines would be rejected.")
    size = f"{len(header.chunks)} chunks, {header.count} lines"
    typer.echo(f"{header.kind} file {header.sequence}: signature right, {size}, all right.")


@app.command("open")
def open_command(
    source: Annotated[Path, typer.Argument(help="A list that the hub sealed to you.")],
    out: Annotated[Path, typer.Option("--out", help="The NDJSON file to write, readable by you alone.")],
    keys: Folder,
) -> None:
    """Open a sealed list (references, settlement or members): each row comes out with its sealed part readable."""
    with problems(), source.open("rb") as stream:
        key = read_opening(keys)
        header = read_list_header(stream.readline(MAX_ROW + 2))
        if isinstance(header, ListFault):
            no("line 1: list-header. This is not a list of the format rempart-sealed/1.")
        openers: dict[str, BatchOpener] = {}
        count = 0
        with new_private(out) as target:
            for number, line in enumerate(lines_of(stream, MAX_ROW), start=2):
                item = read_row(line)
                if isinstance(item, ListFault):
                    no(f"line {number}: {item.code}. The list was changed or cut on its way.")
                if isinstance(item, BatchKey):
                    opener = open_batch(item.wrapped, key, header.purpose)
                    if isinstance(opener, EnvelopeFault):
                        no(f"line {number}: {opener.code}. {SENTENCES[opener.code]}")
                    openers[item.batch] = opener
                    continue
                known = openers.get(item.batch)
                content = known.open(item.sealed, item.bound) if known is not None else EnvelopeFault("envelope-shape")
                if isinstance(content, EnvelopeFault):
                    no(f"line {number}: {content.code}. {SENTENCES[content.code]}")
                target.write(msgspec.json.encode({**item.clear, "opened": _readable(content)}) + b"\n")
                count += 1
    typer.echo(f"{out}: {count} rows of {header.purpose}, made {header.created}.")


class _Tally:
    """Faults of lines: the first are kept to be shown, all are counted by code."""

    def __init__(self) -> None:
        self.shown: list[LineFault] = []
        self.faults: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()

    def add(self, fault: LineFault) -> None:
        self.faults[fault.code] += 1
        if len(self.shown) < SHOWN:
            self.shown.append(fault)

    def tell(self) -> None:
        for fault in self.shown:
            where = f"line {fault.line}, {fault.field}" if fault.field else f"line {fault.line}"
            typer.echo(f"{where}: {fault.code}. {SENTENCES[fault.code]}", err=True)
        more = sum(self.faults.values()) - len(self.shown)
        if more:
            counts = ", ".join(f"{code} {count}" for code, count in sorted(self.faults.items()))
            typer.echo(f"and {more} more; in all: {counts}", err=True)
        for code, count in sorted(self.warnings.items()):
            typer.echo(f"warning, {count} times: {code}. {SENTENCES[code]} The lines are loaded.", err=True)


def _checked(stream: BinaryIO, rule: MemberRule, tally: _Tally, *, delta: bool) -> Iterator[bytes]:
    """The lines of an unsigned file as they are; line numbers are those of the signed file, so its header is line 1."""
    for number, line in enumerate(lines_of(stream, MAX_LINE), start=2):
        _judge(line, number, rule, tally, delta=delta)
        if not tally.faults:  # what is refused is not signed, so it need not be compressed either
            yield line


def _judge(line: bytes, number: int, rule: MemberRule, tally: _Tally, *, delta: bool) -> None:
    found = parse_line(line, number, rule, delta=delta)
    if isinstance(found, LineFault):
        tally.add(found)
    else:
        tally.warnings.update(getattr(found, "warnings", ()))


def _check_body(stream: BinaryIO, header: Header, rule: MemberRule, tally: _Tally) -> FileFault | None:
    body, number = Body(header), 2

    def judge(blocks: Iterator[list[bytes]]) -> None:
        nonlocal number
        for block in blocks:
            for line in block:
                _judge(line, number, rule, tally, delta=header.kind == "delta")
                number += 1

    while body.fault is None and (piece := stream.read(CHUNK)):
        judge(body.feed(piece))
    judge(body.rest())
    return body.finish()


def _write_signed(out: Path, header: Header, body: BinaryIO, reader: bytes | None) -> None:
    first, pieces = header_line(header), iter(lambda: body.read(CHUNK), b"")
    with new_private(out) as target:
        if reader is None:
            target.write(first)
        for piece in pieces if reader is None else seal_file(first, pieces, reader):
            target.write(piece)


def _readable(content: bytes) -> object:
    """JSON where it is JSON, text where it is text, else base64."""
    try:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(content)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            return content.decode()
        except UnicodeDecodeError:
            return base64.b64encode(content).decode()


def _expected(opened: int | None, closed: int | None, changed: int | None) -> Expected | None:
    if opened is None and closed is None and changed is None:
        return None
    return Expected(opened=opened or 0, closed=closed or 0, changed=changed or 0)


def _rule(path: Path | None) -> MemberRule:
    if path is None:
        return ANY_MEMBER
    try:
        return msgspec.json.decode(path.read_bytes(), type=MemberRule)
    except msgspec.DecodeError as error:
        raise KeyFileError(f"{path} is not a member rule: {error}") from error


def _refuse_file(fault: FileFault) -> NoReturn:
    where = f" {fault.field}" if fault.field else f" chunk {fault.chunk + 1}" if fault.chunk >= 0 else ""
    no(f"Refused:{where}: {fault.code}. {SENTENCES[fault.code]}")
