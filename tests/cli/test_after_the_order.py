"""Money after it was ordered, as the operator runs it: real messages, real commands, no account shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support import bank_samples, zygote
from support.money import FIRST, OPERATOR, SECOND, SITES, MoneyWorld, iban

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

pytestmark = pytest.mark.postgres


def run(money: MoneyWorld, *words: str) -> subprocess.CompletedProcess[str]:
    return zygote.run(*words, "--config", str(money.config))


def done(money: MoneyWorld, *words: str) -> Any:
    """What a command that must succeed prints as JSON."""
    found = run(money, *words, "--json")
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def secret(folder: Path, name: str, *rows: dict[str, Any]) -> str:
    path = folder / name
    path.touch(mode=0o600)
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def message(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def references(money: MoneyWorld) -> list[str]:
    with money.sql() as connection:
        rows = connection.execute("select end_to_end from rempart.remittance order by site").fetchall()
    return [row[0] for row in rows]


def test_bank_messages_settle_reject_and_hold(money: MoneyWorld, tmp_path: Path) -> None:
    """A status report with a rejection, then a notification; the same file again, and one that is not a message."""
    for site in SITES:
        money.decide(site)
    done(money, "pay")
    first, second, third = references(money)
    report = bank_samples.report(bank_samples.line(second, "RJCT", "10.00", "AC04"))
    told = done(money, "pay", "returns", message(tmp_path, "r.xml", report))
    assert [one["acts"] for one in told] == [{"released": 1}]
    details = [bank_samples.detail(first, "10.00"), bank_samples.detail("LOYER", "700.00")]
    moved = bank_samples.notification(bank_samples.entry("710.00", *details))
    held = run(money, "pay", "returns", message(tmp_path, "n.xml", moved))
    assert held.returncode == 1
    assert "[bank-entry-held]" in held.stderr
    assert done(money, "pay", "returns", str(tmp_path / "n.xml"))[0]["read_before"]
    (entry,) = done(money, "pay", "held")
    assert (entry["code"], entry["amount"], entry["end_to_end"]) == ("reference-unknown", 70_000, "")
    assert run(money, "pay", "set-aside", str(entry["entry"]), "--by", "agent-1").returncode == 0
    assert done(money, "pay", "held") == []
    wrong = run(money, "pay", "returns", message(tmp_path, "w.xml", "<html/>"))
    assert (wrong.returncode, "[message-not-handled]" in wrong.stderr) == (1, True)
    back = bank_samples.notification(
        bank_samples.entry("10.00", bank_samples.detail(first, returned="MS03"), side="CRDT"),
        bank_samples.entry("10.00", bank_samples.detail(third, "10.00")),
    )
    assert done(money, "pay", "returns", message(tmp_path, "b.xml", back))[0]["acts"] == {"returned": 1, "settled": 1}
    assert not any(done(money, "check-invariants").values())


def test_funds_are_watched_called_and_received(money: MoneyWorld, tmp_path: Path) -> None:
    """Terms, a mandate, a call as a direct debit, its receipt by the bank's notification; then the site is paid."""
    terms = {
        "operator": OPERATOR, "insurer": FIRST, "starts": "2026-01-01", "ceiling": 0, "proposed_by": "agent-1",
        "approved_by": "agent-2",
    }  # fmt: skip
    assert run(money, "funds", "terms", secret(tmp_path, "terms", terms)).returncode == 0
    alone = run(
        money, "funds", "terms", secret(tmp_path, "alone", terms | {"insurer": SECOND, "approved_by": "agent-1"})
    )
    assert "[terms-refused]" in alone.stderr
    mandate = {
        "operator": OPERATOR, "insurer": FIRST, "reference": "MDT-1", "signed": "2026-01-05",
        "creditor": "FR72ZZZ123456", "name": "Mutuelle", "iban": iban(50), "proposed_by": "agent-1",
        "approved_by": "agent-2",
    }  # fmt: skip
    said = run(money, "funds", "mandate", secret(tmp_path, "mandate", mandate))
    assert said.returncode == 0, said.stderr
    assert iban(50) not in said.stdout + said.stderr
    money.decide(amc=1_234)
    with money.sql() as connection:  # decided before today, whenever the test runs
        connection.execute("alter table rempart.transfer disable trigger append_only")
        connection.execute("update rempart.transfer set instant = 1")
    assert done(money, "pay")["waiting"] == [{"site": SITES[0], "amount": 1_234, "reason": "insurer-out-of-funds"}]
    called = done(money, "funds", "call")
    assert ([one["amount"] for one in called["calls"]], len(called["files"])) == ([1_234], 1)
    paid = bank_samples.entry("12.34", bank_samples.detail(called["calls"][0]["end_to_end"], "12.34"), side="CRDT")
    told = done(money, "pay", "returns", message(tmp_path, "n.xml", bank_samples.notification(paid)))
    assert told[0]["acts"] == {"funded": 1}
    assert [one["balance"] for one in done(money, "funds", "status")] == [1_234]
    assert done(money, "pay")["amount"] == 1_234
    gift = {"operator": OPERATOR, "insurer": FIRST, "amount": 500, "reference": "VIR-7", "said_by": "agent-1"}
    assert run(money, "funds", "deposit", secret(tmp_path, "gift", gift)).returncode == 0
    assert "[deposit-known]" in run(money, "funds", "deposit", str(tmp_path / "gift")).stderr
    assert [one["outcome"] for one in done(money, "funds", "calls")] == ["received"]
    assert not any(done(money, "check-invariants").values())


def test_bank_details_change_by_two_people(money: MoneyWorld, tmp_path: Path) -> None:
    """Proposed from a file, listed, refused to one person, approved by another, cancelled by the site."""
    money.configure("unsafe_clear_files = true\ndemo_payee_verification = true")
    new = {
        "site": SITES[0], "operator": OPERATOR, "name": "Nom", "iban": iban(2), "document": "D-1",
        "proposed_by": "agent-1",
    }  # fmt: skip
    said = run(money, "payee", "propose", secret(tmp_path, "new", new))
    assert said.returncode == 0, said.stderr
    assert iban(2) not in said.stdout + said.stderr
    assert "[change-open]" in run(money, "payee", "propose", str(tmp_path / "new")).stderr
    (waits,) = done(money, "payee", "list")
    assert (waits["state"], waits["verification"], waits["elsewhere"]) == ("proposed", "match", 1)
    approve = ("payee", "approve", waits["change"], "--called-back", "the owner", "--by")
    assert "[same-person]" in run(money, *approve, "agent-1").stderr
    assert "[account-elsewhere]" in run(money, *approve, "agent-2").stderr
    assert run(money, *approve, "agent-2", "--because", "head office").returncode == 0
    assert run(money, "payee", "cancel", waits["change"], "--by", "site").returncode == 0
    assert done(money, "payee", "list") == []
    assert done(money, "payee", "shared") == []


def test_claims_are_taken_and_judged(money: MoneyWorld, tmp_path: Path) -> None:
    """A good claim and a refused one; disputed, upheld; delays of the half-year beside it."""
    money.decide()
    done(money, "pay")
    run(money, "pay", "--confirm", money.one("select name from rempart.payment_file"))
    row = {"invoice": str(money.invoices[0]), "insurer": FIRST, "amount": 400, "reason": "duplicate", "said_by": "a"}
    said = run(money, "claw-back", "claim", secret(tmp_path, "c", row, row | {"reason": "bad-mood"}), "--json")
    assert said.returncode == 1
    assert [one["refused"] for one in json.loads(said.stdout)] == ["", "late-reason-unknown"]
    (claim,) = done(money, "claw-back", "list")
    assert (claim["state"], claim["amount"], claim["deducted"]) == ("notified", 400, 0)
    for word in ("dispute", "uphold"):
        assert run(money, "claw-back", word, claim["claw_back"], "--by", "agent-2").returncode == 0
    assert "[transition-not-allowed]" in run(money, "claw-back", "dispute", claim["claw_back"], "--by", "x").stderr
    assert run(money, "claw-back", "withdraw", claim["claw_back"], "--by", "agent-2").returncode == 0
    assert done(money, "claw-back", "list") == []
    assert [one["state"] for one in done(money, "claw-back", "list", "--all")] == ["withdrawn"]
    day = money.one("select day from rempart.remittance")
    half = f"{day.year}-{1 if day.month < 7 else 2}"
    assert [one["insurer"] for one in done(money, "pay", "delays", half)["delays"]] == [FIRST]
    assert run(money, "pay", "delays", "2026").returncode == 2


def test_a_debt_is_asked_for_paid_back_and_given_up(money: MoneyWorld, tmp_path: Path) -> None:
    """Listed with what is left, printed, planned, partly paid back once, given up by two people."""
    money.decide()
    done(money, "pay")
    run(money, "pay", "--confirm", money.one("select name from rempart.payment_file"))
    row = {"invoice": str(money.invoices[0]), "insurer": FIRST, "amount": 400, "reason": "duplicate", "said_by": "a"}
    assert run(money, "claw-back", "claim", secret(tmp_path, "c", row)).returncode == 0
    (claim,) = done(money, "claw-back", "list")
    for word in ("dispute", "uphold"):
        assert run(money, "claw-back", word, claim["claw_back"], "--by", "agent-2").returncode == 0
    (debt,) = done(money, "debt", "list")["debts"]
    assert (debt["claw_back"], debt["left"]) == (claim["claw_back"], 400)
    pdf = tmp_path / "demand.pdf"
    assert run(money, "debt", "demand", debt["claw_back"], "--out", str(pdf)).returncode == 0
    assert pdf.read_bytes().startswith(b"%PDF")
    assert run(money, "debt", "plan", debt["claw_back"], "100", "--by", "agent-1").returncode == 0
    paid = {"claw_back": debt["claw_back"], "amount": 150, "reference": "VIR-7", "said_by": "agent-1"}
    assert run(money, "debt", "paid", secret(tmp_path, "p", paid)).returncode == 0
    assert "[payment-known]" in run(money, "debt", "paid", str(tmp_path / "p")).stderr
    proposed = run(money, "debt", "write-off", debt["claw_back"], "--because", "closed", "--by", "agent-1")
    assert proposed.returncode == 0, proposed.stderr
    (waits,) = done(money, "debt", "list")["write_offs"]
    assert waits["write_off"] == proposed.stdout.strip()
    assert "[same-person]" in run(money, "debt", "approve", waits["write_off"], "--by", "agent-1").stderr
    assert run(money, "debt", "approve", waits["write_off"], "--by", "agent-2").returncode == 0
    assert done(money, "debt", "list") == {"debts": [], "write_offs": []}
    (ended,) = done(money, "debt", "list", "--all")["debts"]
    assert (ended["state"], ended["repaid"], ended["written_off"]) == ("written-off", 150, 250)
    assert not any(done(money, "check-invariants").values())
