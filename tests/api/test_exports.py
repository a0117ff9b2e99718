"""A person signs before a file of many invoices leaves, and a second one where it tells very many; programs do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from rempart.api.desk_door import DeskDoor
from rempart.api.exports import desk_export_routes, export_routes
from rempart.api.insurer_desk_reading import insurer_reading_routes
from rempart.application.exports import Exports, Wish
from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenFacts
from rempart.domain.exports import SIGNED_FOR
from rempart.storage.exports import StoredExports
from rempart.wire.account import PasskeyProof
from rempart.wire.exports import ExportList, ExportSigned, ExportSigning
from support.money import DAY, FIRST, NOW, OPERATOR, SITES, MoneyWorld
from support.readers import Reader, as_site, sign_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.handlers import HTTPRouteHandler

    from rempart.api.invoice_routes import InvoiceDesk

pytestmark = pytest.mark.postgres
TAKER, SECOND, COUNTER = "a1a1a1a1a1a1a1a1", "a2a2a2a2a2a2a2a2", "a3a3a3a3a3a3a3a3"
SESSIONS = {TAKER: b"taker---", SECOND: b"second--", COUNTER: b"counter-"}
LIMITS = "unsafe_clear_files = true\n[exports]\nsigned_above = 1\nsecond_above = {second}\n"
FORMS = ("?file=true", "/advice.pdf", "/advice.noemie")
NOBODYS = UUID(int=41)
_PROOF = PasskeyProof("AA", "AA", "AA", "AA")


@dataclass
class Keeper:
    """Says yes to what the keeper's own tests prove it would; remembers whose approval it was shown."""

    shown: list[bytes] = field(default_factory=list)

    async def sign(
        self, held: TokenFacts, _wish: Wish, first: bytes, _proof: Proof, *, instant: int
    ) -> bytes | Refusal:
        assert instant >= NOW
        self.shown.append(first)
        return held.client.encode() + b"-approved"

    def routes(self, desk: InvoiceDesk) -> list[HTTPRouteHandler]:
        exports, door = Exports(self, StoredExports(desk.databases)), DeskDoor(desk)
        return [*export_routes(desk, exports), *desk_export_routes(door, exports), *insurer_reading_routes(door)]


@dataclass
class Place:
    """The people of one place; `document` is what they fetch."""

    money: MoneyWorld
    keeper: Keeper
    document: str

    def as_person(
        self, account: str, use: Callable[[Reader], Awaitable[Any]], role: str = "professional", **changed: Any
    ) -> Any:  # fmt: skip
        wanted = {"session": SESSIONS[account], "site": SITES[0], "vendor": f"portal:{OPERATOR}", "insurer": ""}
        told = wanted | changed
        return as_site(
            self.money, told.pop("site"), use, kind="account", role=role, client=account, more=self.keeper.routes,
            **told,
        )  # fmt: skip

    def signs(self, account: str, taker: str, role: str = "professional", **changed: Any) -> Any:
        """The hub's answer to a signature of three invoices."""
        asked = ExportSigning(
            changed.pop("what", "remittance"), changed.pop("document", self.document), changed.pop("invoices", 3),
            taker, "AA", _PROOF,
        )  # fmt: skip
        path = changed.pop("path", "/v1/exports")
        return self.as_person(account, lambda reader: reader.post(path, msgspec.json.encode(asked)), role, **changed)

    def fetched(self, account: str, **changed: Any) -> list[tuple[int, str]]:
        """What each form of the advice is answered with: status, and code of a refusal."""

        async def use(reader: Reader) -> list[tuple[int, str]]:
            found = [await reader.get(f"/v1/remittances/{self.document}{form}") for form in FORMS]
            return [(one.status_code, one.json()["code"] if one.status_code >= 400 else "") for one in found]

        answer: list[tuple[int, str]] = self.as_person(account, use, **changed)
        assert len(set(answer)) == 1
        return answer[:1]

    def listed(self, account: str, role: str = "professional") -> ExportList:
        found = self.as_person(account, lambda reader: reader.get("/v1/exports"), role)
        return msgspec.json.decode(found.content, type=ExportList)


def place(money: MoneyWorld, second: int = 500) -> Place:
    """A remittance of two invoices that tells of a third one, rejected."""
    money.configure(LIMITS.format(second=second))
    sign_in(money)
    with money.sql() as connection:
        for account in SESSIONS:
            connection.execute(
                "insert into rempart.client (client, kind, vendor, registered) values (%s, 'account', %s, 0)",
                (account, f"portal:{OPERATOR}"),
            )
        connection.execute("select rempart.ensure_month(%s)", (2026 * 12 + 10,))
    money.decide(SITES[0], 1_000)
    money.decide(SITES[0], 234)
    money.decide(SITES[0], state="rejected")
    money.pay()
    return Place(money, Keeper(), str(money.one("select remittance from rempart.remittance where site = %s", SITES[0])))


SIGNATURE, SECOND_ONE = [(403, "export-needs-signature")], [(403, "export-needs-second")]
GIVEN = [(200, "")]


def test_no_form_of_a_large_advice_leaves_unsigned_and_every_form_signed(money: MoneyWorld) -> None:
    """PDF, NOEMIE and JSON as a file, after one signature, in that session; on the screen it is read as before."""
    here = place(money)
    assert here.fetched(TAKER) == SIGNATURE
    seen = here.as_person(TAKER, lambda reader: reader.get(f"/v1/remittances/{here.document}"))
    assert seen.status_code == 200
    answer = here.signs(TAKER, TAKER)
    assert answer.status_code == 201, answer.content
    assert msgspec.json.decode(answer.content, type=ExportSigned).until.startswith("2026-11-23T08:15:00")
    assert here.fetched(TAKER) == GIVEN
    assert here.fetched(TAKER, session=b"another-") == SIGNATURE
    assert here.fetched(SECOND) == SIGNATURE


def test_a_program_fetches_as_before(money: MoneyWorld) -> None:
    """It has limits of its own."""
    here = place(money, second=2)

    async def use(reader: Reader) -> list[int]:
        return [(await reader.get(f"/v1/remittances/{here.document}{form}")).status_code for form in FORMS]

    assert as_site(here.money, SITES[0], use) == [200, 200, 200]
    posted = as_site(here.money, SITES[0], lambda reader: reader.post("/v1/exports", b"{}"), more=here.keeper.routes)
    assert (posted.status_code, posted.json()["code"]) == (403, "purpose")


def test_a_small_advice_is_free(money: MoneyWorld) -> None:
    """As many invoices as the limit, no signature."""
    here = place(money)
    money.configure(LIMITS.format(second=500).replace("signed_above = 1", "signed_above = 3"))
    assert here.fetched(TAKER) == GIVEN


def test_nothing_is_disclosed_of_a_file_that_does_not_leave(money: MoneyWorld) -> None:
    """The readings are written after the signature was found."""
    here = place(money)
    with money.sql() as connection:
        lines = msgspec.msgpack.encode([(1, "PHAR", 5_000, 2_000, 1_000, 2_000, "domain-not-covered", [("r", 1)], 0)])
        connection.execute("alter table rempart.decision disable trigger append_only")
        connection.execute("update rempart.decision set lines = %s where outcome = 'accepted'", (lines,))
        connection.execute("alter table rempart.decision enable trigger append_only")
    readings = "select count(*) from rempart.disclosure where purpose = 'reading'"
    assert here.fetched(TAKER) == SIGNATURE
    assert money.one(readings) == 0
    here.signs(TAKER, TAKER)
    assert here.fetched(TAKER) == GIVEN
    assert money.one(readings) == 2


def test_a_very_large_advice_asks_for_a_second_person(money: MoneyWorld) -> None:
    """The taker signs, a colleague finds it and signs too: the file leaves, to the taker alone."""
    here = place(money, second=2)
    assert here.signs(TAKER, TAKER, "staff").status_code == 201
    assert here.fetched(TAKER) == SECOND_ONE
    (waiting,) = here.listed(SECOND).exports
    assert (waiting.document, waiting.invoices, waiting.taker, waiting.second_until) == (here.document, 3, TAKER, "")
    assert here.listed(COUNTER, "staff").exports == ()  # staff second nobody
    assert here.signs(SECOND, TAKER).status_code == 201
    assert here.keeper.shown == [b"", TAKER.encode() + b"-approved"]
    assert here.fetched(TAKER) == GIVEN
    assert here.fetched(SECOND) == SIGNATURE
    (done,) = here.listed(TAKER, "staff").exports
    assert (done.until[:16], done.second_until[:16]) == ("2026-11-23T08:15", "2026-11-24T08:00")
    assert (here.listed(TAKER).signed_above, here.listed(TAKER).second_above) == (1, 2)


def test_a_signature_of_fewer_invoices_is_not_enough(money: MoneyWorld) -> None:
    """What was read before it was signed is what leaves."""
    here = place(money)
    assert here.signs(TAKER, TAKER, invoices=2).status_code == 201
    assert here.fetched(TAKER) == SIGNATURE


def test_an_old_signature_lets_nothing_leave(money: MoneyWorld) -> None:
    """After 15 minutes the taker signs again."""
    here = place(money)
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.export_signature (operator, place, what, document, invoices, taker, account, role, "
            "session, approval, instant, until) values (%s, %s, 'remittance', %s, 3, %s, %s, 'staff', %s, %s, %s, %s)",
            (OPERATOR, SITES[0], here.document, TAKER, TAKER, SESSIONS[TAKER], bytes(32), NOW - SIGNED_FOR, NOW),
        )
    assert here.fetched(TAKER) == SIGNATURE


WRONG: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"taker": SECOND}, 404, "not-found"),
    ({"what": "settlement"}, 422, "invalid-fields"),
    ({"document": "019CADDD-6600-7A1E-8C33-5D2F00000001"}, 422, "invalid-fields"),
    ({"document": "1"}, 422, "invalid-fields"),
    ({"invoices": 0}, 422, "invalid-fields"),
    ({"invoices": 2**31}, 422, "invalid-fields"),
    ({"role": "agent", "site": ""}, 403, "site-standing"),
)


def test_what_cannot_be_signed_for_is_not_kept(money: MoneyWorld) -> None:
    """A colleague who asked for nothing, another kind or spelling, numbers of nothing; nobody of a site."""
    here = place(money)
    for changed, status, found in WRONG:
        answer = here.signs(TAKER, **{"taker": TAKER, **changed})
        assert (answer.status_code, answer.json()["code"]) == (status, found), changed
    assert money.one("select count(*) from rempart.export_signature") == 0


def settlement(money: MoneyWorld) -> str:
    """A settlement file of three lines of the first insurer."""
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.fund_call (fund_call, operator, insurer, day, amount, movements, end_to_end, called) "
            "values (%s, %s, %s, %s, 100, 3, 'call', 1)",
            (NOBODYS, OPERATOR, FIRST, DAY),
        )
        connection.execute(
            "insert into rempart.settlement_file (fund_call, operator, insurer, sequence, previous, checkpoint, month, "
            "sha256, rows, amount, written) values (%s, %s, %s, 1, '', '', '2026-11', %s, 3, 100, 1)",
            (NOBODYS, OPERATOR, FIRST, bytes(32)),
        )
        connection.execute(
            "insert into rempart.settlement_content values (%s, 'settlement', 0, %s)", (NOBODYS, b'{"line":1}\n')
        )
    return str(NOBODYS)


def test_an_insurer_s_people_sign_for_a_settlement_file(money: MoneyWorld) -> None:
    """A case worker fetches after the own signature and a manager's; a site's door gives no such file."""
    here = place(money, second=2)
    here.document = settlement(money)
    desk = {"site": "", "insurer": FIRST, "path": "/v1/desk/insurer/exports", "what": "settlement"}
    path = f"/v1/desk/insurer/settlements/{here.document}/file"

    def fetched() -> Any:
        return here.as_person(TAKER, lambda reader: reader.get(path), "case-worker", site="", insurer=FIRST)

    assert fetched().json()["code"] == "export-needs-signature"
    assert here.signs(TAKER, TAKER, "case-worker", **desk).status_code == 201
    assert fetched().json()["code"] == "export-needs-second"
    assert here.signs(SECOND, TAKER, "insurer-manager", **desk).status_code == 201
    assert fetched().content == b'{"line":1}\n'
    assert here.signs(TAKER, TAKER, **(desk | {"what": "remittance"}), role="case-worker").status_code == 422
