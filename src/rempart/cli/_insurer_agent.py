"""`rempart insurer agent`: decides on the insurer's side what waits for its case workers, by rules or one by one.

Rules are TOML; the first that fits decides, none leaves the request waiting:

    [[rule]]
    verdict = "agreed"            # or "refused"
    domain = "OPTI"               # any when absent
    most = 120000                 # cents of the insurer's share, at most
    pays = "table"                # what the table alone gives, or "asked": all that the compulsory scheme leaves
"""

from __future__ import annotations

import os
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from rempart.cli._insurer_hub import Base, Client, Insurer, Key, KeyFolder, good, session_to
from rempart.cli._insurer_keys import KeyFileError, read_opening, read_signing
from rempart.cli._output import Exit, fail
from rempart.wire.authorizations import DecisionAnswer

if TYPE_CHECKING:
    from rempart.client.agent import Keys, Opened
    from rempart.client.session import Session
    from rempart.wire.problem import Problem

Verdict = Literal["agreed", "refused"]
Amounts = tuple[tuple[int, int], ...]


class Rule(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One rule; cents."""

    verdict: Verdict
    domain: str = ""
    most: int | None = None
    pays: Literal["table", "asked"] = "table"


class Rules(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    rule: tuple[Rule, ...] = ()


def decided(rules: Rules, opened: Opened) -> tuple[Verdict, Amounts] | None:
    """What the first fitting rule says of a case; None when none fits, or when it would agree to nothing."""
    for rule in rules.rule:
        amounts = amounts_of(opened, rule.pays)
        total = sum(amc for _, amc in amounts)
        if rule.domain not in {"", opened.case.domain} or (rule.most is not None and total > rule.most):
            continue
        if rule.verdict == "refused":
            return "refused", ()
        return ("agreed", amounts) if total else None
    return None


def amounts_of(opened: Opened, pays: str) -> Amounts:
    """The insurer's share by line: what the table gives, or all that the compulsory scheme leaves.

    Never more than what is left of the member's allowance, as the hub tells it.
    """
    rooms = {room.number: room.table if pays == "table" else room.most for room in opened.case.rooms}
    wished = (
        (line.number, line.table_amc if pays == "table" else max(line.spent - line.amo, 0))
        for line in opened.quote.lines
    )
    return tuple((number, min(amc, rooms.get(number, amc))) for number, amc in wished)


def agent(
    base: Base,
    client: Client,
    client_key: Key,
    insurer: Insurer,
    keys: KeyFolder,
    rules: Annotated[Path | None, typer.Option(help="TOML file of rules; without it you are asked.")] = None,
    attachments: Annotated[Path | None, typer.Option(help="Folder to write attachments to, readable by you.")] = None,
    every: Annotated[float, typer.Option(help="Look again after so many seconds; 0: once.")] = 0,
) -> None:
    """Open what waits with your own keys, decide it, and send the signed decisions."""
    from rempart.client.agent import Keys
    from rempart.client.session import NoAnswer

    try:
        own = Keys(read_opening(keys), read_signing(keys))
    except KeyFileError as error:
        fail(str(error), Exit.USAGE, code="key-unusable")
    chosen = _rules(rules) if rules is not None else None
    session = session_to(base, client, client_key, insurer)
    while True:
        try:
            _round(session, insurer, own, rules=chosen, attachments=attachments)
        except NoAnswer:
            if not every:
                fail("the hub does not answer", Exit.LACKING, code="no-answer")
            typer.echo("the hub does not answer; trying again", err=True)
        if not every:
            return
        time.sleep(every)


def _round(session: Session, insurer: str, own: Keys, *, rules: Rules | None, attachments: Path | None) -> None:
    from rempart.client import agent as side
    from rempart.sealing.envelope import EnvelopeFault
    from rempart.wire.problem import Problem

    for waiting in good(side.pending(session)).pending:
        case = side.case_of(session, waiting.authorization)
        if isinstance(case, Problem):
            continue  # decided or ended meanwhile
        opened = side.opened(case, insurer, own.opening)
        if isinstance(opened, EnvelopeFault):
            typer.echo(f"{waiting.authorization}: does not open: {opened.code}", err=True)
            continue
        _show(opened, attachments)
        said = decided(rules, opened) if rules is not None else _asked(opened)
        if said is None:
            typer.echo(f"{waiting.authorization}: left waiting")
            continue
        instant = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        signed = side.decision(waiting.authorization, *said, instant, key=own.signing)
        answer = side.decide(session, waiting.authorization, signed)
        typer.echo(f"{waiting.authorization}: {told(answer)}")


def told(answer: DecisionAnswer | Problem) -> str:
    """One line for the case worker: the state, and why it still waits."""
    if not isinstance(answer, DecisionAnswer):
        return answer.code
    until = f" until {answer.held_until}" if answer.held_until else ""
    return f"{answer.state}{f': {answer.reason}{until}. {answer.sentence}' if answer.reason else ''}"


def _show(opened: Opened, attachments: Path | None) -> None:
    """The case on the screen of its own insurer, and its attachments in a folder of its own."""
    quote = opened.quote
    typer.echo(f"{opened.case.authorization} member {opened.reference or '?'} site {quote.site} {opened.case.reason}")
    for line in quote.lines:
        asked = (line.spent - line.amo) / 100
        typer.echo(f"  {line.number} {line.code} {line.family}: asked {asked:.2f}, table {line.table_amc / 100:.2f}")
    if attachments is None:
        return
    folder = attachments / opened.case.authorization
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place, (kind, content) in enumerate(opened.attachments, 1):
        handle = os.open(folder / f"{place}-{kind}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def _asked(opened: Opened) -> tuple[Verdict, Amounts] | None:
    answer = typer.prompt("table, asked, refuse or wait?", default="wait")
    if answer == "refuse":
        return "refused", ()
    return ("agreed", amounts_of(opened, answer)) if answer in {"table", "asked"} else None


def _rules(path: Path) -> Rules:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Rules)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        fail(f"{path} is not a file of rules: {error}", Exit.USAGE, code="rules-unusable")
