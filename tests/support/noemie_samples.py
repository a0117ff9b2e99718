"""Builds docs/formats/samples/noemie: sound returns, and one file per way to be wrong with the fault it must give.

`python tests/support/noemie_samples.py` writes them; a test says when the files on disk are not these.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from rempart.domain.returns import DebtMove, Group, InvoiceReturn, Item, Reject, Share, Signal
from rempart.formats.noemie import BY_NAME, Envelope, write
from rempart.formats.noemie.framing import Blocks, Framing

FOLDER: Final = Path(__file__).parents[2] / "docs" / "formats" / "samples" / "noemie"
DAY: Final = date(2026, 11, 23)
ENVELOPE: Final = Envelope("REMPART001", "992300010", "000042", DAY, application="NR")
PAID: Final = InvoiceReturn("000000001", "0000401166", Share("paid", 1_234), Share("untouched", 0, 2_000))
REJECTED: Final = InvoiceReturn(
    "000000002", "0000775001", Share("rejected"),
    rejects=(Reject("R410", "Droits fermés à la date des soins.", care=date(2026, 11, 20), info="rights-closed"),),
    comments=("Corriger, puis renvoyer la facture.",),
)  # fmt: skip
LATER: Final = InvoiceReturn("000000003", "0000401166", Share("deferred"), comments=("Attendre : rien à faire.",))
ITEMS: Final[tuple[Item, ...]] = (
    Group("992300010", DAY, "RMP4ZK8M2Q7T1V5X9B3C6D0F2G4H6", "Operateur Un", "OPERATOR-1"),
    PAID, REJECTED, DebtMove("DETTE00001", date(2026, 11, 2), "IND", "RPR", -200, 300),
)  # fmt: skip
NOT_ON_DISK: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and exactly the fault it must give: (entity, type, position, code), None when it is sound."""

    data: bytes
    fault: tuple[int, str, int, str] | None = None


def file_of(items: Iterable[Item], envelope: Envelope = ENVELOPE) -> bytes:
    """A whole return."""
    return b"".join(write(envelope, items))


def entities_of(data: bytes) -> list[bytes]:
    """Its entities, 000 and 999 included."""
    return [entity.raw for entity in Framing().entities([data])]


def framed(entities: Sequence[bytes]) -> bytes:
    """The inverse: 000, entities in blocks, 999."""
    blocks = Blocks()
    return b"".join([entities[0], *(blocks.add(raw) for raw in entities[1:-1]), blocks.end(), entities[-1]])


def recounted(entities: Sequence[bytes]) -> list[bytes]:
    """The same, 999 announcing how many they are."""
    return [*entities[:-1], _put(entities[-1], 56, f"{len(entities):08d}")]


def _put(raw: bytes, position: int, text: str) -> bytes:
    new = text.encode("latin-1")
    return raw[: position - 1] + new + raw[position - 1 + len(new) :]


def _changed(number: int, position: int, text: str) -> bytes:
    """The sound payment with some characters of one entity (from 1) replaced."""
    entities = entities_of(file_of(ITEMS))
    return framed([*entities[: number - 1], _put(entities[number - 1], position, text), *entities[number:]])


def _without(number: int) -> bytes:
    entities = entities_of(file_of(ITEMS))
    return framed(recounted([*entities[: number - 1], *entities[number:]]))


# name: (entity, position, text, code) on the entities of `ITEMS`:
# 1 000, 2 040, 3 071, 4 081, 5 102, 6 103, 7 198, 8 199, 9 102, 10 103, 11 199, 12 294, 13 295, 14 250, 15 990, 16 999
_PUT: Final[dict[str, tuple[int, int, str, str]]] = {
    "currency": (1, 70, "E", "not-noemie"),
    "mode": (1, 71, "X", "mode-unknown"),
    "day": (3, 6, "261131", "date-impossible"),
    "level-of-transfer": (3, 4, "03", "constant-expected"),
    "lot": (5, 21, "A12", "not-a-number"),
    "insurer-not-ascii": (8, 24, "\xe9", "not-ascii"),
    "state": (8, 14, "X", "state-unknown"),
    "sign": (8, 23, "X", "sign-unknown"),
    "level-of-reject": (12, 96, "X", "level-unknown"),
    "control-payee": (15, 6, "992300028", "control-payee"),
    "control-count": (15, 23, "00000004", "control-count"),
    "control-sum": (15, 31, "00000001035", "control-sum"),
    "file-sender": (16, 6, "REMPART002", "sender-not-repeated"),
    "file-receiver": (16, 26, "TE", "receiver-not-repeated"),
    "file-id": (16, 50, "000043", "file-id-not-repeated"),
    "file-records": (16, 56, "00000017", "record-count"),
    "file-groups": (16, 83, "002", "group-count"),
    "file-sum": (16, 86, "00000001035", "file-sum"),
}


def _put_samples() -> dict[str, Sample]:
    entities = entities_of(file_of(ITEMS))
    paid = Sample(_changed(8, 14, "D"), (8, "199", 15, "paid-without-state"))  # the amount is what is wrong
    return {"paid-without-state": paid} | {
        name: Sample(_changed(number, position, text), (number, entities[number - 1][:3].decode(), position, code))
        for name, (number, position, text, code) in _PUT.items()
    }


def _framing_samples() -> dict[str, Sample]:
    sound = file_of(ITEMS)
    entities = entities_of(sound)
    body = len(sound) // 128 - 2
    flags = bytearray(sound)
    flags[128 * body] = 0x30
    unknown = bytearray(sound)
    unknown[128] = 0x37
    blocks = [sound[:128], *(sound[at : at + 128] for at in range(128, len(sound), 128))]
    unended = framed([entities[0], *entities[1:-2], entities[-1]])
    place = unended.rindex(b"@")
    return {
        "record-cut": Sample(sound[:-1], (16, "?", 1, "record-cut")),
        "flag": Sample(bytes(unknown), (2, "?", 1, "flag-unknown")),
        "last-block-missing": Sample(b"".join(blocks[:-2]), (13, "?", 1, "last-block-missing")),
        "file-end-missing": Sample(sound[:-128], (16, "?", 1, "file-end-missing")),
        "after-end": Sample(sound + sound[-128:], (17, "?", 1, "after-end")),
        "entity-not-ended": Sample(unended[:place] + b" " + unended[place + 1 :], (14, "?", 1, "entity-not-ended")),
        "entity-too-long": Sample(
            framed([entities[0], b"040" + b"X" * 300, entities[-1]]), (2, "?", 1, "entity-too-long")
        ),
    }  # fmt: skip


def _order_samples() -> dict[str, Sample]:
    entities = entities_of(file_of(ITEMS))
    return {
        "not-noemie": Sample(b"999" + file_of(ITEMS)[3:], (1, "999", 1, "not-noemie")),
        "entity-unknown": Sample(framed([*entities[:4], b"77703", *entities[4:]]), (5, "?", 1, "entity-unknown")),
        "entity-out-of-place": Sample(_without(5), (5, "103", 1, "entity-out-of-place")),
        "payee-missing": Sample(_without(2), (2, "071", 1, "entity-out-of-place")),
        "amc-missing": Sample(_without(8), (8, "102", 1, "amc-missing")),
        "control-missing": Sample(_without(15), (15, "999", 1, "control-missing")),
        "entity-longer-than-its-table": Sample(
            framed([*entities[:3], entities[3] + b" ", *entities[4:]]), (4, "081", 22, "entity-too-long")
        ),
    }


def _foreign() -> bytes:
    """Entities of another writer between ours: an agent, a lot, people zero-filled, an act, a comment on the group."""
    entities = entities_of(file_of(ITEMS))
    extra = {"020": "01", "080": "02", "110": "04", "120": "04", "150": "04", "160": "04", "210": "05", "295": "02"}
    raw = {name: f"{name}{level}".encode().ljust(BY_NAME[name].length) for name, level in extra.items()}
    between = [raw[name] for name in ("110", "120", "150", "160", "210")]
    return framed(
        recounted(
            [entities[0], raw["020"], *entities[1:4], raw["080"], raw["295"], *entities[4:6], *between, *entities[6:]]
        )
    )


def build() -> dict[str, Sample]:
    """Every sample by name."""
    second = (replace(ITEMS[0], payee="992300028", label="RMPSECOND"), replace(PAID, amc=Share("paid", -50)))  # type: ignore[type-var]  # the first item is a group
    taken = (Group("992300010", DAY), Signal("RECU", "Fichier reçu et décidé."), PAID, REJECTED, LATER)
    good = {
        "good-payment": Sample(file_of(ITEMS)),
        "good-two-groups": Sample(file_of((*ITEMS, *second))),
        "good-acknowledgement": Sample(file_of(taken, replace(ENVELOPE, reference="908"))),
        "good-empty": Sample(file_of(())),
        "good-test": Sample(file_of(ITEMS, replace(ENVELOPE, mode="test"))),
        "good-foreign-entities": Sample(_foreign()),
    }
    return good | _put_samples() | _framing_samples() | _order_samples()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.noemie"):
        old.unlink()
    for name, sample in build().items():
        if name not in NOT_ON_DISK:
            (FOLDER / f"{name}.noemie").write_bytes(sample.data)
    sys.stdout.write(f"{len(build())} samples\n")
