"""What the API's document says of the log, which anyone may read."""

from __future__ import annotations

from rempart.api.schema_base import ALWAYS, Words

LOG: dict[str, Words] = {
    "ReadCheckpoint": Words(
        "The newest signed checkpoint of a month of the log",
        "A C2SP signed note. `months` instead of a month reads the log of closed months. Anyone may read it.",
        ("not-found", *ALWAYS), secured=False,
    ),
    "ReadProof": Words(
        "Proof that the log only grew",
        "The RFC 9162 consistency proof between two sizes of a month's tree, one hash a line.",
        ("not-found", "invalid-fields", *ALWAYS), secured=False,
    ),
    "ReadTile": Words(
        "A tile of a month's tree",
        "Hashes only, 32 bytes each, laid out as in c2sp.org/tlog-tiles.",
        ("not-found", "unknown-route", "invalid-fields", *ALWAYS), secured=False,
    ),
}  # fmt: skip
