"""A B2 file through the portal: passed on byte for byte, bounded, and its report; nothing of it stays here."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import httpx
import pytest

from rempart.portal.pages import invoices_file
from rempart.portal.pages.invoices_file import FILE_MOST, file_in
from rempart.wire.invoices import Fault, FileList, FileState, FileSummary
from support.fake_invoices import AT, FakeInvoices
from support.invoice_pages import ORIGIN
from support.portals import Asker

OURS = {"sec-fetch-site": "same-origin", "origin": ORIGIN}
FILE = b"000 a record\r\n--not the end\r\n\x00\xff" * 200
DONE = FileState("", "decided", AT, 12, 10)
AMISS = FileState(
    "", "decided", AT, 12, 7, rejected=2, held=1, waiting=1, refused=1, tests=1,
    faults=(
        Fault("nir-malformed", record=14, position=9, level="invoice", number="000000041"),
        Fault("site-unknown", level="lot"), Fault("a-fault-of-tomorrow", level="line"),
    ),
    fault_count=9,
)  # fmt: skip


def put(asker: Asker, content: bytes, *, as_form: bool = False) -> httpx.Response:
    """The file as the page's script sends it, or as a browser without script does."""

    async def sent() -> httpx.Response:
        transport = httpx.ASGITransport(asker.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, cookies=asker.cookies, trust_env=False
        ) as client:
            path = "/factures/fichier"
            if as_form:
                return await client.post(path, files={"file": ("b2.txt", content)}, headers=OURS)
            return await client.post(
                path, content=content, headers={**OURS, "content-type": "application/octet-stream"}
            )

    return asyncio.run(sent())


@pytest.mark.parametrize("as_form", [False, True])
def test_a_file_goes_through_byte_for_byte_and_its_report_opens(
    asker: Asker, desk: FakeInvoices, *, as_form: bool
) -> None:
    """With the script or without; the report says that it is being handled."""
    answer = put(asker, FILE, as_form=as_form)
    assert answer.status_code == 303
    assert desk.files == [FILE]
    text = asker.get(answer.headers["location"]).text
    assert "data-poll" in text
    assert "Traitement en cours" in text


@pytest.mark.parametrize("as_form", [False, True])
def test_an_empty_or_too_large_file_is_told_and_not_passed_on(
    asker: Asker, desk: FakeInvoices, monkeypatch: pytest.MonkeyPatch, *, as_form: bool
) -> None:
    """Nothing chosen, a little too much, far too much."""
    monkeypatch.setattr(invoices_file, "FILE_MOST", 10_000)
    assert "Aucun fichier" in put(asker, b"", as_form=as_form).text
    answer = put(asker, b"x" * 10_001, as_form=as_form)
    assert answer.status_code == 422
    assert "trop grand" in answer.text
    assert not desk.files


def test_far_too_much_is_stopped_while_it_comes(asker: Asker, desk: FakeInvoices) -> None:
    """By the route's own limit, which is above that of every other page."""
    assert put(asker, b"x" * FILE_MOST).status_code == 303
    answer = put(asker, b"x" * (FILE_MOST + 100_000))
    assert answer.status_code == 422
    assert "trop grand" in answer.text
    assert len(desk.files) == 1


def test_what_is_no_form_with_a_file_holds_none() -> None:
    """A part without end, another mark, no mark at all."""
    whole = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nDATA\r\n--b--\r\n'
    kind = "multipart/form-data; boundary=b"
    assert file_in(whole, kind) == b"DATA"
    assert file_in(whole, "application/octet-stream") == whole
    for body, said in ((whole[:-12], kind), (whole, kind + "c"), (whole, "multipart/form-data"), (b"", kind)):
        assert file_in(body, said) == b""


def test_a_sound_file_says_that_there_is_nothing_to_do(asker: Asker, desk: FakeInvoices) -> None:
    """Counts, the return to download, and no poll any more."""
    address = put(asker, FILE).headers["location"]
    desk.report = DONE
    text = asker.get(address).text
    assert "Tout est pris" in text
    assert "data-poll" not in text
    back = asker.get(f"{address}/retour")
    assert (back.content, back.headers["cache-control"]) == (b"RETURN", "no-store")
    assert back.headers["content-disposition"].startswith("attachment; filename=")


def test_what_is_amiss_is_told_record_by_record(asker: Asker, desk: FakeInvoices) -> None:
    """Each with its place, its sentence, what to do when that is known; and how many there are in all."""
    address = put(asker, FILE).headers["location"]
    desk.report = AMISS
    text = asker.get(address).text
    for told in ("points à revoir", "n’a pas la forme d’un NIR", "000000041", "demandez à votre opérateur", "3 sur 9"):
        assert told in text.replace("\u00a0", " ")
    assert "a-fault-of-tomorrow" in text
    for state in ("rejected", "held", "waiting"):
        assert f'href="/factures?etat={state}"' in text


def test_a_file_that_is_no_b2_is_told_to_be_mended(asker: Asker, desk: FakeInvoices) -> None:
    """Nothing of it was taken; the way to another one."""
    address = put(asker, FILE).headers["location"]
    desk.report = FileState("", "refused", AT, faults=(Fault("not-b2", level="file"),), fault_count=1)
    text = asker.get(address).text
    assert "Rien n’a été pris de ce fichier" in text
    assert "norme B2" in text
    assert "/retour" not in text


def test_nothing_is_kept_on_a_disk(asker: Asker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No temporary file is made for a file of several megabytes, sent either way."""

    def refuse(*_: object, **__: object) -> object:
        raise AssertionError("a temporary file")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    for as_form in (False, True):
        assert put(asker, b"x" * 3_000_000, as_form=as_form).status_code == 303
    assert list(tmp_path.iterdir()) == []


def test_a_silent_hub_keeps_the_page(asker: Asker, desk: FakeInvoices) -> None:
    """Sending the same file again is safe: the hub knows it."""
    asker.doors.down = True
    answer = put(asker, FILE)
    assert answer.status_code == 503
    assert 'id="upload"' in answer.text
    assert "ne répond pas" in answer.text


def test_the_files_of_the_site_are_listed_by_day_whoever_sent_them(asker: Asker, desk: FakeInvoices) -> None:
    """Hour, size, what became of it, and the way to its report; the older ones by an address without a name."""
    one = "019caddd-6600-7a1e-8c33-5d2f000000%02d"
    own = FileSummary(one % 4, "decided", "2026-11-18T09:26:00Z", 184_320, own=True, invoices=12, accepted=12)
    amiss = FileSummary(
        one % 3, "decided", "2026-11-17T23:30:00Z", 900, own=False, invoices=9, accepted=7, rejected=2, refused=1
    )
    late = FileSummary(one % 2, "received", "2026-11-17T09:00:00Z", 2_048, own=True)
    refused = FileSummary(one % 1, "refused", "2026-11-16T09:00:00Z", 12, own=True, fault_count=1)
    asked: list[str] = []

    def listed(before: str) -> FileList:
        asked.append(before)
        return FileList(() if before else (own, amiss, late, refused), "" if before else refused.file)

    desk.listed = listed
    page = asker.get("/factures/fichiers").text
    days = [page.index(day) for day in ("18/11/2026", "17/11/2026", "16/11/2026")]
    assert days == sorted(days)
    assert page.count('class="sent-day"') == 3  # half past midnight in Paris is the next day
    for said in ("180\xa0ko", "Tout est pris", "À revoir", "Traitement en cours", "Non pris", "un collègue", "00:30"):
        assert said in page
    assert f'href="/factures/fichier/{amiss.file}"' in page
    assert "Rien de plus ancien" in asker.get(f"/factures/fichiers?avant={refused.file}").text
    asker.get("/factures/fichiers?avant=a-name")
    assert asked == ["", refused.file, ""]


def test_no_file_yet_says_what_to_do_and_a_silent_hub_is_calm(asker: Asker, desk: FakeInvoices) -> None:
    """Nothing, or nobody: each has its page."""
    assert "Aucun fichier pour le moment" in asker.get("/factures/fichiers").text
    asker.doors.down = True
    assert asker.get("/factures/fichiers").status_code == 503
