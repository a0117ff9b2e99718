"""What an insurer settles by: equal to the call to the cent, the same bytes twice, opened by the insurer alone."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from psycopg import sql
from typer.testing import CliRunner

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.application.debts import Debts, Repaid
from rempart.application.settlement import SettlementDiffersError
from rempart.bootstrap.minding import Minding
from rempart.bootstrap.settling import settle
from rempart.cli import build
from rempart.cli._insurer_keys import make_keys, read_opening
from rempart.cli._output import Failure
from rempart.sealing.envelope import BatchSealer
from rempart.storage import debts, funds, settlements
from rempart.storage.claw_backs import ClawBackBooks
from support.money import DAY, FIRST, NOW, OPERATOR, SECOND, SITES, MoneyWorld
from support.readers import FixedClock

pytestmark = pytest.mark.postgres
COUNTERS = [(1, "allowance/soft", 20_454, 20_818, 1_234, "cents", 766)]
PARTY = funds.Party(OPERATOR, FIRST)
DAYS = 86_400_000_000


class Ran(NamedTuple):
    """What a command ended with."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Sides:
    """The operator with its settlement key, and the insurer with its own; everything by command."""

    money: MoneyWorld
    folder: Path

    def run(self, *words: object) -> Ran:
        """A command in this process, with what `main` makes of a failure."""
        typed = [str(word) for word in words]
        found = CliRunner().invoke(build(typed), typed)
        if isinstance(found.exception, Failure):
            return Ran(int(found.exception.exit), found.stdout, f"{found.exception} [{found.exception.code}]")
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return Ran(found.exit_code, found.stdout, found.stderr)

    def operator(self, *words: object) -> Any:
        found = self.run("settlement", *words, "--config", self.money.config, "--json")
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout)

    def insurer(self, *words: object) -> Ran:
        return self.run(
            "insurer", "settlement", *words, "--keys", self.folder / "keys", "--hub", self.folder / "hub.pub"
        )

    def opened(self, file: Path, *words: object) -> list[dict[str, Any]]:
        out = self.folder / f"clear-{secrets.token_hex(4)}"
        found = self.insurer("open", file, "--out", out, *words)
        assert found.returncode == 0, found.stderr
        return [json.loads(line) for line in out.read_text().splitlines()]

    def file(self, sequence: int = 1, kind: str = "settlement", insurer: str = FIRST) -> Path:
        return self.folder / "settled" / f"{kind}-{OPERATOR}-{insurer}-{sequence:06d}.ndjson"

    def call(self, later: int = 0) -> None:
        with self.money.sql("worker") as connection, connection.transaction():
            assert funds.call(
                connection, PARTY, DAY + timedelta(days=later), NOW + 1 + later * DAYS, instant=NOW + later * DAYS
            )

    def name_person(self, invoice: UUID, reference: str, key: X25519PrivateKey) -> None:
        """The sealed copy of an invoice as the keeper makes it, and its person's reference as a load leaves it."""
        person, public = secrets.token_bytes(16), key.public_key().public_bytes_raw()
        act: tuple[object, ...] = (1, DAY.toordinal() - 719163 - 3, "PH7", "pharmacy", 1, 100, [])
        acts = [(*act, 4_000, 65, 2_600, 4_000, 1_400, "", "", "", None)]
        contract = ("CONFORT", "1", "responsible", "pharmacy", "10", "", 46)
        copy = msgspec.msgpack.encode(
            (1, (person, invoice.bytes, SITES[0], "000000001", "accepted", ""), acts, [], COUNTERS, contract)
        )
        sealer, people = BatchSealer(public, "settlement"), BatchSealer(public, "references")
        sealed = b"\x01" + sealer.wrapped + sealer.seal(copy, FIRST.encode() + invoice.bytes)
        bound = hashlib.sha256(person).digest()[:16]
        with self.money.sql() as connection:
            connection.execute(
                "insert into rempart.invoice_sealed (invoice, insurer, month, acts, settlement, copy) "
                "values (%s, %s, 1, '', %s, '')",
                (invoice, FIRST, sealed),
            )
            connection.execute(
                "insert into rempart.reference_batch (batch, insurer, wrapped, created) values (7, %s, %s, 5)",
                (FIRST, people.wrapped),
            )
            connection.execute("select rempart.make_references(%s)", (FIRST,))
            connection.execute(
                sql.SQL("insert into {} (batch, person, sealed_ref) values (7, %s, %s)").format(
                    sql.Identifier("rempart", f"member_ref_{FIRST}")
                ),
                (person, people.seal(reference.encode(), bound)),
            )
            connection.execute("select rempart.finish_references(%s)", (FIRST,))


@pytest.fixture
def sides(money: MoneyWorld, tmp_path: Path) -> Sides:
    """Both sides with their keys."""
    key = tmp_path / "settlement.pem"
    made = Sides(money, tmp_path)
    assert made.run("settlement", "keygen", "--out", key).returncode == 0
    key.with_suffix(".pub").rename(tmp_path / "hub.pub")
    money.configure(f'{money.options}\n[settlement]\noutput = "settled"\nsigning_key = "{key}"')
    make_keys(tmp_path / "keys")
    return made


def answers(sides: Sides, *rows: dict[str, Any], name: str = "answers") -> Path:
    clear, signed = sides.folder / f"{name}.clear", sides.folder / f"{name}.signed"
    clear.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = sides.insurer("answer", sides.file(), clear, "--out", signed)
    assert found.returncode == 0, found.stderr
    return signed


def test_a_file_equals_its_call_and_opens_for_its_insurer(sides: Sides) -> None:
    """Two invoices and another insurer's; acts and reference come out for who holds the key, and nobody else."""
    money = sides.money
    first, second = money.decide(amc=1_234), money.decide(SITES[1], 700)
    money.decide(insurer=SECOND, amc=9_999)
    sides.name_person(first, "CLIENT-1", read_opening(sides.folder / "keys"))
    sides.call()
    (told,) = sides.operator("write")
    assert (told["amount"], told["sequence"]) == (1_934, 1)
    rows = sides.opened(sides.file(), "--references", sides.file(kind="references"))
    assert {row["invoice"]: (row["amc"], row["reference"]) for row in rows} == {
        str(first): (1_234, "CLIENT-1"), str(second): (700, ""),
    }  # fmt: skip
    named = next(row for row in rows if row["reference"])
    assert named["act"]["code"] == "PH7"
    assert named["counters"] == [{
        "line": 1, "counter": "allowance/soft", "from": "2026-01-01", "to": "2026-12-31", "taken": 1_234,
        "unit": "cents", "left": 766,
    }]  # fmt: skip
    clear = sides.file().read_text() + sides.file(kind="references").read_text()
    assert "CLIENT-1" not in clear
    assert '"PH7"' not in clear  # with its quotes: three characters are in a long base64 sooner or later
    assert "allowance" not in clear


def test_written_twice_it_is_the_same(sides: Sides) -> None:
    """What happens later changes nothing of it: lost, it is made again byte for byte; nothing is written twice."""
    money = sides.money
    money.decide()
    sides.call()
    sides.operator("write")
    before = sides.file().read_bytes()
    assert sides.operator("write") == []
    money.pay()
    money.confirm(f"main-{DAY:%Y%m%d}-01.xml")
    sides.file().unlink()
    sides.operator("write")
    assert sides.file().read_bytes() == before


@pytest.mark.parametrize("at_once", [0, 1_000])
def test_a_great_call_reads_as_a_small_one(sides: Sides, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Read by parts or at once, a file holds the same bytes."""
    for site in SITES:
        sides.money.decide(site, 700)
    sides.call()
    monkeypatch.setattr(settlements, "AT_ONCE", at_once)
    sides.operator("write")
    before = sides.file().read_bytes()
    sides.file().unlink()
    monkeypatch.setattr(settlements, "AT_ONCE", 1_000 - at_once)
    sides.operator("write")
    assert sides.file().read_bytes() == before


def test_a_file_that_did_not_take_its_name_is_made_again(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row is committed first: whoever dies then leaves a row, from which the next run makes the file."""
    sides.money.decide()
    sides.call()
    with monkeypatch.context() as dying:
        dying.setattr(Path, "replace", _full)
        with pytest.raises(OSError, match="no space"):
            sides.operator("write")
    assert not sides.file().exists()
    with sides.money.sql("worker") as connection:
        sha256 = connection.execute("select sha256 from rempart.settlement_file").fetchall()[0][0]
    (told,) = sides.operator("write")
    assert told["sha256"] == sha256.hex() == hashlib.sha256(sides.file().read_bytes()).hexdigest()


def _full(*_: object) -> None:
    raise OSError("no space")


def test_who_does_not_wait_leaves_files_to_who_writes(sides: Sides) -> None:
    """The worker does not stand behind a command that writes; once it has ended, what is left is written."""
    money = sides.money
    money.decide()
    sides.call()
    with money.sql("worker") as writing, money.sql("worker") as worker:
        worker.autocommit = True
        with settlements.alone(writing):
            assert settle(money.settings, worker, NOW, wait=False) == []
            assert not sides.file().exists()
        assert [one.name for one in settle(money.settings, worker, NOW, wait=False)] == [sides.file().name]


def test_a_file_that_does_not_come_out_stops_no_other(sides: Sides) -> None:
    """Insurers are written side by side: the one whose sums differ is told, the other has its file; each is once."""
    money = sides.money
    wrong = money.decide()
    money.decide(insurer=SECOND, amc=700)
    parties = [PARTY, funds.Party(OPERATOR, SECOND)]
    with money.sql("worker") as connection, connection.transaction():
        assert len(funds.call_all(connection, parties, DAY, NOW + 1, instant=NOW)) == 2
    with money.sql() as connection:
        connection.execute("alter table rempart.decision disable trigger append_only")
        whole = connection.execute("select lines from rempart.decision where invoice = %s", (wrong,)).fetchall()[0][0]
        told = "update rempart.decision set lines = %s where invoice = %s"
        connection.execute(told, (msgspec.msgpack.encode([]), wrong))
    with money.sql("worker") as first, money.sql("worker") as second:
        first.autocommit = second.autocommit = True
        with pytest.raises(SettlementDiffersError):
            settle(money.settings, first, NOW, hands=[second])
        assert not sides.file().exists()
        assert sides.file(insurer=SECOND).exists()
        with money.sql() as connection:
            connection.execute(told, (whole, wrong))
        made = settle(money.settings, first, NOW, hands=[second])
    assert [one.name for one in made] == [sides.file().name]


def test_files_follow_each_other(sides: Sides) -> None:
    """Cancelled after it was told: the next file takes it off, names the one before, and is told apart from a gap."""
    money = sides.money
    gone = money.decide(amc=400)
    sides.call()
    money.decide(amc=900)
    with money.sql("hub") as connection:
        connection.execute("select rempart.cancel_invoice(%s, %s, %s)", (gone, SITES[0], NOW + 5))
    sides.call(1)
    assert [one["amount"] for one in sides.operator("write")] == [400, 500]
    rows = sides.opened(sides.file(2), "--after", sides.file(1))
    assert sorted(row.get("amc", row.get("amount")) for row in rows) == [-400, 900]
    out = sides.folder / "gap"
    found = sides.insurer("open", sides.file(1), "--out", out, "--after", sides.file(2))
    assert found.returncode == 1
    assert "sequence-differs" in found.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"amc":1000', '"amc":1001', "signature-differs"),
        ('"type":"end"', '"type":"fin"', "settlement-row"),
        ('"format":"rempart-settlement/1"', '"format":"rempart-settlement/2"', "settlement-header"),
    ],
)
def test_a_changed_file_is_refused(sides: Sides, old: str, new: str, code: str) -> None:
    """One amount, the end, the format: said with its code, nothing written."""
    sides.money.decide()
    sides.call()
    sides.operator("write")
    changed = sides.folder / "changed.ndjson"
    changed.write_text(sides.file().read_text().replace(old, new))
    found = sides.insurer("open", changed, "--out", sides.folder / "out")
    assert found.returncode == 1
    assert code in found.stderr
    assert not (sides.folder / "out").exists()


def test_a_cut_file_is_refused(sides: Sides) -> None:
    """Whatever line is missing at its end."""
    sides.money.decide()
    sides.call()
    sides.operator("write")
    cut = sides.folder / "cut.ndjson"
    lines = sides.file().read_bytes().splitlines(keepends=True)
    for size in range(len(lines)):
        cut.write_bytes(b"".join(lines[:size]))
        found = sides.insurer("open", cut, "--out", sides.folder / "out")
        assert "cut-short" in found.stderr


def test_answers_begin_claw_backs_once(sides: Sides) -> None:
    """Accepted, rejected for a late reason, not in the file, unknown reason; sent twice, one claw-back."""
    money = sides.money
    kept, over = money.decide(), money.decide(SITES[1])
    sides.call()
    sides.operator("write")
    money.pay()
    money.confirm(f"main-{DAY:%Y%m%d}-01.xml")
    signed = answers(
        sides,
        {"invoice": str(kept), "verdict": "accepted"},
        {"invoice": str(over), "verdict": "rejected", "reason": "over-billing", "amount": 300},
        {"invoice": str(uuid4()), "verdict": "rejected", "reason": "fraud", "amount": 1},
        {"invoice": str(kept), "verdict": "rejected", "reason": "we-changed-our-mind", "amount": 1},
    )
    words = ("settlement", "answers", signed, "--public", sides.folder / "keys" / "public.json", "--config")
    found = sides.run(*words, money.config, "--json")
    told = [(one["verdict"], one["code"]) for one in json.loads(found.stdout)]
    assert told == [
        ("accepted", ""), ("taken", ""), ("refused", "not-in-settlement"), ("refused", "late-reason-unknown"),
    ]  # fmt: skip
    assert found.returncode == 1
    again = sides.run(*words, money.config, "--json")
    assert json.loads(again.stdout) == json.loads(found.stdout)
    assert money.one("select count(*) from rempart.claw_back") == 1
    assert money.one("select count(*) from rempart.settlement_answer where verdict <> 'refused'") == 2


def test_rights_closed_is_refused_where_a_guarantee_stands(sides: Sides) -> None:
    """Owed under a guarantee: the insurer cannot take it back because rights were closed."""
    money = sides.money
    invoice = money.decide()
    lines = [(1, "PHAR", 5_000, 2_000, 1_000, 2_000, "", [("guaranteed-after-closure", 1_000)], 0)]
    with money.sql() as connection:
        connection.execute("alter table rempart.decision disable trigger append_only")
        connection.execute(
            "update rempart.decision set lines = %s where invoice = %s", (msgspec.msgpack.encode(lines), invoice)
        )
        connection.execute(
            "insert into rempart.guarantee_posting (invoice, operator, insurer, bound, amount, instant) "
            "values (%s, %s, %s, 'accreditation', 1000, 1)",
            (invoice, OPERATOR, FIRST),
        )
    sides.call()
    sides.operator("write")
    (row,) = sides.opened(sides.file())
    assert (row["guarantee"], row["guaranteed"]) == ("accreditation", 1_000)
    money.pay()
    money.confirm(f"main-{DAY:%Y%m%d}-01.xml")
    signed = answers(
        sides, {"invoice": str(invoice), "verdict": "rejected", "reason": "rights-closed", "amount": 1_000}
    )
    public = sides.folder / "keys" / "public.json"
    found = sides.run("settlement", "answers", signed, "--public", public, "--config", money.config, "--json")
    assert json.loads(found.stdout)[0]["code"] == "guarantee-stands"


def test_somebody_elses_answers_are_refused(sides: Sides) -> None:
    """Signed by another key, or changed after it was signed: nothing is taken."""
    invoice = sides.money.decide()
    sides.call()
    sides.operator("write")
    signed = answers(sides, {"invoice": str(invoice), "verdict": "accepted"})
    make_keys(sides.folder / "other")
    for public, content in (("other", signed.read_text()), ("keys", signed.read_text() + "{}\n")):
        signed.write_text(content)
        found = sides.run(
            "settlement", "answers", signed, "--public", sides.folder / public / "public.json", "--config",
            sides.money.config,
        )  # fmt: skip
        assert "signature-differs" in found.stderr
    assert sides.money.one("select count(*) from rempart.settlement_answer") == 0


def test_the_worker_writes_new_files_and_rings_once(sides: Sides) -> None:
    """A call gets its file at the next look; one that does not add up rings once, and nothing of it is handed over."""
    money = sides.money
    minding = Minding(money.settings, money.database.url("worker"), FixedClock())
    money.decide()
    sides.call()
    with money.sql("worker") as connection:
        minding.round(connection)
        assert sides.file().exists()
        with money.sql() as owner:
            owner.execute("alter table rempart.decision disable trigger append_only")
            owner.execute("update rempart.decision set lines = %s", (msgspec.msgpack.encode([]),))
        sides.file().unlink()
        for _ in range(2):
            minding.round(connection)
    assert not sides.file().exists()
    alarms = "select count(*) from rempart.alarm where context::text like '%%settlement-differs%%'"
    assert money.one(alarms) == 1


def test_a_file_tells_what_a_site_paid_back(sides: Sides) -> None:
    """Beside deductions: a repayment takes so much off the next call, and its file equals it to the cent."""
    money = sides.money
    invoice = money.decide()
    money.pay()
    money.confirm(f"main-{DAY:%Y%m%d}-01.xml")
    sides.call()
    with money.sql("worker") as connection:
        claimed = Claimed(invoice, FIRST, 600, "over-billing", "agent-7")
        claim = ClawBacks(ClawBackBooks(connection)).propose(claimed, DAY, NOW)
        assert isinstance(claim, UUID)
        money.pay(DAY + timedelta(days=15))
        assert Debts(debts.Books(connection)).repaid(Repaid(claim, 600, "VIR-1", "agent-1"), NOW + 15 * DAYS) == ""
    money.decide(amc=900)
    sides.call(16)
    assert [one["amount"] for one in sides.operator("write")] == [1_000, 300]
    rows = sides.opened(sides.file(2), "--after", sides.file(1))
    (back,) = [row for row in rows if row["type"] == "claw-back"]
    assert (back["claw_back"], back["amount"], back["remittance"]) == (str(claim), -600, "")
    assert money.broken() == {}
