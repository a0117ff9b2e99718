"""`rempart insurer presence-code`: a code for one of your own people, who stands at a counter without a card."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rempart.cli._insurer_files import problems
from rempart.cli._insurer_hub import Base, Client, Insurer, Json, Key, KeyFolder, good, session_of
from rempart.cli._insurer_keys import read_signing
from rempart.cli._insurer_record_check import member_rule_of, read_person
from rempart.cli._output import emit
from rempart.wire.presence import LABEL, PresenceCodeAnswer, PresenceCodeRequest, PresenceStatement


def presence_code(
    person: Annotated[Path, typer.Argument(help="A 0600 JSON object: member, birth, perhaps nir and rank.")],
    base: Base, client: Client, client_key: Key, insurer: Insurer, keys: KeyFolder,
    site: Annotated[str, typer.Option(help="Billing number of the one site; the first that uses it if absent.")] = "",
    member_rule: Annotated[Path | None, typer.Option(help="The rule you declared for your member numbers.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Sign the wish, have the code made, and say it: tell it to the member and keep it nowhere."""
    with problems():
        signing = read_signing(keys)
        one = read_person(person, member_rule_of(member_rule))
        statement = msgspec.json.encode(PresenceStatement(insurer, *one, site, int(time.time())))
    body = msgspec.json.encode(PresenceCodeRequest(statement, signing.sign(LABEL + statement)))
    with session_of(base, client, client_key, insurer) as session:
        found = good(session.call("POST", "/v1/insurer/presence-codes", body))
    answer = msgspec.json.decode(found.body, type=PresenceCodeAnswer)
    emit(
        msgspec.to_builtins(answer), as_json=as_json,
        show=lambda: f"{answer.code}\nGood once, at {site or 'the first site that uses it'}, until {answer.expires}.",
    )  # fmt: skip
