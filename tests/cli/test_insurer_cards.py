"""`rempart insurer cards`: names are in the PDFs and nowhere else; handles for the rights file; codes that verify."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rempart.cli import _insurer_cards
from rempart.cli._card_keys import make_pair, read_pair
from rempart.cli.insurer import app
from rempart.formats.card import CardKeys, Genuine, InsurerKey, key_id, read_text
from support import card_samples as samples

ROW = {
    "ref": "R1", "last_name": "Armandet", "first_name": "Éliante", "member": "10000001", "birth": "1985-04-12",
    "rank": "1", "product": "CONFORT", "convention": "VM", "csr": "1234", "from": "2026-01-01", "to": "2026-12-31",
    "PHAR": "100", "OPTI": "PEC",
}  # fmt: skip
NAMES = ("ARMANDET", "Armandet", "Éliante", "liante")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    make_pair(tmp_path / "keys")
    return tmp_path / "keys"


def composed(tmp_path: Path, keys: Path, rows: list[dict[str, str]], *options: object) -> Result:
    source = tmp_path / "list.ndjson"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = (
        "cards", source, "--out", tmp_path / "out", "--keys", keys, "--insurer", samples.INSURER, "--first-serial", 41,
        "--brand", "Mutuelle des Alpages", *options,
    )  # fmt: skip
    return CliRunner().invoke(app, [str(one) for one in command])


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that went into codes."""
    seen: list[str] = []
    signed = _insurer_cards._signed

    def watched(*arguments: object) -> list[str]:
        seen.extend(signed(*arguments))  # type: ignore[arg-type]  # handed through
        return list(seen)

    monkeypatch.setattr(_insurer_cards, "_signed", watched)
    return seen


def test_each_line_becomes_a_card_and_a_handle(tmp_path: Path, keys: Path, codes: list[str]) -> None:
    """Serials in order; the handle listed is the one inside the code; handles differ; two cards a file as asked."""
    rows = [ROW | {"ref": f"R{number}", "member": f"{10000001 + number}"} for number in range(5)]
    found = composed(tmp_path, keys, rows, "--per-file", 2)
    assert found.exit_code == 0, found.output
    out = tmp_path / "out"
    assert sorted(path.name for path in out.glob("*.pdf")) == [f"cards-{number:05d}.pdf" for number in (1, 2, 3)]
    handles = [json.loads(line) for line in (out / "handles.ndjson").read_bytes().splitlines()]
    public = read_pair(keys).public_key().public_bytes_raw()
    entry = InsurerKey(samples.INSURER, "M", (samples.INSURER,), public)
    trusted = CardKeys("horizon", 0, {key_id(samples.INSURER, public): entry})
    for number, (handle, text) in enumerate(zip(handles, codes, strict=True)):
        card = read_text(text, trusted, seconds=0)
        assert isinstance(card, Genuine)
        assert (handle["ref"], handle["serial"]) == (f"R{number}", 41 + number)
        assert (card.card.serial, card.card.member) == (41 + number, f"{10000001 + number}")
        assert handle["card"] == _unpadded(card.card.handle)
        assert (handle["from"], handle["to"]) == ("2026-01-01", "2026-12-31")
        assert card.card.domains == ("PHAR", "OPTI")
    assert len({handle["card"] for handle in handles}) == 5


def test_no_name_leaves_the_pdfs(tmp_path: Path, keys: Path, codes: list[str]) -> None:
    """Not in the list of handles, not in a code, not in a file's name, not in what is printed on the screen."""
    found = composed(tmp_path, keys, [ROW])
    told = (tmp_path / "out" / "handles.ndjson").read_text("utf-8") + found.output + "".join(codes)
    told += "".join(path.name for path in (tmp_path / "out").iterdir())
    assert not [name for name in NAMES if name.lower() in told.lower()]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "out").iterdir())


def test_one_fault_in_the_list_and_nothing_is_written(tmp_path: Path, keys: Path) -> None:
    """The line, the field and the code are told, never the value."""
    found = composed(tmp_path, keys, [ROW, ROW | {"birth": "12/04/1985"}])
    assert found.exit_code == 1
    assert "line 2, birth: birth-shape" in found.stderr
    assert "1985" not in found.output
    assert not (tmp_path / "out").exists()
    wrong = composed(tmp_path, keys, [ROW, ROW | {"member": "1" * 16}])
    assert (wrong.exit_code, "card 2 of the list" in wrong.stderr) == (1, True)
    assert not (tmp_path / "out").exists()


def test_a_folder_is_never_written_over(tmp_path: Path, keys: Path) -> None:
    """A second run on the same folder changes nothing."""
    assert composed(tmp_path, keys, [ROW]).exit_code == 0
    before = (tmp_path / "out" / "handles.ndjson").read_bytes()
    assert composed(tmp_path, keys, [ROW]).exit_code == 2
    assert (tmp_path / "out" / "handles.ndjson").read_bytes() == before


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, keys: Path) -> None:
    """The command says what to do."""
    (keys / "cards.pem").chmod(0o644)
    found = composed(tmp_path, keys, [ROW])
    assert found.exit_code == 2
    assert "cards.pem" in found.stderr


@pytest.mark.parametrize("wrong", [("--symbol", "aztec"), ("--colour", "red"), ("--first-serial", str(1 << 40))])
def test_options_that_cannot_be_are_refused(tmp_path: Path, keys: Path, wrong: tuple[str, str]) -> None:
    """Before anything is written."""
    assert composed(tmp_path, keys, [ROW], *wrong).exit_code != 0
    assert not (tmp_path / "out").exists()


@pytest.mark.soak
def test_a_thousand_cards_take_less_than_a_minute_of_one_core(tmp_path: Path, keys: Path) -> None:
    """Ten PDFs, a thousand handles, all different."""
    started = time.process_time()
    found = composed(tmp_path, keys, [ROW | {"ref": f"R{number}"} for number in range(1_000)])
    assert found.exit_code == 0, found.output
    assert time.process_time() - started < 60
    assert len(list((tmp_path / "out").glob("*.pdf"))) == 10
    lines = (tmp_path / "out" / "handles.ndjson").read_bytes().splitlines()
    assert len({json.loads(line)["card"] for line in lines}) == 1_000


def _unpadded(handle: bytes) -> str:
    return base64.urlsafe_b64encode(handle).decode().rstrip("=")
