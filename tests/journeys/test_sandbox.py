"""A vendor's first hour: the sandbox started by its command, the kit passed, both clients used, money seen."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rempart.client.exchange import Lost, Received, Send
from rempart.client.hub import Account, AsyncClient, Client, load_key
from rempart.client.sandbox import BY_NAME, CARDS, invoice, question
from rempart.ground.files import SecretRefused
from rempart.wire.authorizations import Attachment, AuthorizationRequest, AuthorizationState, QuoteLine
from rempart.wire.batches import BatchItem, BatchReceipt, BatchRequest, BatchState
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateLine, EstimateRequest
from rempart.wire.invoices import InvoicesReceipt, InvoicesRequest
from rempart.wire.payments import RemittanceList
from rempart.wire.problem import Problem
from support import zygote

OPTICS = Path(__file__).parents[2] / "docs" / "formats" / "optics-messages.md"
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
    keeper = told["REMPART_KEEPER_KEY"]
    return Account(told["REMPART_HUB"], told["REMPART_CLIENT"], told["REMPART_SITE"], key, keeper=keeper)


def rempart(told: dict[str, Any], *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return zygote.run_bytes("client", *words, given=given, more=told, timeout=120)


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


def test_the_story_of_the_optics_messages_runs_as_printed(told: dict[str, Any], tmp_path: Path) -> None:
    """The block of shell of that page: covered, agreed, received, accepted; and a refusal with its code."""
    (block,) = re.findall(r"^```bash\n(.*?)^```", OPTICS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    software = Path(told["REMPART_KEY"]).parent
    script = block.replace("/tmp/", f"{tmp_path}/").replace(". box/software", f". {software}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-c", script], capture_output=True, check=False, timeout=120, cwd=OPTICS.parents[2],
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    said = done.stdout.decode()
    assert said.startswith("a sound request\n")
    assert "<answer>covered</answer>" in said, done.stderr
    assert "<state>agreed</state>" in (tmp_path / "agreed.xml").read_text()
    assert "<state>accepted</state>" in said, said
    assert (done.returncode, b"[not-found]" in done.stderr) == (1, True)


def test_tomorrows_appointments_from_the_shell(told: dict[str, Any], tmp_path: Path) -> None:
    """All answered is 0, a person who is not is 1 with the code; given again under its key it is the same batch; the
    answers are written for their owner alone, and over nothing.
    """  # noqa: D205 - one sentence, of one command
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011 - the sandbox runs on today
    asked = [
        BatchItem(7 + place, question(BY_NAME[name], tomorrow)) for place, name in enumerate(("covered", "nobody"))
    ]
    asked.append(BatchItem(20, msgspec.structs.replace(asked[0].question, amc_number="00759")))
    whole, good = tmp_path / "book.json", tmp_path / "good.json"
    whole.write_bytes(msgspec.json.encode(BatchRequest(tuple(asked))))
    good.write_bytes(msgspec.json.encode(BatchRequest(tuple(asked[:1]))))
    written = tmp_path / "answers.json"
    words = ("batch", str(whole), "--json", "--idempotency-key", "tomorrow")
    done = rempart(told, *words, "-o", str(written))
    assert done.returncode == 1, done.stderr
    first = json.loads(done.stdout)
    assert first["answers"] == {"covered": 1, "not-confirmed": 1, "invalid-fields": 1}
    answers = msgspec.json.decode(written.read_bytes(), type=BatchState).answers
    assert [(one.item, one.answer.answer if one.answer else one.refusal) for one in answers] == [
        (7, "covered"), (8, "not-confirmed"), (20, "invalid-fields"),
    ]  # fmt: skip
    assert written.stat().st_mode & 0o777 == 0o600
    assert rempart(told, *words, "-o", str(written)).returncode == 2
    again = rempart(told, *words, "-o", str(tmp_path / "again.json"))
    assert json.loads(again.stdout) == first, again.stderr  # sealed anew, known by its mark
    assert rempart(told, "batch", str(good), "-o", str(tmp_path / "good-answers.json")).returncode == 0
    early = rempart(told, "batch", str(good), "--wait", "0", "-o", str(tmp_path / "early.json"))
    assert (early.returncode, b"[batch-waiting]" in early.stderr) == (1, True)
    assert not (tmp_path / "early.json").exists()
    shown = rempart(told, *(word for word in words if word != "--json"), "-o", str(tmp_path / "shown.json"))
    assert b"appointments" in shown.stdout
    assert b"amc_number" in shown.stdout  # the field at fault
    assert b"--idempotency-key tomorrow" in shown.stderr  # how to go on
    other = rempart(told, "batch", str(good), "--idempotency-key", "tomorrow", "-o", str(tmp_path / "other.json"))
    assert (other.returncode, b"[idempotency-key-reused]" in other.stderr) == (1, True)
    assert BY_NAME["covered"].member.encode() not in done.stderr + other.stderr + written.read_bytes()


def test_a_batch_is_sealed_item_by_item_on_its_way_to_the_hub(told: dict[str, Any]) -> None:
    """No item tells the hub member number, birth date or NIR; each is answered, or refused, by its number."""
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011 - the sandbox runs on today
    card = BY_NAME["twin-one"]
    wrong = msgspec.structs.replace(question(card, tomorrow), nir="180026993101799")
    bodies: list[bytes] = []
    with Client(account(told), hear=lambda asked, _: bodies.append(asked.body)) as hub:
        receipt = hub.eligibility_batch([BatchItem(1, question(card, tomorrow)), BatchItem(2, wrong)])
        assert isinstance(receipt, BatchReceipt), receipt
        found = hub.batch_answers(receipt, 120)
    assert isinstance(found, BatchState), found
    one, two = found.answers
    assert one.answer is not None
    assert (one.answer.answer, two.refusal) == ("covered", "invalid-fields")
    sent = b"".join(bodies)
    assert sent.count(b'"identity_jwe"') == 2
    assert not [each for each in (card.member, card.nir, card.birth_date, wrong.nir) if each and each.encode() in sent]


def test_a_message_that_is_wrong_is_told_by_line_before_it_leaves(told: dict[str, Any]) -> None:
    """`rempart client optics --check`: 1, each fault with its line and element, and no value."""
    refused = OPTICS.parent / "samples" / "optics" / "refused" / "wrong-shape.xml"
    done = rempart(told, "optics", str(refused), "--check")
    assert (done.returncode, done.stdout) == (1, b"")
    told_line = b" ".join(done.stderr.split())
    assert b"line 20 request/line[1]/correction/sphere wrong-shape" in told_line
    assert b"2,25" not in told_line


def test_what_would_the_patient_pay(told: dict[str, Any]) -> None:
    """The ticket modérateur of a box of medicine is the insurer's, the card typed or scanned."""
    card, today = BY_NAME["covered"], date.today().isoformat()  # noqa: DTZ011 - the sandbox runs on today
    line = EstimateLine("PH7", "pharmacy", 1340, 65, 1340, unit_price=1340, care_date=today)
    asked = EstimateRequest(
        card.amc_number, card.member, card.birth_date, "machine", (line,), nir=card.nir, rank=card.rank
    )
    codes = json.loads((Path(told["REMPART_KEY"]).parent / "codes.json").read_text("utf-8"))
    bodies: list[bytes] = []
    with Client(account(told), hear=lambda asked, _: bodies.append(asked.body)) as hub:
        found = hub.estimate(asked)
        scanned = hub.estimate(CardEstimateRequest(codes["covered"], (line,)))
    assert isinstance(found, EstimateAnswer)
    assert (found.answer, found.amo, found.amc, found.patient) == ("estimated", 871, 469, 0)
    assert scanned == found  # by the signed card, sealed as well
    sent = b"".join(bodies)
    assert (sent.count(b'"identity_jwe"'), codes["covered"].encode() in sent) == (2, False)


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


def test_the_hub_never_holds_what_a_card_says_nor_what_is_attached(told: dict[str, Any]) -> None:
    """Question, estimate, invoice and authorization with a prescription: none of it is in what was sent to the hub, in
    its log, or anywhere in its database's files, write-ahead log included; and all of them are answered.
    """  # noqa: D205 - one sentence, of four requests
    card, today = BY_NAME["twin-one"], date.today()  # noqa: DTZ011 - the sandbox runs on today
    attached = os.urandom(3000)
    bodies: list[bytes] = []
    line = EstimateLine("PH7", "pharmacy", 1340, 65, 1340, unit_price=1340, care_date=today.isoformat())
    shown = {"nir": card.nir, "rank": card.rank}
    with Client(account(told), hear=lambda asked, _: bodies.append(asked.body)) as hub:
        answer = hub.eligibility(question(card, today))
        estimated = hub.estimate(
            EstimateRequest(card.amc_number, card.member, card.birth_date, "machine", (line,), **shown)  # type: ignore[arg-type]  # two texts
        )
        quoted = AuthorizationRequest(
            card.amc_number, card.member, card.birth_date, "machine", today.isoformat(),
            (QuoteLine("PH7", "pharmacy", 5000, 65, 5000),), attachments=(Attachment("prescription", attached),),
            **shown,  # type: ignore[arg-type]  # same
        )  # fmt: skip
        asked = hub.authorization(quoted, "quote-of-the-twin")
        again = hub.authorization(quoted, "quote-of-the-twin")
        receipt = hub.invoices((invoice(card, "200000041", today),), "invoice-of-the-twin")
        assert isinstance(receipt, InvoicesReceipt), receipt
        wrong = msgspec.structs.replace(invoice(card, "200000042", today), nir="180026993101799")
        refused = hub.invoices((wrong,), "wrong-key-of-nir")
        deadline = time.monotonic() + DECIDED_SECONDS
        while (state := hub.invoice_state(receipt.invoices[0].invoice)).state == "received":  # type: ignore[union-attr]  # a state or a problem, both shown below
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert isinstance(answer, EligibilityAnswer), answer
    assert isinstance(estimated, EstimateAnswer), estimated
    assert isinstance(asked, AuthorizationState), asked
    assert asked == again  # sealed anew, known by its mark
    assert (answer.answer, estimated.answer, state.state) == ("covered", "estimated", "accepted")
    assert isinstance(refused, InvoicesReceipt)
    assert [(one.state, one.faults[0].field, one.faults[0].code) for one in refused.invoices] == [
        ("refused", "identity_jwe.nir", "nir-key")
    ]
    assert card.nir is not None
    words = (card.nir.encode(), card.member.encode(), card.birth_date.encode(), attached[:64])
    sent = b"\n".join(bodies)
    assert len(bodies) > 8
    assert [word for word in words if word in sent] == []
    base = base64.b64encode(attached)
    assert base[:64] not in sent
    house = Path(told["REMPART_KEY"]).parents[1] / "house"
    kept = (card.nir.encode(), attached[:64], base[:64])  # a member number or a date may be anything's
    looked = 0
    for path in house.rglob("*"):
        if path.is_file() and "rights" not in path.relative_to(house).parts:
            content = path.read_bytes()
            assert not [place for place, word in enumerate(kept) if word in content], path
            looked += len(content)
    assert looked > 1_000_000
