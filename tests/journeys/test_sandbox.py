"""A vendor's first hour: the sandbox started by its command, the kit passed, both clients used, money seen."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rempart.client.exchange import Lost, Received, Send
from rempart.client.hub import Account, AsyncClient, Client, load_key
from rempart.client.sandbox import BY_NAME, CARDS, invoice, question
from rempart.ground.files import SecretRefused
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.estimates import EstimateAnswer, EstimateLine, EstimateRequest
from rempart.wire.invoices import InvoicesReceipt, InvoicesRequest
from rempart.wire.payments import RemittanceList
from rempart.wire.problem import Problem

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "software-vendors.md"
pytestmark = pytest.mark.postgres
START_SECONDS, DECIDED_SECONDS = 150, 30.0


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `rempart demo --sandbox` writes down to begin with, while it runs."""
    folder = tmp_path_factory.mktemp("sandbox") / "box"
    command = [sys.executable, "-m", "rempart", "demo", "--sandbox", "--folder", str(folder)]
    with (folder.parent / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    environment = folder / "software" / "hospital.env"  # the last one written
    deadline = time.monotonic() + START_SECONDS
    while not environment.exists():
        assert process.poll() is None, (folder.parent / "out").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    words = (folder / "software" / "pharmacy.env").read_text().split()
    yield {name: value.strip("'") for name, _, value in (word.partition("=") for word in words if "=" in word)}
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def account(told: dict[str, Any]) -> Account:
    key = load_key(Path(told["REMPART_KEY"]))
    assert not isinstance(key, SecretRefused)
    return Account(told["REMPART_HUB"], told["REMPART_CLIENT"], told["REMPART_SITE"], key)


def rempart(told: dict[str, Any], *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "rempart", "client", *words]
    return subprocess.run(
        command, input=given, capture_output=True, check=False, timeout=120, env={**os.environ, **told}
    )


def test_the_kit_passes_with_our_client_and_with_its_recording(told: dict[str, Any], tmp_path: Path) -> None:
    """Every requirement, every card; the HAR file that it writes is judged the same."""
    har = tmp_path / "walk.har"
    done = rempart(told, "conformance", "--json", "--write", str(har))
    assert done.returncode == 0, done.stdout or done.stderr
    again = rempart(told, "conformance", "--json", "--recorded", str(har))
    assert json.loads(again.stdout) == json.loads(done.stdout)
    assert har.stat().st_mode & 0o777 == 0o600


def test_a_question_and_invoices_from_the_shell(told: dict[str, Any]) -> None:
    """0 when covered and accepted, 1 with a code when not; what is said on standard error holds no card."""
    today = date.today()  # noqa: DTZ011 - the sandbox runs on today
    for card in (BY_NAME["covered"], BY_NAME["nobody"], BY_NAME["no-nir"]):
        done = rempart(told, "eligibility", "-", "--json", given=msgspec.json.encode(question(card, today)))
        assert done.returncode == (0 if card.answer == "covered" else 1)
        assert card.answer.encode() in done.stdout + done.stderr
        assert card.member.encode() not in done.stderr
    body = msgspec.json.encode(InvoicesRequest((invoice(BY_NAME["spaces"], "200000007", today),)))
    first = rempart(told, "invoice", "-", "--json", "--idempotency-key", "shell-1", given=body)
    again = rempart(told, "invoice", "-", "--json", "--idempotency-key", "shell-1", given=body)
    assert (first.returncode, json.loads(first.stdout)) == (0, json.loads(again.stdout))
    assert rempart(told, "eligibility", "-", given=b'{"member":"10000001"}').stderr.count(b"10000001") == 0


def test_the_example_of_the_guide_runs_as_printed(told: dict[str, Any]) -> None:
    """A covered answer, and an invoice that is received."""
    (example,) = re.findall(r"```python ask\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    command = [sys.executable, "-c", example]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **told})
    assert (done.returncode, done.stdout.split()[0], done.stdout.split()[-1]) == (0, "covered", "received"), done.stderr


def test_what_would_the_patient_pay(told: dict[str, Any]) -> None:
    """The ticket modérateur of a box of medicine is the insurer's."""
    card, today = BY_NAME["covered"], date.today().isoformat()  # noqa: DTZ011 - the sandbox runs on today
    line = EstimateLine(today, "PH7", "pharmacy", 1340, 65, 1340, unit_price=1340)
    asked = EstimateRequest(
        card.amc_number, card.member, card.birth_date, "machine", (line,), nir=card.nir, rank=card.rank
    )
    with Client(account(told)) as hub:
        found = hub.estimate(asked)
    assert isinstance(found, EstimateAnswer)
    assert (found.answer, found.amo, found.amc, found.patient) == ("estimated", 871, 469, 0)


def test_many_questions_at_once_over_asyncio(told: dict[str, Any]) -> None:
    """Four connections, one token, each card its documented answer or problem."""

    async def ask() -> list[EligibilityAnswer | Problem]:
        async with AsyncClient(account(told)) as hub:
            today = date.today()  # noqa: DTZ011 - the sandbox runs on today
            open_to_all = [card for card in CARDS if card.answer in {"covered", "nir-required", "unknown-amc-number"}]
            found = await asyncio.gather(*(hub.eligibility(question(card, today)) for card in open_to_all * 4))
            assert isinstance(await hub.remittances(), RemittanceList)
            return [
                each for each, card in zip(found, open_to_all * 4, strict=True)
                if card.answer not in {getattr(each, "code", ""), getattr(each, "answer", "")}
            ]  # fmt: skip

    assert asyncio.run(ask()) == []


def test_an_answer_lost_on_the_way_makes_one_invoice(told: dict[str, Any]) -> None:
    """The hub took it, the answer never came: the client sends again, and there is one invoice."""
    today = date.today()  # noqa: DTZ011 - the sandbox runs on today
    sent: list[str] = []
    with Client(account(told), hear=lambda asked, _: sent.append(asked.path)) as hub:
        carry = hub._connection.exchange
        lost = iter((True, False))

        def lossy(asked: Send) -> Received | Lost:
            got = carry(asked)
            taken = isinstance(got, Received) and got.status == 202
            return Lost(sent=True) if taken and next(lost) else got

        hub._connection.exchange = lossy  # type: ignore[method-assign]  # the network loses one answer
        receipt = hub.invoices((invoice(BY_NAME["covered"], "200000031", today),))
        assert isinstance(receipt, InvoicesReceipt)
        assert sent.count("/v1/invoices") >= 2
        deadline = time.monotonic() + DECIDED_SECONDS
        while (found := hub.find_invoices("200000031")) == [] and time.monotonic() < deadline:
            time.sleep(0.2)
        assert found == [receipt.invoices[0].invoice]
