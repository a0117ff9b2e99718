"""The keeper's protocol: length-prefixed msgpack frames on a local socket, many items a message.

A frame is four bytes of length (big endian), then a msgpack array `[operation, items]`; the answer is `[status,
results]`, one result per item, in order. A result with a non-empty `refusal` carries nothing else. Every struct is
encoded as an array: a field is only ever added at the end.
"""

from __future__ import annotations

from . import action_frames, export_frames, mandate_frames
from .account_frames import ACCOUNTS, SessionResult
from .answer_frames import OpenAnswersItem, OpenAnswersResult, SealAnswersItem, SealAnswersResult
from .desk_frames import BOX as DESK_BOX
from .desk_frames import DESKS
from .hospital_frames import HOSPITALS
from .identity_frames import CheckIdentityItem, CheckIdentityResult, KeySetItem, KeySetResult, SealedIdentity
from .item import Item
from .presence_frames import PRESENCE
from .provider_frames import ProviderItem
from .station_frames import STATIONS
from .wait_frames import RecallItem, RecallResult, ReopenItem, ReopenResult, WaitItem, WaitResult
from .waiting_frames import (
    ForgetWaitingItem,
    ForgetWaitingResult,
    OpenWaitingItem,
    OpenWaitingResult,
    WaitingKeyItem,
    WaitingKeyResult,
)

MAX_FRAME = 64 * 1024 * 1024  # bytes; a longer frame closes the connection


class GrantItem(Item, frozen=True):
    """A client's assertion (RFC 7523 JWT, compact) for one site; a gateway's may leave it open, `*`.

    `binding` is the DPoP or certificate thumbprint to tie to.
    """

    assertion: bytes
    site: str
    binding: str
    audience: str
    instant: int  # microseconds UTC, the caller's clock


class GrantResult(Item, frozen=True):
    """`grant` is opaque and MAC'd; `expires` in microseconds UTC. By a gateway: `through`, its id, and the `site`."""

    refusal: str = ""
    grant: bytes = b""
    client: str = ""
    kind: str = ""
    vendor: str = ""
    expires: int = 0
    evidence: str = ""  # the ceiling: what this sign-in may at most declare
    site: str = ""
    through: str = ""


class DeriveItem(Item, frozen=True):
    """Who is asked about.

    `member` canonical, `nir` 13 characters or None, `birth` AAMMJJ, `rank` one digit; `day` since 1970.
    """

    grant: bytes
    purpose: str  # eligibility | invoice | read | authorization | estimate
    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    day: int
    care: int | None = None  # day of care since 1970; without it nobody is taken for a newborn
    sealed: SealedIdentity | None = None


class DeriveResult(Item, frozen=True):
    """`keys`: one 16-byte record key per live index key version of the insurer, newest first.

    `versions` beside them; a newborn's are followed by those of the parent's way, whose versions are beyond 2³⁰.
    Of a sealed identity: how many of NIR and rank were `omitted`, and as `born` a birth date (AAMMJJ) of the same ages
    on the days of care. Of a card that a phone showed alive `omitted` is -1.
    """

    refusal: str = ""
    ticket: bytes = b""
    keys: tuple[bytes, ...] = ()
    versions: tuple[int, ...] = ()
    omitted: int = 0
    born: str = ""


class OpenItem(Item, frozen=True):
    """`version` is that of the row found; a miss sends payload and person as None and version 0."""

    ticket: bytes
    version: int
    payload: bytes | None
    person: bytes | None


class OpenResult(Item, frozen=True):
    """`coverage` is the packed coverage, b"" on a miss; `tag` 32 bytes.

    `meeting` and `accreditor` 16 bytes, PRFs of (site, person). `counted` is 16 bytes: under which name who was found
    is counted, b"" for the row's person; a newborn has no person yet.
    """

    refusal: str = ""
    coverage: bytes = b""
    tag: bytes = b""
    meeting: bytes = b""
    accreditor: bytes = b""
    counted: bytes = b""


class DepositItem(Item, frozen=True):
    """Content that waits in the inbox, sealed so that the box alone opens it, with the grant's authority."""

    grant: bytes
    content: bytes
    purpose: str = "invoice"  # or appointments: what the authority may derive; or waiting-…, for the waiting room


class DepositResult(Item, frozen=True):
    """`sealed` goes into the inbox as it is."""

    refusal: str = ""
    sealed: bytes = b""


class OpenDepositItem(Item, frozen=True):
    """One sealed deposit; `instant` in microseconds UTC."""

    sealed: bytes
    instant: int


class OpenDepositResult(Item, frozen=True):
    """`authority` replaces a grant for the purpose of the deposit alone: it is cited in `derive`."""

    refusal: str = ""
    content: bytes = b""
    authority: bytes = b""
    client: str = ""
    site: str = ""


class AuthorityItem(Item, frozen=True):
    """Narrows a deposit's authority to one site; refused when the depositor has no mandate for it at `instant`."""

    authority: bytes
    site: str
    instant: int


class AuthorityResult(Item, frozen=True):
    """`grant` derives invoices of that one site."""

    refusal: str = ""
    grant: bytes = b""


class KeepItem(Item, frozen=True):
    """What stays of a decided invoice.

    Acts (month key), settlement line (insurer's key), member's copy (record's payload key).
    """

    ticket: bytes
    invoice: bytes  # 16 bytes, the invoice's id
    month: int  # year * 12 + month - 1
    acts: bytes
    settlement: bytes
    copy: bytes


class KeepResult(Item, frozen=True):
    """Each part sealed for its own reader; layouts in docs/formats/sealed-record.md § 8."""

    refusal: str = ""
    acts: bytes = b""
    settlement: bytes = b""
    copy: bytes = b""


class SealForInsurerItem(Item, frozen=True):
    """What only the insurer of the ticket's person may open; each content by its place, bound to `identity`."""

    ticket: bytes
    identity: bytes  # 16 bytes, the authorization's id
    contents: tuple[bytes, ...]


class SealForInsurerResult(Item, frozen=True):
    """One sealed thing for each content, in order."""

    refusal: str = ""
    sealed: tuple[bytes, ...] = ()


class CountersItem(Item, frozen=True):
    """The row that a ticket found, and (counter, period) labels; it is opened again, so that the person is its own.

    A period is AAAA-MM-JJ/AAAA-MM-JJ, both days included, or empty for a counter that rolls.
    """

    ticket: bytes
    version: int
    payload: bytes
    person: bytes
    labels: tuple[tuple[str, str], ...]


class CountersResult(Item, frozen=True):
    """One key of 16 bytes for each label, in order."""

    refusal: str = ""
    keys: tuple[bytes, ...] = ()


DECISION_LABEL = b"rempart/1/authorization-decision\n"
SETTLEMENT = "settlement"
SETTLEMENT_LABEL = b"rempart-settlement-answers/1\n"
"""Before the SHA-256 that signs answers to a settlement file: docs/formats/settlement-file.md."""
"""What stands before an insurer's decision under its signature, so that it is nothing else's."""


class VerifyDecisionItem(Item, frozen=True):
    """A statement as signed by the key that signs the insurer's rights files.

    `about`: "" a case worker's decision, `SETTLEMENT` the SHA-256 of answers to a settlement file.
    """

    insurer: str
    statement: bytes
    signature: bytes
    about: str = ""


class VerifyDecisionResult(Item, frozen=True):
    """Nothing but whether the insurer signed it."""

    refusal: str = ""


class CheckRecordItem(Item, frozen=True):
    """An insurer's own question about a person it names, signed like its rights files; answered as `derive` is."""

    grant: bytes
    statement: bytes
    signature: bytes
    day: int


class MacItem(Item, frozen=True):
    """A keyed fingerprint: `label` of a closed list (idempotency, duplicate, iban), `scope` a site or client."""

    label: str
    scope: str
    content: bytes
    grant: bytes = b""  # a grant or authority; on `box` alone it may be absent


class MacResult(Item, frozen=True):
    """The fingerprint."""

    refusal: str = ""
    mac: bytes = b""  # 16 bytes


class SealIbanItem(Item, frozen=True):
    """A payee's IBAN, letters and digits without spaces, and the account holder's name, up to 70 ASCII characters."""

    payee: str
    iban: str
    name: str = ""


class SealIbanResult(Item, frozen=True):
    """`sealed` opens with the same payee only."""

    refusal: str = ""
    sealed: bytes = b""


class OpenIbanItem(Item, frozen=True):
    """Opened for what is due only: `transfer` is the payment's EndToEndId and goes to the journal."""

    payee: str
    sealed: bytes
    transfer: str


class OpenIbanResult(Item, frozen=True):
    """The IBAN and its holder's name, for the bank file that is being written."""

    refusal: str = ""
    iban: str = ""
    name: str = ""


class JournalItem(Item, frozen=True):
    """Reads the journal from a byte offset."""

    offset: int
    limit: int


class JournalEntry(Item, frozen=True):
    """One opened item."""

    grant: bytes  # first 16 bytes of SHA-256 of the grant
    tag: bytes
    purpose: str
    minute: int  # since 1970, keeper's clock


class JournalResult(Item, frozen=True):
    """Whole blocks; read on from `next_offset`."""

    refusal: str = ""
    entries: tuple[JournalEntry, ...] = ()
    next_offset: int = 0


class CheckpointItem(Item, frozen=True):
    """Signs a month's tree forward: `proof` is the RFC 9162 consistency proof from the last size this keeper signed."""

    origin: str
    size: int
    root: bytes
    proof: tuple[bytes, ...]


class CheckpointResult(Item, frozen=True):
    """`note` is the signed C2SP checkpoint; on refusal `last` tells the size last signed."""

    refusal: str = ""
    note: bytes = b""
    last: int = 0


OPERATIONS: dict[str, dict[str, tuple[type[Item], type[Item]]]] = {
    "ask": {
        "grant": (GrantItem, GrantResult),
        "derive": (DeriveItem, DeriveResult),
        "open": (OpenItem, OpenResult),
        "counters": (CountersItem, CountersResult),
        "deposit": (DepositItem, DepositResult),
        "open_answers": (OpenAnswersItem, OpenAnswersResult),
        "mac": (MacItem, MacResult),
        "seal_for_insurer": (SealForInsurerItem, SealForInsurerResult),
        "verify_decision": (VerifyDecisionItem, VerifyDecisionResult),
        "check_record": (CheckRecordItem, DeriveResult),
        "check_identity": (CheckIdentityItem, CheckIdentityResult),
        **PRESENCE,
        "key_set": (KeySetItem, KeySetResult),
        **ACCOUNTS,
        **action_frames.ASK,
        **export_frames.ASK,
        **mandate_frames.ASK,
        "provider": (ProviderItem, SessionResult),
        **STATIONS,
        **HOSPITALS,
        **DESKS,
        "waiting_key": (WaitingKeyItem, WaitingKeyResult),
    },
    "box": {
        "open_deposit": (OpenDepositItem, OpenDepositResult),
        "authority": (AuthorityItem, AuthorityResult),
        "wait": (WaitItem, WaitResult),
        "recall": (RecallItem, RecallResult),
        "reopen": (ReopenItem, ReopenResult),
        "seal_answers": (SealAnswersItem, SealAnswersResult),
        "derive": (DeriveItem, DeriveResult),
        "open": (OpenItem, OpenResult),
        "counters": (CountersItem, CountersResult),
        "keep": (KeepItem, KeepResult),
        "mac": (MacItem, MacResult),
        "seal_for_insurer": (SealForInsurerItem, SealForInsurerResult),
        "open_waiting": (OpenWaitingItem, OpenWaitingResult),
        "forget_waiting": (ForgetWaitingItem, ForgetWaitingResult),
        "verify_decision": (VerifyDecisionItem, VerifyDecisionResult),
        "seal_iban": (SealIbanItem, SealIbanResult),
        "open_iban": (OpenIbanItem, OpenIbanResult),
        **action_frames.BOX,
        **DESK_BOX,
        "journal": (JournalItem, JournalResult),
        "checkpoint": (CheckpointItem, CheckpointResult),
    },
}
"""What each socket answers. `load` and `ring` have their own modules (`sealing.loading`, `sealing.ringing`)."""
