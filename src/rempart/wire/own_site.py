"""GET /v1/questions, its counts, and /v1/own-site: what a site may know of itself. Nothing says who was asked about."""

from __future__ import annotations

from typing import Literal

import msgspec

By = Literal["account", "program"]


class QuestionRow(msgspec.Struct, frozen=True):
    """One question of the site: when (UTC, and `time` on the site's clock), of which purpose, asked by whom.

    `question` is its id; where several hubs run, its last two characters may be those of another hub. `agent`: who sat
    at the program, in the site's own word, "" where it did not say.
    """

    question: str
    instant: str
    time: str
    purpose: str
    asked_by: str
    by: By
    site_reference: str
    agent: str = ""


class QuestionList(msgspec.Struct, frozen=True):
    """The questions of one civil day at the site, the newest first; `next_older_than` goes on, empty at the end."""

    day: str
    questions: tuple[QuestionRow, ...]
    next_older_than: str = ""


class QuestionCount(msgspec.Struct, frozen=True):
    """How many questions one account or program asked within one hour of the site's clock, 0 to 23.

    `agent`: who sat at the program, in the site's own word.
    """

    asked_by: str
    by: By
    hour: int
    questions: int
    agent: str = ""


class QuestionCounts(msgspec.Struct, frozen=True):
    """Who of the site asked, and when, on one civil day there."""

    day: str
    counts: tuple[QuestionCount, ...]


class OwnBankDetails(msgspec.Struct, frozen=True):
    """Where one operator stands with the site's bank details: no name and no number of an account.

    `state`: in-force, waiting (approved, payable from `starts`) or proposed. `changed`: when, UTC.
    """

    operator: str
    state: str
    changed: str
    starts: str


class OwnMember(msgspec.Struct, frozen=True):
    """Who may work for the site: an account with its role, or a program (`role` empty); both days included.

    `delegated`: a locum, by the site's manager. `accountable`: the account that answers for this one, or empty.
    """

    member: str
    by: By
    role: str
    first: str
    last: str
    delegated: bool = False
    accountable: str = ""


class OwnSite(msgspec.Struct, frozen=True):
    """The site, its bank details by operator, who may work for it today or later."""

    site: str
    profession: str
    bank: tuple[OwnBankDetails, ...]
    members: tuple[OwnMember, ...]
