"""The insurer's desk in a portal: a manager's word on a rights file in quarantine, one of two.

A yes is signed by the manager's passkey over that very file; the keeper verifies it, and is asked again by the worker
that carries the release out. A no is not signed: the earlier rights go on, and the insurer sends the file again.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.desk_door import DeskDoor
from rempart.api.insurer_desk import Asked, read_once
from rempart.api.insurer_routes import BODY_MOST
from rempart.api.invoice_routes import CONFLICT, MORE
from rempart.api.operator_desk import proof_of
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.own_bank import Proof
from rempart.application.rights_release import File, ReleaseKeeper
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal, TokenFacts
from rempart.storage import insurer_desk as stored
from rempart.wire.insurer_desk import DeskSaid, DeskWord
from rempart.wire.problem import FieldError

ACCOUNT = "account:"
SAID = {"second-officer-missing", "released", "refused"}
NUMBERS = range(1, 2**63)


def insurer_release_routes(door: DeskDoor, keeper: ReleaseKeeper) -> list[HTTPRouteHandler]:
    """The one handler."""

    @post(
        "/v1/desk/insurer/rights-files/{rights_file:int}/word", status_code=200, tags=["desk"],
        operation_id="DeskSpeakOnRightsFile", responses=REFUSALS | MORE | CONFLICT, request_max_body_size=BODY_MOST,
    )  # fmt: skip
    async def speak(rights_file: FromPath[int], request: Asked) -> Response[DeskSaid]:
        instant = door.desk.state.instants.next()
        held = await door.held(request, instant)
        if isinstance(held, Response):
            return held
        word = read_once(await request.body(), DeskWord)
        if word is None:
            return refused("malformed-body")
        if rights_file not in NUMBERS:
            return refused("not-found")
        proof = _proof(word)
        if isinstance(proof, Response):
            return proof
        try:
            return await _said(door, keeper, held, (rights_file, proof), instant=instant)
        except Unavailable:
            return refused("unavailable")

    return [speak]


def _proof(word: DeskWord) -> Proof | Response[Any] | None:
    """What was signed of a release; None of a refusal, which takes no signature."""
    if word.verdict == "refuse":
        return None
    if word.signed is None:
        return refused("invalid-fields", (FieldError("signed", "missing"),))
    return proof_of(word)


def _late(found: stored.RightsFile, account: str) -> str:
    """Why no word is taken any more, before a signature is spent on it; the database asks again."""
    if found.state != "quarantined":
        return "not-in-quarantine"
    spoke = any(officer == ACCOUNT + account for _, officer in found.voices)
    return "officer-already-spoke" if spoke else ""


async def _said(
    door: DeskDoor, keeper: ReleaseKeeper, held: TokenFacts, word: tuple[int, Proof | None], *, instant: int
) -> Response[DeskSaid]:
    (number, proof), insurer = word, held.insurer
    async with door.desk.databases.lend() as database:
        found = await stored.rights_file(database, insurer, number)
        if found is None:
            return refused("not-found")
        if code := _late(found, held.client):
            return refused(code)
        signed: bytes | Refusal | None = None
        if proof is not None:
            signed = await keeper.release(held, File(number, found.digest), proof, instant)
        if isinstance(signed, Refusal):
            return refused(shown(signed.code))
        said = await stored.speak(database, (insurer, number), held.client, signed, instant=instant)
    return raw(200, msgspec.json.encode(DeskSaid(said))) if said in SAID else refused(said)
