"""`rempart card`: what is said of a card without network, and the lists that are signed for it."""

from __future__ import annotations

import base64
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from rempart.cli._card_keys import read_pair
from rempart.cli._output import Failure
from rempart.cli.card import app
from rempart.formats.card import MAX_SERIAL, PAPER, CardFault, Genuine, read_text, sign_card, write_text
from rempart.ground.instants import MICROSECONDS, now
from support import card_samples as samples

FOLDER = Path(__file__).parents[2] / "docs" / "formats" / "samples" / "cards"
EXPECTED = json.loads((FOLDER / "expected.json").read_text("utf-8"))["expected"]


def run(*arguments: object, told: str = "") -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], input=told)


def verify(card: object, *options: object, told: str = "") -> Result:
    return run(
        "verify", card, "--keys", FOLDER / "keys.json", "--operator-key", FOLDER / "operator.pub", "--at", samples.AT,
        *options, told=told,
    )  # fmt: skip


FILTERS = ("--revocations", FOLDER / "revoked-base.bin", "--revocations", FOLDER / "revoked-delta.bin")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any use of a socket fails the test."""

    def closed(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a card is verified without network")

    monkeypatch.setattr(socket, "socket", closed)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_sample_gets_its_answer(name: str) -> None:
    """The code in JSON, a sentence in both languages, exit code 0 only when the card covers; no identity comes back."""
    found = verify(FOLDER / f"{name}.txt", *FILTERS, "--json")
    said = json.loads(found.stdout)
    assert said["code"] == EXPECTED[name]
    assert said["fr"] != said["en"]
    assert found.exit_code == (0 if EXPECTED[name] == "card-covered" else 1)
    for secret in (samples.CARD.member, samples.CARD.birth, samples.CARD.handle.hex()):
        assert secret not in found.stdout


def test_a_covered_card_is_said_in_two_languages() -> None:
    """Until when, for which columns, and that it was looked for among the revoked ones."""
    french, english = verify(FOLDER / "good.txt", *FILTERS), verify(FOLDER / "good.txt", *FILTERS, "--lang", "en")
    assert " ".join(french.stdout.split()) == (
        "Couvert jusqu'au 31 décembre 2026. Pour : pharmacie, médecins, hôpital, optique, laboratoires. "
        "Carte non remplacée."
    )
    assert " ".join(english.stdout.split()) == (
        "Covered until 31 December 2026. For: pharmacy, doctors, hospital, optics, laboratories. Card not revoked."
    )


def test_the_json_says_all_that_a_counter_may_use() -> None:
    """Insurer, last day, columns, product, serial, whether a phone proved it."""
    said = json.loads(verify(FOLDER / "live.txt", *FILTERS, "--json").stdout)
    assert said | {"fr": "", "en": ""} == {
        "code": "card-covered", "fr": "", "en": "", "genuine": True, "insurer": samples.INSURER,
        "insurer_name": "Mutuelle des Alpages", "until": "2026-12-31", "domains": list(samples.DOMAINS),
        "product": "CONFORT", "serial": 1_234_567, "revocation": "clear", "live": True,
    }  # fmt: skip


def test_a_card_comes_from_a_file_standard_input_or_the_command_line() -> None:
    """With the line end that scanners add."""
    shown = (FOLDER / "good.txt").read_text("ascii")
    assert verify(shown.strip()).exit_code == verify("-", told=shown).exit_code == 0
    assert verify("-", told="nothing").exit_code == 1


def test_without_a_filter_it_says_that_nobody_looked() -> None:
    """And with one that is ten days old, that it is too old; both cards are still covered."""
    assert "Remplacement non vérifié" in " ".join(verify(FOLDER / "good.txt").stdout.split())
    old = verify(FOLDER / "good.txt", *FILTERS[:2], "--json", "--at", "2026-11-26T10:00:00Z")
    assert (json.loads(old.stdout)["revocation"], old.exit_code) == ("old", 0)


def test_the_day_of_care_is_judged_and_not_today() -> None:
    """`--day` before and after the validity."""
    assert json.loads(verify(FOLDER / "good.txt", "--day", "2025-12-31", "--json").stdout)["code"] == "card-not-yet"
    assert json.loads(verify(FOLDER / "good.txt", "--day", "2027-01-01", "--json").stdout)["code"] == "card-ended"
    assert verify(FOLDER / "good.txt", "--day", "tomorrow").exit_code == 2


@pytest.mark.parametrize(("at", "code"), [("2026-11-28T10:00:00Z", "keys-old"), ("2026-11-19T10:00:00Z", "keys-ahead")])
def test_old_keys_are_no_keys(at: str, code: str) -> None:
    """The command ends, it does not answer about the card."""
    found = run(
        "verify",
        FOLDER / "good.txt",
        "--keys",
        FOLDER / "keys.json",
        "--operator-key",
        FOLDER / "operator.pub",
        "--at",
        at,
    )
    assert isinstance(found.exception, Failure)
    assert (found.exception.code, int(found.exception.exit)) == (code, 2)


def test_another_operators_lists_are_not_gone_by(tmp_path: Path) -> None:
    """Its keys, its filter, and a delta without its base."""
    stranger = run("keygen", "--out", tmp_path / "other").stdout.split(": ")[1].strip()
    found = run(
        "verify", FOLDER / "good.txt", "--keys", FOLDER / "keys.json", "--operator-key", stranger, "--at", samples.AT
    )
    assert isinstance(found.exception, Failure)
    assert found.exception.code == "keys-signature-differs"
    for filters, code in (
        (("--revocations", FOLDER / "keys.json"), "filter-shape"),
        (FILTERS[2:], "filter-other-base"),
    ):
        wrong = verify(FOLDER / "good.txt", *filters)
        assert isinstance(wrong.exception, Failure)
        assert wrong.exception.code == code


def test_an_operator_signs_keys_and_revocations_that_verify(tmp_path: Path) -> None:
    """From two new pairs of keys to a card that is covered, revoked by the base, and by a delta."""
    insurer = run("keygen", "--out", tmp_path / "insurer").stdout.split(": ")[1].strip()
    assert run("keygen", "--out", tmp_path / "operator").exit_code == 0
    assert run("keygen", "--out", tmp_path / "operator").exit_code == 2
    assert (tmp_path / "operator" / "cards.pem").stat().st_mode & 0o777 == 0o600
    entry = {"insurer": samples.INSURER, "name": "M", "amc_numbers": [samples.INSURER], "key": insurer}
    (tmp_path / "entries.json").write_text(json.dumps([entry]))
    made = run(
        "keys", tmp_path / "entries.json", "--key", tmp_path / "operator", "--operator", "horizon",
        "--out", tmp_path / "keys.json", "--at", samples.AT,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    for name, serials, options in (("base", (1, 2), ()), ("delta", (3,), ("--since", "2026-11-16"))):
        lines = [json.dumps({"insurer": samples.INSURER, "serial": serial}) for serial in serials]
        (tmp_path / f"{name}.ndjson").write_text("\n".join(lines))
        done = run(
            "revocations", tmp_path / f"{name}.ndjson", "--key", tmp_path / "operator", "--out", tmp_path / name,
            "--day", "2026-11-16" if name == "base" else "2026-11-22", *options,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
    codes = []
    for serial in (2, 3, 4):
        card = replace(samples.CARD, serial=serial)
        shown = write_text(PAPER, sign_card(card, samples.INSURER, read_pair(tmp_path / "insurer")))
        found = run(
            "verify", "-", "--keys", tmp_path / "keys.json", "--operator-key", tmp_path / "operator" / "cards.pub",
            "--at", samples.AT, "--revocations", tmp_path / "base", "--revocations", tmp_path / "delta", "--json",
            told=shown,
        )  # fmt: skip
        codes.append(json.loads(found.stdout)["code"])
    assert codes == ["card-ask-on-line", "card-ask-on-line", "card-covered"]


def test_a_wrong_line_of_revocations_writes_nothing(tmp_path: Path) -> None:
    """Its number is told."""
    run("keygen", "--out", tmp_path / "operator")
    wrong = {"insurer": samples.INSURER, "serial": MAX_SERIAL + 1}
    (tmp_path / "list").write_text(json.dumps(wrong) + "\n")
    found = run("revocations", tmp_path / "list", "--key", tmp_path / "operator", "--out", tmp_path / "made")
    assert found.exit_code == 1
    assert "line 1" in found.stderr
    assert not (tmp_path / "made").exists()


@pytest.fixture
def insurer(tmp_path: Path) -> Path:
    """The sample insurer's folder of keys, a card of its own on paper, and a member's phone."""
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    secret(keys / "cards.pem", samples.INSURER_KEY)
    secret(tmp_path / "phone.pem", samples.PHONE_KEY)
    (tmp_path / "paper.txt").write_text(samples.paper_text(samples.CARD, samples.INSURER, samples.INSURER_KEY))
    return tmp_path


def secret(path: Path, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)


def phone(folder: Path, *options: object, point: str = "") -> Result:
    numbers = samples.PHONE_KEY.public_key().public_numbers()
    own = base64.b64encode(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")).decode()
    return run(
        "phone", folder / "paper.txt", "--phone-key", point or own, "--keys", folder / "keys",
        "--insurer", samples.INSURER, "--out", folder / "phone.card", *options,
    )  # fmt: skip


def test_a_phone_gets_a_card_and_shows_it_for_a_minute(insurer: Path) -> None:
    """The same person and serial, alive by the phone's own key; the card without its minute is a copy."""
    assert phone(insurer).exit_code == 0
    shown = run("minute", insurer / "phone.card", "--phone-key", insurer / "phone.pem").stdout.strip()
    seconds = now() // MICROSECONDS
    known = replace(samples.keys(), created=seconds)
    found = read_text(shown, known, seconds=seconds)
    assert isinstance(found, Genuine)
    assert (found.proven, found.card.serial, found.card.handle) == (True, samples.CARD.serial, samples.CARD.handle)
    assert found.card.live is not None
    assert found.card.live.expires - found.card.live.issued == 72 * 3_600
    copy = read_text(write_text(PAPER, (insurer / "phone.card").read_bytes()), known, seconds=seconds)
    assert copy == CardFault("card-proof-missing")


@pytest.mark.parametrize("point", ["AAAA", "not base64", base64.b64encode(bytes(64)).decode()])
def test_what_is_no_key_of_a_phone_gets_no_card(insurer: Path, point: str) -> None:
    """Too short, no base64, a point that is not on the curve."""
    assert phone(insurer, point=point).exit_code != 0
    assert not (insurer / "phone.card").exists()


def test_only_a_card_of_this_insurer_is_put_on_a_phone(insurer: Path) -> None:
    """Another's signature is refused by its code, and nothing is written."""
    (insurer / "paper.txt").write_text(samples.paper_text(samples.CARD, samples.INSURER, samples.STRANGER_KEY))
    refused = phone(insurer)
    assert refused.exit_code == 1
    assert "card-key-unknown" in str(refused.exception or "") + refused.output
    assert not (insurer / "phone.card").exists()
