"""`rempart insurer presence-code`: a code for one of your own people, who stands at a counter without a card."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rempart.cli._insurer_agent import private_jwk
from rempart.cli._insurer_files import problems
from rempart.cli._insurer_keys import read_signing
from rempart.cli._insurer_record_check import member_rule_of, read_person
from rempart.cli._output import Exit, emit, fail
from rempart.wire.presence import LABEL, PresenceCodeAnswer, PresenceCodeRequest, PresenceStatement


def presence_code(
    person: Annotated[Path, typer.Argument(help="A 0600 JSON object: member, birth, perhaps nir and rank.")],
    base: Annotated[str, typer.Option("--hub", help="The hub's address, https://…")],
    client: Annotated[str, typer.Option(help="Your client of kind insurer.")],
    client_key: Annotated[Path, typer.Option(help="Its private JWK, mode 0600.")],
    insurer: Annotated[str, typer.Option(help="Your AMC number, 10 digits.")],
    keys: Annotated[Path, typer.Option("--keys", help="Folder made by `rempart insurer keygen`.")],
    site: Annotated[str, typer.Option(help="Billing number of the one site; the first that uses it if absent.")] = "",
    member_rule: Annotated[Path | None, typer.Option(help="The rule you declared for your member numbers.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Sign the wish, have the code made, and say it: tell it to the member and keep it nowhere."""
    from rempart.client.session import NoAnswer, Session
    from rempart.wire.problem import Problem

    with problems():
        signing = read_signing(keys)
        one = read_person(person, member_rule_of(member_rule))
        statement = msgspec.json.encode(PresenceStatement(insurer, *one, site, int(time.time())))
    body = msgspec.json.encode(PresenceCodeRequest(statement, signing.sign(LABEL + statement)))
    try:
        session = Session(base, client, private_jwk(client_key), speaks_for=insurer)
    except ValueError as error:
        fail(f"{error}; plain http is for this machine only", Exit.USAGE, code="address-not-https")
    try:
        found = session.call("POST", "/v1/insurer/presence-codes", body)
    except NoAnswer:
        fail("the hub does not answer", Exit.LACKING, code="no-answer")
    if isinstance(found, Problem):
        fail(f"refused by the hub: {found.title}", Exit.NO, code=found.code)
    answer = msgspec.json.decode(found.body, type=PresenceCodeAnswer)
    emit(
        msgspec.to_builtins(answer), as_json=as_json,
        show=lambda: f"{answer.code}\nGood once, at {site or 'the first site that uses it'}, until {answer.expires}.",
    )  # fmt: skip
