"""`rempart insurer settlement`: verify and open a settlement file on the insurer's side, and answer it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import msgspec
import typer

from rempart.cli import _insurer_settlement_calls
from rempart.cli._insurer_files import lines_of, new_private, no, problems
from rempart.cli._insurer_keys import KeyFileError, read_opening, read_signing
from rempart.cli._insurer_past_lines import past_lines
from rempart.formats import checkpoint, settlement_copy, settlement_file
from rempart.formats.opened_settlement import row_of
from rempart.formats.sealed_list import MAX_ROW, BatchKey, ListFault, read_list_header, read_row
from rempart.formats.settlement_file import Acts, Batch, Checked, Fault, Line
from rempart.sealing.envelope import BatchOpener, EnvelopeFault, open_batch

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

app = typer.Typer(no_args_is_help=True, help="Fetch, verify, open and answer settlement files.")
app.command("list")(_insurer_settlement_calls.list_command)
app.command("fetch")(_insurer_settlement_calls.fetch)
app.command("send")(_insurer_settlement_calls.send)
app.command("state")(_insurer_settlement_calls.state)
app.command("past-lines")(past_lines)
Folder = Annotated[Path, typer.Option("--keys", help="Folder made by `rempart insurer keygen`.")]
HubKey = Annotated[Path, typer.Option("--hub", help="The operator's settlement public key, base64.")]
SENTENCES = {
    "settlement-header": "The first line is not the header of a settlement file.",
    "settlement-row": "The line is not of this format.",
    "after-end": "Something was added after the end.",
    "cut-short": "The file stops before its end.",
    "signature-differs": "It is not as the operator signed it.",
    "sums-differ": "Its lines are not what its call asks for: do not pay before the operator explains it.",
    "sequence-differs": "It does not follow the file given with --after: one is missing, or was changed.",
    "checkpoint-differs": "The log's checkpoint in it is not signed by the log's key.",
}


@app.command("open")
def open_command(
    file: Annotated[Path, typer.Argument(help="A settlement file.")],
    keys: Folder,
    hub: HubKey,
    out: Annotated[Path, typer.Option("--out", help="The NDJSON file to write, readable by you alone.")],
    references: Annotated[list[Path] | None, typer.Option(help="Lists of references that came with files.")] = None,
    after: Annotated[Path | None, typer.Option(help="The file before this one: nothing is missing between.")] = None,
    log_key: Annotated[Path | None, typer.Option(help="The log's public key: the checkpoint is verified too.")] = None,
) -> None:
    """Verify signature, sums and sequence, then write each line with its acts and your own reference of the person."""
    with problems():
        found = _checked(file, hub)
        _follows(found, after)
        if log_key is not None:
            _logged(found, _public(log_key))
        key = read_opening(keys)
        people = dict(_people(references or [], key))
        opener = _Opener(found, key, people)
        with file.open("rb") as source, new_private(out) as target:
            opener.write(source, target)
    header = found.header
    typer.echo(
        f"{out}: file {header.sequence} of {header.operator}, call {header.reference} of {header.day}, "
        f"{header.amount / 100:,.2f} €; signature and sums right; {opener.named} of {opener.invoices} people named."
    )


@app.command("answer")
def answer_command(
    file: Annotated[Path, typer.Argument(help="The settlement file that is answered.")],
    answers: Annotated[Path, typer.Argument(help="NDJSON: invoice, verdict (accepted, rejected), reason, amount.")],
    keys: Folder,
    hub: HubKey,
    out: Annotated[Path, typer.Option("--out", help="The signed answers to send back.")],
) -> None:
    """Check your answers and sign them."""
    with problems():
        found, key = _checked(file, hub), read_signing(keys)
        read: list[settlement_file.AnswerLine] = []
        for number, line in enumerate(answers.read_bytes().splitlines(), 1):
            one = settlement_file.read_answer(line)
            if one is None:
                no(f"line {number}: answers-row. Give invoice and verdict; a rejection has a reason and cents.")
            read.append(one)
        content = settlement_file.write_answers(found, read, key.sign)
        with new_private(out) as target:
            target.write(content)
    typer.echo(f"{out}: {len(read)} answers to file {found.header.sequence}, signed.")


def _checked(file: Path, hub: Path) -> Checked:
    with file.open("rb") as stream:
        found = settlement_file.check(stream, _public(hub))
    if isinstance(found, Fault):
        where = f"line {found.line}: " if found.line else ""
        no(f"{where}{found.code}. {SENTENCES[found.code]}")
    return found


def _follows(found: Checked, after: Path | None) -> None:
    """Nothing is missing between the file kept before and this one."""
    if after is None:
        return
    with after.open("rb") as stream:
        before = hashlib.file_digest(stream, "sha256").hexdigest()
    if found.header.previous != before:
        no(f"sequence-differs. {SENTENCES['sequence-differs']}")


def _logged(found: Checked, public: bytes) -> None:
    note = checkpoint.parse(found.header.log_checkpoint.encode())
    if isinstance(note, checkpoint.NoteFault) or checkpoint.verify(note, public) is not None:
        no(f"checkpoint-differs. {SENTENCES['checkpoint-differs']}")


def _public(path: Path) -> bytes:
    """A public key in base64, or the log's as a C2SP verifier key."""
    text = path.read_text(encoding="ascii").strip()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        named = checkpoint.parse_key(text)
        raw = b"" if isinstance(named, checkpoint.NoteFault) else named.public
    if len(raw) != 32:
        raise KeyFileError(f"{path} is not an Ed25519 public key, 32 bytes in base64.")
    return raw


def _people(files: list[Path], key: X25519PrivateKey) -> Iterator[tuple[bytes, str]]:
    """What each person's handle is bound to → your reference of that person."""
    for file in files:
        with file.open("rb") as stream:
            if isinstance(read_list_header(stream.readline(MAX_ROW + 2)), ListFault):
                no(f"{file}: list-header. This is not a list of references.")
            opener: BatchOpener | EnvelopeFault = EnvelopeFault("envelope-shape")
            for number, line in enumerate(lines_of(stream, MAX_ROW), 2):
                item = read_row(line)
                if isinstance(item, ListFault):
                    no(f"{file}: line {number}: {item.code}.")
                if isinstance(item, BatchKey):
                    opener = open_batch(item.wrapped, key, "references")
                    continue
                content = opener if isinstance(opener, EnvelopeFault) else opener.open(item.sealed, item.bound)
                if isinstance(content, EnvelopeFault):
                    no(f"{file}: line {number}: {content.code}.")
                yield item.bound, content.decode()


class _Opener:
    """Writes a checked file's lines opened: an invoice's lines wait for the acts that follow them."""

    def __init__(self, found: Checked, key: X25519PrivateKey, people: dict[bytes, str]) -> None:
        self._found, self._key, self._people = found, key, people
        self._openers: dict[int, BatchOpener] = {}
        self.invoices = self.named = 0

    def write(self, source: BinaryIO, target: BinaryIO) -> None:
        source.readline()
        waiting: list[Line] = []
        for number, line in enumerate(source, 2):
            row = settlement_file.read_row(line)
            if isinstance(row, Fault):
                no(f"line {number}: {row.code}.")
            if isinstance(row, Batch):
                opener = open_batch(row.wrapped, self._key, "settlement")
                if isinstance(opener, EnvelopeFault):
                    no(f"line {number}: {opener.code}. It was sealed to another key than yours.")
                self._openers[row.batch] = opener
            elif isinstance(row, Line):
                if waiting and waiting[0].invoice != row.invoice:
                    self._put(target, waiting, {})
                    waiting = []
                waiting.append(row)
            elif isinstance(row, Acts):
                self._put(target, waiting, self._acts(row, number))
                waiting = []
            else:
                self._put(target, waiting, {})
                waiting = []
                if not isinstance(row, settlement_file.End):
                    target.write(msgspec.json.encode(row) + b"\n")

    def _acts(self, row: Acts, number: int) -> dict[str, Any]:
        bound = settlement_file.sealed_under(self._found.header.insurer, row.invoice)
        copy = self._openers[row.batch].open(row.sealed, bound) if row.batch in self._openers else None
        if copy is None or isinstance(copy, EnvelopeFault):
            no(f"line {number}: envelope-altered. The acts of this invoice do not open.")
        try:
            person, told = settlement_copy.opened(copy)
        except ValueError:
            no(f"line {number}: settlement-copy. The acts are of another version: update this program.")
        handle = hashlib.sha256(person).digest()[:16]
        return told | {"reference": self._people.get(handle, ""), "person": handle.hex()}

    def _put(self, target: BinaryIO, lines: list[Line], told: dict[str, Any]) -> None:
        """One row a line: the invoice's number and contract, the person, and this line's act."""
        if not lines:
            return
        self.invoices += 1
        self.named += bool(told.get("reference"))
        target.writelines(row_of(msgspec.to_builtins(line), told) for line in lines)
