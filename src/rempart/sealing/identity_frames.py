"""The keeper's protocol about identities that callers seal to it, and the keys that they seal with. See `frames`."""

from __future__ import annotations

from .item import Item


class SealedIdentity(Item, frozen=True):
    """Who is asked about, when the caller sealed it to the keeper; the canonical fields beside it are then empty.

    `labels`: AMC number of 10 digits, convention, CSR, as the request says them in clear. `rule`: the fields of
    `domain.member.MemberRule` of the insurer. `days` of care, since 1970. Format: docs/formats/identity-jwe.md.
    `by_card`: what is shown is a signed card, sealed in `jwe`, or told in clear as `card`, and then there is no JWE.
    `code`: a presence code is shown instead, with the `mapping` that the hub kept of it.
    `handle`: of the card that a receipt of a check without network names, of an invoice alone.
    """

    jwe: str
    labels: tuple[str, str, str]
    rule: dict[str, str | int]
    days: tuple[int, ...]
    nir_needed: bool = False
    by_card: bool = False
    card: str = ""
    code: str = ""
    mapping: bytes = b""
    handle: bytes = b""

    def __repr__(self) -> str:
        return "SealedIdentity(…)"


class CheckIdentityItem(Item, frozen=True):
    """A sealed identity that will be derived later, for `purpose`, under an authority of the same grant."""

    grant: bytes
    purpose: str
    sealed: SealedIdentity


class CheckIdentityResult(Item, frozen=True):
    """Nothing but what would be refused of it."""

    refusal: str = ""


class KeySetItem(Item, frozen=True):
    """The keys to which callers seal identities; or those of `insurer`, to which they seal attachments."""

    insurer: str = ""


class KeySetResult(Item, frozen=True):
    """`document` is signed: docs/formats/identity-jwe.md."""

    refusal: str = ""
    document: bytes = b""
