"""`rempart client eligibility`, `invoice` and `conformance`: the typed client from a shell.

Cards and invoices come from a file or standard input, never from the command line, which every user can list.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from rempart.cli._output import Exit, console, emit, fail, table

if TYPE_CHECKING:
    from rempart.client.conformance_sealing import Exchanges
    from rempart.client.hub import Account, Client
    from rempart.wire.invoices import InvoiceReceipt
    from rempart.wire.problem import Problem

T = TypeVar("T")
Hub = Annotated[str, typer.Option("--url", envvar="REMPART_HUB", help="The hub's public address.")]
ClientId = Annotated[str, typer.Option("--client", envvar="REMPART_CLIENT", help="Your registered client id.")]
SiteNumber = Annotated[str, typer.Option("--site", envvar="REMPART_SITE", help="The site's billing number.")]
KeyFile = Annotated[Path, typer.Option("--key", envvar="REMPART_KEY", help="Your private JWK, mode 0600.")]
KeeperKey = Annotated[
    str, typer.Option("--keeper-key", envvar="REMPART_KEEPER_KEY", help="The keeper's key, name+hash+key, to seal to.")
]
Clear = Annotated[bool, typer.Option("--clear-identity", help="Tell the hub what the card says, unsealed.")]
Told = Annotated[str, typer.Argument(help="A JSON file, or - for standard input.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


def eligibility(
    file: Told,
    *,
    url: Hub,
    client: ClientId,
    site: SiteNumber,
    key: KeyFile,
    keeper_key: KeeperKey = "",
    clear_identity: Clear = False,
    as_json: Json = False,
) -> None:
    """Ask one question; the file holds it as POST /v1/eligibility takes it. Exit 1 unless the answer is covered."""
    from rempart.wire.eligibility import EligibilityRequest

    asked = _told(file, EligibilityRequest)
    pin = keeper_pin(keeper_key, clear=clear_identity)
    with client_of(account_of(url, client, site, key=key, keeper=pin)) as hub:
        found = good(lambda: hub.eligibility(asked))
    told = msgspec.structs.asdict(msgspec.structs.replace(found, padding=""))
    rows = [(name, value) for name, value in told.items() if name != "domains" and value]
    rows += [(one.domain, f"{one.formula}, {one.start} to {one.end}" if one.open else "no") for one in found.domains]
    emit(told, as_json=as_json, show=lambda: table("", ("", ""), rows))
    if found.answer != "covered":
        raise typer.Exit(Exit.NO)


def invoice(
    file: Told,
    *,
    url: Hub,
    client: ClientId,
    site: SiteNumber,
    key: KeyFile,
    idempotency_key: Annotated[
        str, typer.Option(help="Keep it and give it again to send the same file again; made anew when absent.")
    ] = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait for decisions.", min=0.0)] = 30.0,
    keeper_key: KeeperKey = "",
    clear_identity: Clear = False,
    as_json: Json = False,
) -> None:
    """Send invoices; the file holds them as POST /v1/invoices takes them. Exit 1 unless all are accepted."""
    from rempart.client.hub import new_key
    from rempart.wire.invoices import InvoicesRequest

    sent = _told(file, InvoicesRequest)
    pin = keeper_pin(keeper_key, clear=clear_identity)
    with client_of(account_of(url, client, site, key=key, keeper=pin)) as hub:
        receipt = good(lambda: hub.invoices(sent.invoices, idempotency_key or new_key()))
        rows = [_outcome(hub, one, time.monotonic() + wait) for one in receipt.invoices]
    fields = ("number", "state", "reason", "amc", "invoice")
    columns = ("number", "state", "reason", "insurer pays, cents", "invoice")
    told = {"file": receipt.file, "invoices": [dict(zip(fields, row, strict=True)) for row in rows]}
    emit(told, as_json=as_json, show=lambda: table("", columns, rows))
    if any(row[1] not in {"accepted", "paid"} for row in rows):
        raise typer.Exit(Exit.NO)


def conformance(
    *,
    url: Hub,
    client: ClientId = "",
    site: SiteNumber = "",
    key: KeyFile = Path(),
    keeper_key: KeeperKey = "",
    recorded: Annotated[
        Path | None,
        typer.Option(help="A HAR file of what your software said to the sandbox.", exists=True, dir_okay=False),
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Keep our own walk as a HAR file, to compare with.")] = None,
    as_json: Json = False,
) -> None:
    """Judge your software's recording, or our own client's walk, requirement by requirement. Exit 1 unless all pass."""
    from rempart.client import conformance as kit

    if recorded is not None:
        exchanges = _recorded(recorded, url)
    else:
        pin = keeper_pin(keeper_key, clear=False)
        exchanges = _walked(account_of(url, client, site, key=key, keeper=pin))
    if not kit.of_the_sandbox(exchanges):
        fail("the recording holds other cards than the sandbox's: delete it, and record the sandbox only",
             Exit.NO, code="recording-holds-other-cards")  # fmt: skip
    if write is not None:
        _keep(write, exchanges)
    verdicts = kit.judge(exchanges)
    rows = [(v.verdict, v.code, v.asks, "" if v.verdict == "pass" else "; ".join((*v.seen, v.todo))) for v in verdicts]
    passed = sum(verdict.verdict == "pass" for verdict in verdicts)
    title = f"{passed} of {len(verdicts)} pass, {len(exchanges)} exchanges"
    told = {"requirements": verdicts, "passed": passed, "exchanges": len(exchanges)}
    emit(told, as_json=as_json, show=lambda: table(title, ("", "requirement", "what it asks", "what to do"), rows))
    if passed < len(verdicts):
        raise typer.Exit(Exit.NO)


def _recorded(path: Path, url: str) -> Exchanges:
    from rempart.client.recording import read_har

    found = read_har(path.read_bytes(), url)
    if isinstance(found, str):
        fail(f"{path} is not a HAR recording of exchanges with {url}", Exit.NO, code=found)
    return found


def _walked(account: Account) -> Exchanges:
    from rempart.client.hub import NoAnswerError
    from rempart.client.walk import walk

    try:
        with console(error=True).status("Signing in") as status:
            return walk(account, datetime.now(UTC).astimezone().date(), status.update)
    except NoAnswerError as error:
        fail(str(error), Exit.BROKEN, code=error.code)


def _keep(path: Path, exchanges: Exchanges) -> None:
    from rempart.client.recording import write_har
    from rempart.ground.files import write_whole

    if path.exists():
        fail(f"{path} exists already: name another file", Exit.USAGE, code="output-exists")
    write_whole(path, write_har(exchanges))


def keeper_pin(keeper: str, *, clear: bool) -> str:
    """The keeper's key to seal to; "" when the user chose to tell the hub in clear. Neither ends the command."""
    if not clear and not keeper:
        fail("the keeper's key is missing: --keeper-key, as the operator gave it, or --clear-identity", Exit.LACKING,
             code="keeper-key-missing")  # fmt: skip
    return "" if clear else keeper


def enrol(
    code: Annotated[str, typer.Option("--code", prompt=True, hide_input=True, help="The manager's code; asked for.")],
    *,
    url: Hub,
    client: Annotated[str, typer.Option("--client", envvar="REMPART_CLIENT", help="Your registered client id.")] = "",
    site: SiteNumber,
    key: KeyFile,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="The site's own program, that nobody registered: makes --key and its id.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Act for a site from now on, for a year, by the one-time code that its manager made in the portal.

    With --new-key, as a program of the site's own, until the manager ends it.
    """
    if new_key == bool(client):
        fail("name --client, or let --new-key make it", Exit.USAGE, code="client-options")
    if new_key:
        client = _made(key)
    with client_of(account_of(url, client, site, key=key)) as hub:
        found = good(lambda: hub.claim_mandate(code))
    told = msgspec.structs.asdict(found)
    until = "until its manager ends it" if new_key else f"to {found.last}"
    emit(told, as_json=as_json, show=lambda: f"{client} acts for {site} from {found.first} {until}.")


def _made(path: Path) -> str:
    """A new private key in a file of its owner's alone; the client id that goes with it."""
    from rempart.client import assertion, mandates

    made = assertion.generate_key()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(made))
    except OSError as error:
        fail(f"{path}: no new key there ({error.strerror})", Exit.USAGE, code="key-not-written")
    return mandates.own_program(made)


def account_of(url: str, client: str, site: str, *, key: Path, keeper: str = "") -> Account:
    """Who calls, its key read; what is wrong with either ends the command. `keeper` "": nothing is sealed."""
    from rempart.client.hub import Account, load_key
    from rempart.ground.files import SecretRefused

    private = load_key(key)
    if isinstance(private, SecretRefused):
        fail(private.reason, Exit.LACKING, code=private.code)
    try:
        return Account(url, client, site, private, keeper=keeper, identity="sealed" if keeper else "clear")
    except ValueError as error:
        fail(f"{error}; plain http is for this machine only", Exit.USAGE, code="address-or-keeper-key")


def client_of(account: Account) -> Client:
    """The typed client, imported when a command runs."""
    from rempart.client.hub import Client

    return Client(account)


def _told(file: str, kind: type[T]) -> T:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError:
        fail(f"{file} cannot be read", Exit.USAGE, code="input-unreadable")
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        # The message may quote an unknown field's name, which may be anything: only a path or a known field is kept.
        at = re.search(r"`\$\.?([a-z_.\[\]0-9…]+)`", str(error)) or re.search(r"required field `([a-z_]+)`", str(error))
        where = at.group(1) if at else "the top"
        fail(f"{where} is not as the API takes it: see /schema", Exit.NO, code="invalid-fields")
    except (msgspec.DecodeError, UnicodeDecodeError):
        fail("this is not JSON", Exit.NO, code="malformed-body")


def good(ask: Callable[[], T | Problem]) -> T:
    """What was answered; a no ends the command with its code and what to do."""
    from rempart.client.hub import NoAnswerError
    from rempart.wire.problem import Problem

    try:
        found = ask()
    except NoAnswerError as error:
        fail(str(error), Exit.BROKEN, code=error.code)
    if isinstance(found, Problem):
        where = ", ".join(f"{one.field}: {one.code}" for one in found.errors)
        fail(f"{found.title}{f' ({where})' if where else ''}. {found.detail}".rstrip(), Exit.NO, code=found.code)
    return found


def _outcome(hub: Client, one: InvoiceReceipt, deadline: float) -> tuple[str, str, str, int, str]:
    if not one.invoice:
        return one.number, one.state, ", ".join(f"{f.field}: {f.code}" for f in one.faults), 0, ""
    while True:
        found = good(lambda: hub.invoice_state(one.invoice))
        if found.state != "received" or time.monotonic() > deadline:
            return one.number, found.state, found.sentence or found.reason, found.amc, one.invoice
        time.sleep(0.2)
