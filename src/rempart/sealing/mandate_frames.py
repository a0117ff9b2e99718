"""The keeper's protocol about mandates of programs, which a site's manager gives: see `frames`."""

from __future__ import annotations

from .account_frames import AccountDone
from .action_frames import Signing
from .item import Item

ANY = "*"
"""Instead of a client's id: whichever program of a vendor or concentrator presents the code."""


class GiveMandateCodeItem(Item, frozen=True):
    """A manager gives a program a code; `client` its id or `ANY`."""

    client: str
    asked: Signing


class GiveMandateCodeResult(Item, frozen=True):
    """The code, shown once, and until when it is good."""

    refusal: str = ""
    code: str = ""
    expires: int = 0

    def __repr__(self) -> str:
        return f"GiveMandateCodeResult({self.refusal!r})"


class ClaimMandateItem(Item, frozen=True):
    """A program presents a code, for the site it was made for, with an assertion (RFC 7523) for the token URL.

    `key`: of a program that nobody registered, its public JWK (`programs.named`), which signed the assertion.
    """

    assertion: bytes
    audience: str
    code: str
    site: str
    instant: int
    key: dict[str, str] | None = None

    def __repr__(self) -> str:
        return "ClaimMandateItem(…)"


class ClaimMandateResult(Item, frozen=True):
    """Who it is, who let it, and until when it may act for the site, excluded; 0: until somebody ends it."""

    refusal: str = ""
    client: str = ""
    by: str = ""
    end: int = 0


class RenewMandateItem(Item, frozen=True):
    """One year more: `first` and `last` are the days as signed, `end` the instant after the last one at the site."""

    client: str
    first: str
    last: str
    end: int
    asked: Signing


class EndMandateItem(Item, frozen=True):
    """A program acts for the session's site no more."""

    grant: bytes
    binding: str
    client: str
    instant: int

    def __repr__(self) -> str:
        return f"EndMandateItem({self.client})"


ASK: dict[str, tuple[type[Item], type[Item]]] = {
    "give_mandate_code": (GiveMandateCodeItem, GiveMandateCodeResult),
    "claim_mandate": (ClaimMandateItem, ClaimMandateResult),
    "renew_mandate": (RenewMandateItem, AccountDone),
    "end_mandate": (EndMandateItem, AccountDone),
}
"""What `ask` answers of it; part of `frames.OPERATIONS`."""
