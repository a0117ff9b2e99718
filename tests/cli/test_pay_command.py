"""`rempart pay` as the operator runs it: registers, pays, confirms, checks; errors show no account."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support import zygote
from support.money import OPERATOR, SITES, MoneyWorld, iban

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.postgres
FILE = "main-20261123-01.xml"


def run(money: MoneyWorld, *words: str) -> subprocess.CompletedProcess[str]:
    return zygote.run("pay", "--config", str(money.config), *words)


def secret(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(content)
    return str(path)


def test_pay_confirm_and_check(money: MoneyWorld) -> None:
    """A day's payment: the file, the bank's word on it, and the invariants."""
    money.decide()
    paid = run(money, "--day", "2026-11-23", "--json")
    assert paid.returncode == 0, paid.stderr
    told = json.loads(paid.stdout)
    assert (told["amount"], told["invoices"], told["files"][0]["name"]) == (1_000, 1, FILE)
    assert run(money, "--day", "2026-11-23").returncode == 0
    confirmed = run(money, "--confirm", str(money.outbox / FILE))
    assert confirmed.returncode == 0, confirmed.stderr
    again = run(money, "--confirm", FILE)
    assert again.returncode == 1
    assert "[payment-file-ended]" in again.stderr
    checked = run(money, "check", "--json")
    assert checked.returncode == 0, checked.stderr
    assert not any(json.loads(checked.stdout).values())


def test_registering_tells_the_line_and_never_the_account(money: MoneyWorld, tmp_path: Path) -> None:
    """Good lines are registered together; a wrong IBAN, an open file or an unknown site registers nothing."""
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.site (site, profession, operator, since) values ('992300044', 'nurse', %s, 0)",
            (OPERATOR,),
        )
    line = {
        "site": "992300044", "operator": OPERATOR, "name": "Nom", "iban": iban(5), "starts": "2027-01-01",
        "proposed_by": "agent-1", "approved_by": "agent-2",
    }  # fmt: skip
    good = run(money, "payees", secret(tmp_path, "good", json.dumps(line)))
    assert good.returncode == 0, good.stderr
    wrong = run(
        money, "payees", secret(tmp_path, "wrong", "\n".join(map(json.dumps, (line, line | {"iban": "FR761"}))))
    )
    assert wrong.returncode == 1
    assert "2: iban: iban-malformed" in wrong.stderr
    for changed, code in (
        ({"site": "999999999"}, "payee-refused"),
        ({"site": SITES[0]}, "payee-refused"),
        ({"starts": "soon"}, "malformed-line"),
    ):
        refused = run(money, "payees", secret(tmp_path, code, json.dumps(line | changed)))
        assert refused.returncode == 1
        assert f"[{code}]" in refused.stderr
        assert iban(5) not in refused.stderr + refused.stdout
    own = {"reference": "own", "operator": OPERATOR, "insurer": "0000775001", "name": "Prévoyance", "iban": iban(6)}
    added = run(money, "account", secret(tmp_path, "own", json.dumps(own)))
    assert added.returncode == 0, added.stderr
    again = run(money, "account", str(tmp_path / "own"))
    assert "[account-refused]" in again.stderr


def test_the_bank_channel_opens_its_file(money: MoneyWorld, tmp_path: Path) -> None:
    """Sealed on the way out, opened by the private key's holder; another key opens nothing."""
    key = X25519PrivateKey.generate()
    (tmp_path / "bank.pub").write_text(base64.b64encode(key.public_key().public_bytes_raw()).decode())
    money.configure('bank_key = "bank.pub"')
    money.decide()
    assert run(money, "--day", "2026-11-23").returncode == 0
    sealed = money.outbox / f"{FILE}.sealed"
    for holder, opens in ((key, True), (X25519PrivateKey.generate(), False)):
        pem = holder.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        out = tmp_path / f"clear-{opens}"
        command = ["open", str(sealed), str(out), "--key", secret(tmp_path, f"key-{opens}", pem)]
        opened = subprocess.run([sys.executable, "-m", "rempart", "pay", *command], capture_output=True, check=False)
        assert (opened.returncode == 0) == opens
        assert out.exists() == opens
    assert iban(1).encode() in (tmp_path / "clear-True").read_bytes()


def test_what_is_missing_is_said(money: MoneyWorld) -> None:
    """No bank key: lacking, with what to set; two wishes at once: wrong command line."""
    money.configure("")
    lacking = run(money)
    assert (lacking.returncode, "payment.bank_key" in lacking.stderr) == (3, True)
    money.configure(money.options)
    assert run(money, "--confirm", "a", "--refused", "b").returncode == 2
    assert "[payment-file-unknown]" in run(money, "--confirm", "a").stderr
