"""The `load` socket's protocol: a rights file in, sealed records out. Frames as in `frames`.

The worker opens a session with the header line, feeds the body as it was transported whenever it is `wanted`, and gets
back blocks whose `rows` are ready for a binary COPY of `ROW_COLUMNS` into a generation, without COPY's own header and
trailer, and whose `references` are ready for one of `REFERENCE_COLUMNS` into the insurer's references.
"""

from __future__ import annotations

from .item import Item

ROW_COLUMNS = ("way", "formula", "since", "until", "person", "record_key", "payload")
REFERENCE_COLUMNS = ("batch", "person", "sealed_ref")
PURPOSE = "references"
"""What the batch keys of references are bound to; see docs/formats/sealed-list.md."""

FEED_MOST = 4 * 1024 * 1024  # bytes of one feed
COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"


class Begin(Item, frozen=True):
    """`header` is the file's first line; the rule's fields are those of `domain.member.MemberRule`.

    `version` names the index key to seal under; 0 leaves it to the keeper: the one being built, else the live one.
    """

    header: bytes
    case: str
    spaces: str
    zeros: str
    min_length: int
    max_length: int
    alphabet: str
    version: int = 0


class Begun(Item, frozen=True):
    """`refusal` with `field` where the header is at fault; else the session and the index key version in use."""

    refusal: str = ""
    field: str = ""
    session: bytes = b""
    version: int = 0
    building: bool = False  # the version must be promoted when its generation begins to answer


class Feed(Item, frozen=True):
    """The next bytes of the body if they were `wanted`, else b"" to collect what is ready; `last` at the end."""

    session: bytes
    data: bytes
    last: bool = False


class Reject(Item, frozen=True):
    """A line refused: number (the header is line 1), path of the field, code; never a value."""

    line: int
    field: str
    code: str


class Block(Item, frozen=True):
    """What a run of lines became.

    `spared` are persons (16 bytes each) of rejected lines, `closings` person and day (16 + 4 bytes, days
    since 1970) of a delta's closing lines, `batches` wrapped keys by batch number that appear here for the first time.
    """

    rows: bytes = b""
    references: bytes = b""
    batches: dict[int, bytes] = {}  # noqa: RUF012 - msgspec copies an empty default
    spared: bytes = b""
    closings: bytes = b""
    rejects: tuple[Reject, ...] = ()
    warnings: tuple[Reject, ...] = ()
    lines: int = 0
    people: int = 0
    records: int = 0


class Fed(Item, frozen=True):
    """`refusal` is a fault of the file's body (or `session-unknown`, `not-wanted`); after it the session is gone.

    `finished` says that everything was read and all blocks were handed over.
    """

    refusal: str = ""
    chunk: int = -1
    wanted: bool = False
    finished: bool = False
    sealed: bool = False
    blocks: tuple[Block, ...] = ()


class End(Item, frozen=True):
    """Drops a session that is not wanted any more."""

    session: bytes


class Promote(Item, frozen=True):
    """The generation sealed under a version that is being built is about to answer: that version becomes live."""

    insurer: str
    version: int


class Promoted(Item, frozen=True):
    """Whether it was done."""

    refusal: str = ""


class Nothing(Item, frozen=True):
    """No argument."""


class LoadKey(Item, frozen=True):
    """The X25519 public key, 32 bytes, that rights files are sealed to."""

    refusal: str = ""
    public: bytes = b""


OPERATIONS: dict[str, tuple[type[Item], type[Item]]] = {
    "begin": (Begin, Begun),
    "feed": (Feed, Fed),
    "end": (End, Promoted),
    "promote": (Promote, Promoted),
    "key": (Nothing, LoadKey),
}
"""Pass this table to `sealing.client.KeeperSync` when the path is the load socket."""
