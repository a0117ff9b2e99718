"""What a person is told outside the hub: the second half of a code, or that access was given back.

Rempart holds no address of anybody. Each message is a file in a folder that the operator's own mail takes away: the
operator knows whose an account is, and sends the text to an address that it has had for long.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rempart.ground.files import private_folder, write_whole
from rempart.ground.instants import PARIS, as_datetime, iso

FORMAT = "rempart-message/1"
INVITATION, RECOVERY, RECOVERED = "invitation", "recovery", "recovered"


class Message(NamedTuple):
    """Of `kind`, to whom `account` is, about its `place`; `second_half` "" where a colleague handed over the code.

    `instant` and `expires`, until when the code is good, in microseconds UTC.
    """

    kind: str
    operator: str
    account: str
    place: str
    second_half: str
    instant: int
    expires: int


class Messages:
    """One folder of messages, made when the first one is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, message: Message) -> Path:
        """The message as a file of mode 0600, wholly there or not at all. Raises `OSError`."""
        path = private_folder(self._folder) / f"{message.account}-{message.instant}.json"
        french, english = _texts(message)
        content = message._asdict() | {
            "format": FORMAT, "instant": iso(message.instant), "expires": iso(message.expires),
            "text_fr": french, "text_en": english,
        }  # fmt: skip
        write_whole(path, json.dumps(content, ensure_ascii=False).encode() + b"\n")
        return path


def _texts(message: Message) -> tuple[str, str]:
    operator, half = message.operator, message.second_half
    at = as_datetime(message.expires).astimezone(ZoneInfo(PARIS))
    if message.kind == INVITATION:
        french = f"Votre invitation au portail {operator} : la seconde moitié du code est {half}."
        english = f"Your invitation to the portal of {operator}: the second half of the code is {half}."
    else:
        french = f"L’accès de votre compte au portail {operator} vous est rendu ; les clés d’avant n’ouvrent plus rien."
        english = f"You are let back in at the portal of {operator}; the passkeys from before open nothing any more."
        if half:
            french += f" La seconde moitié du code est {half}."
            english += f" The second half of the code is {half}."
    if half:
        french += f" La première vous est dite par votre opérateur. Les deux servent une fois, jusqu’au {at:%d/%m/%Y}."
        english += f" Your operator tells you the first one. Both are good once, until {at:%d/%m/%Y}."
    else:
        french += f" Un responsable de votre site vous remet le code, bon une fois, jusqu’au {at:%d/%m/%Y}."
        english += f" A manager of your site hands you the code, good once, until {at:%d/%m/%Y}."
    return (
        f"{french} Vous n’y êtes pour rien ? Appelez votre opérateur au numéro que vous connaissez.",
        f"{english} You did not expect this? Call your operator at the number that you know.",
    )
