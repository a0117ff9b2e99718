"""`rempart client noemie-fill` fills what the hub left zero from the site's own B2, and nothing else."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rempart.cli._output import Exit
from rempart.domain.returns import Group, Identity, InvoiceReturn, Share, Signal
from rempart.formats import noemie
from rempart.formats.b2 import lots_of
from rempart.formats.b2 import write as write_b2
from rempart.formats.b2.nir import nir_key
from support import b2_world, zygote
from support.b2_samples import FOLDER as B2_SAMPLES
from support.b2_world import SITE, cut, pharmacy_invoice, put
from support.noemie_samples import DAY, entities_of

if TYPE_CHECKING:
    from pathlib import Path

ENVELOPE = noemie.Envelope("REMPART", SITE, "ABC123", DAY)
GROUP = Group(SITE, DAY, "RMP0001", "Operateur Un", "OPERATOR-1")
FIRST = InvoiceReturn("000000001", "0075990012", Share("paid", 700), Share("untouched", 0, 1_300))
UNKNOWN = InvoiceReturn("000000099", "0075990012", Share("rejected"))
SECOND = replace(FIRST, number="000000002")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The site's B2 of two invoices."""
    path = tmp_path / "own.b2"
    path.write_bytes(b"".join(b2_world.base_records()))
    return path


@pytest.fixture
def returned(tmp_path: Path) -> Path:
    """A return about both, and about one that the B2 does not hold."""
    path = tmp_path / "return.noemie"
    path.write_bytes(b"".join(noemie.write(ENVELOPE, [GROUP, Signal("RECU", "Pris."), FIRST, UNKNOWN, SECOND])))
    return path


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """The command as a site's software calls it."""
    return zygote.run("client", "noemie-fill", *map(str, words))


def invoices(path: Path) -> dict[str, InvoiceReturn]:
    """The invoices of a sound return by number."""
    events = list(noemie.read([path.read_bytes()]))
    assert isinstance(events[-1], noemie.FileEnd)
    return {event.number: event for event in events if isinstance(event, InvoiceReturn)}


def test_identities_and_asked_amounts_come_from_the_sites_own_file(own: Path, returned: Path, tmp_path: Path) -> None:
    """By number: numbers, birth, rank, member, lot, days and amounts asked; paid amounts stay; for its owner only."""
    output = tmp_path / "filled.noemie"
    done = run(returned, "--b2", own, "-o", output, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"invoices": 3, "filled": 2, "unknown": 1})
    found = invoices(output)
    shown = pharmacy_invoice(1).presented
    assert shown.nir is not None
    nir = shown.nir
    one = found["000000001"]
    assert one.identity == Identity(insured_nir=nir, insured_key=nir_key(nir), birth=shown.birth, rank=shown.rank or "")
    assert (one.member, one.lot, one.issued) == (shown.member, 1, b2_world.DAY)
    assert one.amc == Share("paid", 700, 700)
    assert one.amo == Share("untouched", 0, 1_300)
    assert found["000000099"] == UNKNOWN
    assert output.stat().st_mode & 0o777 == 0o600


def test_names_and_the_beneficiarys_own_number_are_taken_too(returned: Path, tmp_path: Path) -> None:
    """2B, 2C and 2S give names and number where the site wrote them."""
    records = cut((B2_SAMPLES / "good-every-type.b2").read_bytes())
    for number, raw in enumerate(records, 1):
        if raw[35:36] == b"B" and raw[:1] == b"2":
            records = put(records, number, 43, f"{'IMAGINAIRE':<25}{'Éloïse':<15}")
        elif raw[35:36] == b"C" and raw[:1] == b"2":
            records = put(records, number, 96, f"{'INVENTEE':<25}JEANNE  ")
        elif raw[35:36] == b"S" and raw[:1] == b"2":
            records = put(records, number, 50, "299052A001001" + nir_key("299052A001001"))
    own, output = tmp_path / "own.b2", tmp_path / "filled.noemie"
    own.write_bytes(b"".join(records))
    assert run(returned, "--b2", own, "-o", output).returncode == 0
    (filled,) = [one.identity for one in invoices(output).values() if one.identity.last_name]
    assert (filled.last_name, filled.given_name, filled.birth_name) == ("IMAGINAIRE", "Éloïse", "INVENTEE")
    assert (filled.first_name, filled.nir, filled.key) == ("JEANNE", "299052A001001", nir_key("299052A001001"))


def test_only_zones_change(own: Path, returned: Path, tmp_path: Path) -> None:
    """Entity by entity: the same number, types and lengths; all but 102, 103, 198 and 199 byte for byte."""
    output = tmp_path / "filled.noemie"
    assert run(returned, "--b2", own, "-o", output).returncode == 0
    before, after = entities_of(returned.read_bytes()), entities_of(output.read_bytes())
    assert [(raw[:5], len(raw)) for raw in before] == [(raw[:5], len(raw)) for raw in after]
    changed = {old[:3] for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {b"102", b"103", b"199"}


def test_another_sites_invoice_of_the_same_number_is_not_taken(returned: Path, tmp_path: Path) -> None:
    """A concentrator's file holds several sites: only the payee's own invoices fill."""
    other = tmp_path / "other.b2"
    lots = lots_of([pharmacy_invoice(1, b2_world.OTHER_SITE)], b2_world.DAY)
    other.write_bytes(b"".join(write_b2(b2_world.ENVELOPE, lots)))
    output = tmp_path / "filled.noemie"
    done = run(returned, "--b2", other, "-o", output, "--json")
    assert json.loads(done.stdout)["filled"] == 0
    assert output.read_bytes() == returned.read_bytes()


@pytest.mark.parametrize("spoilt", ["return", "b2", "output"])
def test_nothing_is_written_when_something_is_wrong(own: Path, returned: Path, tmp_path: Path, spoilt: str) -> None:
    """A return or B2 that is not sound, an output that exists: one sentence, no value, no file."""
    output = tmp_path / "filled.noemie"
    if spoilt == "return":
        returned.write_bytes(returned.read_bytes()[:-128])
    elif spoilt == "b2":
        own.write_bytes(b"".join(put(cut(own.read_bytes()), 14, 56, "00000099")))
    else:
        output.write_bytes(b"kept")
    done = run(returned, "--b2", own, "-o", output)
    expected = Exit.USAGE if spoilt == "output" else Exit.NO
    assert done.returncode == expected
    assert "26905751" not in done.stderr + done.stdout
    assert not output.exists() or output.read_bytes() == b"kept"
