"""The keeper's protocol about desks: invitations that an agent signs, what is told of accounts, signed words.

See `actions` for what is signed and `frames` for the protocol; docs/formats/sessions.md, Desks. Instants are
microseconds UTC.
"""

from __future__ import annotations

from .account_frames import AccountDone, RecoverResult
from .action_frames import ActionResult, Signing
from .item import Item

MOST_ACCOUNTS = 200  # of one question


class DeskInviteItem(Item, frozen=True):
    """An invitation that an agent signed: role, place and days as they were shown; `account` "" for a new one.

    `start` and `end` bound the mandate at the site, `end` excluded; of a desk's role all four are empty or 0.
    `accountable` as in `account_frames.InviteItem`.
    """

    account: str
    role: str
    place: str
    first: str
    last: str
    start: int
    end: int
    accountable: str
    asked: Signing


class DeskInvited(Item, frozen=True):
    """The account and its code, shown once; good until `expires`."""

    refusal: str = ""
    account: str = ""
    code: str = ""
    expires: int = 0

    def __repr__(self) -> str:
        return f"DeskInvited({self.refusal!r})"


class DeskOpenItem(Item, frozen=True):
    """A word for opening a compartment again, about the closing of that instant."""

    compartment: str
    closing: int
    asked: Signing


class DeskEndCodesItem(Item, frozen=True):
    """Ends every code of an account that was not used."""

    grant: bytes
    binding: str
    account: str
    instant: int

    def __repr__(self) -> str:
        return "DeskEndCodesItem(…)"


class DeskAccountsItem(Item, frozen=True):
    """What is registered of these accounts, `MOST_ACCOUNTS` at most."""

    grant: bytes
    binding: str
    accounts: tuple[str, ...]
    instant: int

    def __repr__(self) -> str:
        return "DeskAccountsItem(…)"


class DeskAccountTold(Item, frozen=True):
    """How many passkeys open the account, the last day one did (days since 1970, 0: never), and what else holds.

    `code`: until when an unused code is good, 0 when there is none; `probation` until when; `ended`: for ever.
    """

    account: str
    passkeys: int
    used: int
    code: int
    probation: int
    ended: bool


class DeskAccountsResult(Item, frozen=True):
    """Those of the agent's operator, in the order they were asked."""

    refusal: str = ""
    accounts: tuple[DeskAccountTold, ...] = ()


class DeskJoinItem(Item, frozen=True):
    """An agent's yes to somebody who joins: the enrolment, its place, the document's number, whom the agent reached."""

    enrolment: str
    place: str
    document: str
    reached: str
    asked: Signing


class DeskRecoverItem(Item, frozen=True):
    """An agent lets somebody of a site enrol again: whom the agent reached, and which bank document was looked at."""

    account: str
    place: str
    reached: str
    document: str
    asked: Signing


class WordSaid(Item, frozen=True):
    """A word that the database holds: whose, the signed fields behind operator and desk, and the keeper's approval."""

    account: str
    fields: tuple[str, ...]
    approval: bytes


class WordsSaidItem(Item, frozen=True):
    """Asks whether these words of one kind of action are the keeper's, and of different people."""

    kind: str
    operator: str
    words: tuple[WordSaid, ...]


class RightsReleaseItem(Item, frozen=True):
    """An insurer's manager agrees to a rights file in quarantine: the hub's number of it, its digest in hexadecimal."""

    file: str
    digest: str
    asked: Signing


class RightsWord(Item, frozen=True):
    """A word that the database holds on a rights file: whose account, and the keeper's approval, b"" for none."""

    account: str
    approval: bytes


class RightsReleasedItem(Item, frozen=True):
    """Asks whose these words are on that file of that insurer."""

    insurer: str
    file: str
    digest: str
    words: tuple[RightsWord, ...]


class RightsReleasedResult(Item, frozen=True):
    """How many different people stand behind the words that are the keeper's own; the refusal when one counts less."""

    refusal: str = ""
    people: int = 0


DESKS: dict[str, tuple[type[Item], type[Item]]] = {
    "desk_invite": (DeskInviteItem, DeskInvited),
    "desk_open": (DeskOpenItem, AccountDone),
    "desk_end_codes": (DeskEndCodesItem, AccountDone),
    "desk_accounts": (DeskAccountsItem, DeskAccountsResult),
    "desk_join": (DeskJoinItem, ActionResult),
    "desk_recover": (DeskRecoverItem, RecoverResult),
    "rights_release": (RightsReleaseItem, ActionResult),
}
BOX: dict[str, tuple[type[Item], type[Item]]] = {
    "words_said": (WordsSaidItem, AccountDone),
    "rights_released": (RightsReleasedItem, RightsReleasedResult),
}
"""What `ask` and `box` answer of it; part of `frames.OPERATIONS`."""
