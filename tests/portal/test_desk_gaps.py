"""Pages of the desks: who joins, recovery, the log without anybody in it, rejections by reason; a locum's code."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import replace

import msgspec
import pytest

from rempart.sealing import actions
from rempart.wire.desk_joins import Answer, DeskAnswerRequest, DeskJoinRequest, DeskRecoverRequest
from rempart.wire.stations import DelegationClaim
from support.desk_gaps import DONE, JOIN, LOCUM_CODE, QUESTION, FakeGaps
from support.fake_account import account
from support.operator_desk import CODE, MANAGER, SECOND, FakeDesk, at_desk
from support.portals import ONE, OTHER_SITE, SITE, Asker, Clock, doors

SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}
HERE = f"/bureau/adhesions/{JOIN}"
YES = {"place": OTHER_SITE, "document": "2", "reached": "le standard de la clinique"}
BACK = {"place": SITE, "reached": "le numéro connu depuis 2025", "document": "RIB de ce mois, titulaire vérifié"}
RECOVERY = f"/bureau/comptes/{MANAGER}/secours"
CODES = "/site-et-equipe/remplacements/code"


def seat(role: str = "agent") -> tuple[Asker, FakeGaps]:
    made, gaps = doors(clock=Clock()), FakeGaps()
    if role in {"case-worker", "insurer-manager"}:
        made.people[ONE] = replace(made.people[ONE], role=role, sites=(), profession="", insurer="0099000137")
    elif role != "manager":
        at_desk(made.people, ONE, role)
    else:
        made.people[ONE] = replace(made.people[ONE], role=role)
    made.desks += [account(), gaps, FakeDesk()]
    asker = Asker(made)
    asker.signed_in(ONE)
    return asker, gaps


def hashed(answer: str) -> bytes:
    return urlsafe_b64decode(answer + "=" * (-len(answer) % 4))[40:]


def digest(kind: str, *fields: str) -> bytes:
    action = actions.written(kind, "horizon", *fields)
    assert action is not None
    return action.digest()


def test_who_joins_is_listed_and_shown_without_a_name() -> None:
    """What waits first; the place, the directory, the steps; an officer's name is nowhere, another's is not found."""
    asker, gaps = seat()
    page = asker.get("/bureau/adhesions").text
    assert page.index("À examiner") < page.index("Non inscrit")
    for text in ("Pharmacie", "dans l’annuaire", "0 sur 2", HERE):
        assert text in page
    one = asker.get(HERE).text
    for text in ("identifié par Pro Santé Connect", "75 000 0010"[:2], "Document reçu", "Relire avant de signer"):
        assert text in one
    assert "l’exploitation" in asker.get(f"/bureau/adhesions/{DONE}").text
    assert asker.get("/bureau/adhesions/01936e5c-7a10-7000-8000-00000000000f").status_code == 404
    gaps.joins.clear()
    assert "Personne ne demande à adhérer" in asker.get("/bureau/adhesions").text
    other, _ = seat("security")
    assert other.get("/bureau/adhesions").status_code == other.get(HERE).status_code == 403


def test_the_document_passes_sealed() -> None:
    """The portal gives the bytes as they came, and keeps none."""
    asker, gaps = seat()
    found = asker.get(HERE + "/document")
    assert (found.content, found.headers["content-type"]) == (gaps.sealed, "application/octet-stream")
    assert found.headers["cache-control"] == "no-store"


def test_a_yes_is_read_again_and_signed_as_read() -> None:
    """The challenge carries the hash of the very lines; nobody reached, nothing signed; the second yes is the last."""
    asker, gaps = seat()
    assert asker.post(HERE + "/relire", YES | {"reached": ""}).status_code == 422
    page = asker.post(HERE + "/relire", YES).text
    assert YES["reached"] in page
    told = asker.post(HERE + "/accord/defi", YES).json()
    assert hashed(told["challenge"]) == digest("desk-join", "horizon", JOIN, OTHER_SITE, "2", YES["reached"])
    gaps.joins[0] = msgspec.structs.replace(gaps.joins[0], agreed=(SECOND,))
    done = asker.post(HERE + "/accord", YES | SIGNED | {"challenge": told["challenge"]})
    assert done.headers["location"] == HERE
    (kind, asked), *_ = gaps.told
    assert (kind, type(asked)) == ("yes", DeskJoinRequest)
    page = asker.get(HERE).text
    assert "rempart operator enrolment finish" in page
    assert "Relire avant de signer" not in page


@pytest.mark.parametrize("code", ["officer-already-spoke", "not-awaiting", "not-called-back", "on-probation"])
def test_a_yes_that_is_not_taken_says_why(code: str) -> None:
    """On the page itself, and the session goes on."""
    asker, gaps = seat()
    gaps.refusal = code
    page = asker.post(HERE + "/accord", YES | SIGNED | {"challenge": "AA"})
    assert page.status_code == 422
    assert 'class="notice warn"' in page.text
    assert asker.held() is not None


@pytest.mark.parametrize("answer", ["refused", "documents"])
def test_one_person_says_no_or_asks_for_another_document(answer: Answer) -> None:
    """With a reason of the list; without one nothing is said."""
    asker, gaps = seat()
    assert asker.post(HERE + "/reponse", {"answer": answer, "reason": "because"}).status_code == 422
    assert asker.post(HERE + "/reponse", {"answer": answer, "reason": "unreadable"}).headers["location"] == HERE
    assert gaps.told == [("answer", DeskAnswerRequest(answer, "unreadable"))]
    assert "illisible" in asker.get(HERE).text


def test_an_account_is_let_back_in_by_a_signature() -> None:
    """Whom it reached, what it looked at, both lines signed as read; the code is shown once."""
    asker, gaps = seat()
    assert RECOVERY in asker.get(f"/bureau/comptes/{MANAGER}").text
    assert "Quel RIB vous avez regardé" in asker.get(RECOVERY).text
    for name, other in (("reached", "document"), ("document", "reached")):
        for typed in ("", "  ", "x" * 201):
            page = asker.post(RECOVERY + "/relire", BACK | {name: typed})
            assert page.status_code == 422
            assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', page.text)
            assert BACK[other] in page.text
    page = asker.post(RECOVERY + "/relire", BACK).text
    for shown in (BACK["reached"], BACK["document"], "Document regardé"):
        assert shown in page
    told = asker.post(RECOVERY + "/defi", BACK).json()
    assert hashed(told["challenge"]) == digest(
        "desk-recover", "horizon", MANAGER, SITE, BACK["reached"], BACK["document"]
    )
    page = asker.post(RECOVERY, BACK | SIGNED | {"challenge": told["challenge"]}).text
    assert CODE.replace("-", " ")[:4] in page
    ((kind, told_of),) = gaps.told
    assert kind == "recover"
    assert isinstance(told_of, tuple)
    assert (told_of[0], type(told_of[1])) == (MANAGER, DeskRecoverRequest)
    assert (told_of[1].reached, told_of[1].document) == (BACK["reached"], BACK["document"])
    gaps.refusal = "manager-recovers"
    assert "Un responsable de ce site" in asker.post(RECOVERY, BACK | SIGNED | {"challenge": "AA"}).text
    for absent in (f"/bureau/comptes/{SECOND}/secours", "/bureau/comptes/x/secours"):
        assert asker.get(absent).status_code == 404


@pytest.mark.parametrize("role", ["security", "data-protection"])
def test_the_log_is_counted_when_it_is_asked_and_never_by_whom_it_is_about(role: str) -> None:
    """Nothing is looked up before the form is sent; six ways; a CSV of the same counts; agents have no such page."""
    asker, gaps = seat(role)
    assert "Compter" in asker.get("/bureau/journal").text
    assert gaps.told == []
    for way in ("day", "account", "site", "evidence", "outcome", "purpose"):
        page = asker.get(f"/bureau/journal?par={way}&du=2026-11-12&au=2026-11-18&site={SITE}")
        assert (page.status_code, "1 280" in page.text.replace("\u202f", " ")) == (200, True), way
    assert gaps.told[0] == ("counts", {"by": "day", "period": "2026-11-12/2026-11-18", "site": SITE})
    csv = asker.get("/bureau/journal?par=account&du=2026-11-12&au=2026-11-18&format=csv")
    assert csv.text.splitlines()[:2] == ["account,kind,disclosures,people", f"{SECOND},account,1280,970"]
    for wrong in ("par=names&du=2026-11-12&au=2026-11-18", "par=day&du=2026-11-01&au=2026-11-18", "par=day&du=x&au=y"):
        assert asker.get("/bureau/journal?" + wrong).status_code == 422
    gaps.empty = True
    assert "Aucune consultation" in asker.get("/bureau/journal?par=day&du=2026-11-12&au=2026-11-18").text
    agent, _ = seat()
    assert agent.get("/bureau/journal").status_code == 404


def test_one_question_shows_its_place_in_the_log() -> None:
    """Leaf, root and whether the path holds; not folded yet; not there; and what is no number is not looked up."""
    asker, gaps = seat("data-protection")
    assert asker.get("/").headers["location"] == "/bureau/journal"
    page = asker.post("/bureau/journal/question", {"question": "06c5 k1v2 n8q0"}).text
    for text in ("Elle est dans le journal scellé", "a1" * 32, SECOND):
        assert text in page
    gaps.holds = False
    assert "ne mène pas à la racine" in asker.post("/bureau/journal/question", {"question": QUESTION}).text
    gaps.empty = True
    assert "Pas encore scellée" in asker.post("/bureau/journal/question", {"question": QUESTION}).text
    assert asker.post("/bureau/journal/question", {"question": QUESTION[:-1] + "1"}).status_code == 404
    before = len(gaps.told)
    assert asker.post("/bureau/journal/question", {"question": "Dupont"}).status_code == 422
    assert len(gaps.told) == before


def test_an_insurer_reads_its_rejections_by_reason() -> None:
    """Sums with their professions, a chart, and which invoices; without any, a calm page."""
    asker, gaps = seat("case-worker")
    page = asker.get("/assureur/rejets").text
    for text in (
        "rights-closed",
        "Pharmacie 12, Opticien 2",
        "544,63"[:3],
        '<svg class="chart"',
        "/assureur/rejets/duplicate",
    ):
        assert text in page
    listed = asker.get("/assureur/rejets/rights-closed").text
    assert "000000017" in listed
    assert f"?avant={JOIN}" in listed
    assert asker.get("/assureur/rejets/Dupont").status_code == 404
    gaps.empty = True
    assert "Aucune facture rejetée" in asker.get("/assureur/rejets").text
    assert "Aucune facture rejetée" in asker.get("/assureur/rejets/duplicate").text


def test_a_manager_signs_the_days_and_gets_a_code() -> None:
    """Signed as read, shown once; wrong days are marked; who is no manager finds no such page."""
    asker, gaps = seat("manager")
    days = {"first": "2026-11-20", "last": "2026-11-27"}
    assert CODES in asker.get("/site-et-equipe/remplacements").text
    assert asker.get(CODES).status_code == 200
    told = asker.post(CODES + "/defi", days).json()
    assert hashed(told["challenge"]) == digest("delegate-code", SITE, *days.values())
    assert asker.post(CODES + "/defi", days | {"last": "2026-11-01"}).json() == {"wrong": ["last"]}
    page = asker.post(CODES, days | SIGNED | {"challenge": told["challenge"]}).text
    assert LOCUM_CODE.replace("-", " ") in page
    gaps.refusal = "codes-too-many"
    assert "Trop de codes" in asker.post(CODES, days | SIGNED | {"challenge": "AA"}).text
    worker, _ = seat("staff")
    assert worker.get(CODES).headers["location"] != CODES or worker.get(CODES).status_code == 404


@pytest.mark.parametrize(
    ("code", "said"), [("code-unknown", "n’est pas le bon"), ("codes-wrong", "Trop de codes faux")]
)
def test_a_locum_types_the_code_once(code: str, said: str) -> None:
    """The site and the days are told; a wrong one says what to do and signs nobody out."""
    asker, gaps = seat("manager")
    assert "Prendre ce remplacement" in asker.get("/compte/remplacement").text
    page = asker.post("/compte/remplacement", {"code": "7k2m 9x4c"}).text
    assert "20/11/2026" in page
    assert gaps.told == [("take", DelegationClaim("7k2m 9x4c"))]
    assert asker.post("/compte/remplacement", {"code": "7k2m"}).status_code == 422
    gaps.refusal = code
    assert said in asker.post("/compte/remplacement", {"code": LOCUM_CODE}).text
    assert asker.held() is not None
