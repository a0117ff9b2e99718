"""A keeper and its loader in processes of their own, a registered insurer, a database, files made on the spot."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.domain.member import ANY_MEMBER
from rempart.domain.rights import Coverage, Key, Period, RightsLine
from rempart.formats.rights_file import Draft, Expected, format_closure, format_line, write
from rempart.ground.settings import Settings, parse
from rempart.keeper import start
from rempart.sealing import loading, ringing
from rempart.sealing.client import KeeperSync
from rempart.sealing.envelope import seal_file
from rempart.storage.insurers import register_insurer
from rempart.worker import rights
from rempart.worker.rights import Outcome, Rules, Wish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.databases import Database

INSURER = "0000401166"
DAY = "2026-11-02"
DAY_2 = date(2026, 11, 2).toordinal() - date(1970, 1, 1).toordinal()
BAD = b'{"ref":"REF-5","keys":[],"coverage":{}}'
NOW = 1_793_620_800_000_000  # 2026-11-02 12:00 UTC
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def coverage(*, formula: str = "100", end: date = YEAR[1], product: str = "FAMILLE") -> Coverage:
    """Rights in two domains for the year."""
    return Coverage(
        1, product, "2", "responsible", (Period("PHAR", YEAR[0], end, formula), Period("MED", YEAR[0], end, "TM"))
    )


def line(
    number: int, *, keys: tuple[Key, ...] | None = None, rights: Coverage | None = None, delta: bool = False
) -> bytes:
    """An invented person's line: member number and reference from `number`."""
    usual = (Key(f"M{number:07d}", None, "850512", "1"),)
    return format_line(RightsLine(f"REF-{number}", keys or usual, rights or coverage()), delta=delta)


def closing(number: int, day: date) -> bytes:
    """A delta's closing line."""
    return format_closure(f"REF-{number}", day)


@dataclass
class Process:
    """The keeper's program and what it is configured with."""

    settings: Settings
    config: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Runs it until its load socket answers."""
        sockets = [self.settings.paths.keeper_socket(name) for name in ("ring", "load")]
        for path in sockets:
            path.unlink(missing_ok=True)
        self.process = subprocess.Popen([sys.executable, "-m", "rempart.keeper", "--config", str(self.config)])
        end = time.monotonic() + 20
        while not all(path.exists() for path in sockets):
            assert time.monotonic() < end, "the keeper did not start"
            assert self.process.poll() is None, "the keeper stopped"
            time.sleep(0.02)

    def ring(self, operation: str, item: Any) -> Any:
        """One operation of the ring socket."""
        with KeeperSync(str(self.settings.paths.keeper_socket("ring")), ringing.OPERATIONS) as keeper:
            return keeper.call(operation, [item])[0]

    def load_socket(self) -> KeeperSync:
        """A connection to the loader."""
        return KeeperSync(str(self.settings.paths.keeper_socket("load")), loading.OPERATIONS)

    def loader_pids(self) -> list[int]:
        """The loader and its sealing processes."""
        found = _children(self.process.pid)
        return found + [pid for parent in found for pid in _children(parent)]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in path.read_text("ascii").split()]
    return found


@contextmanager
def keeper_process(folder: Path) -> Iterator[Process]:
    """A keeper with a fresh ring, until the end of the block."""
    folder.chmod(0o700)
    config = folder / "rempart.toml"
    config.write_text("[keeper]\nloader_processes = 2\n[demo]\nunsafe_meter_off = true\n")
    settings = parse(config.read_text(), folder)
    assert isinstance(settings, Settings), settings
    start.init(settings)
    made = Process(settings, config)
    made.start()
    try:
        yield made
    finally:
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(10)


@dataclass
class RightsWorld:
    """One insurer whose files are loaded into one database."""

    keeper: Process
    database: Database
    insurer: str = INSURER
    signing: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    opening: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    connection: psycopg.Connection[Any] = field(init=False)
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        public = self.signing.public_key().public_bytes_raw()
        item = ringing.AddInsurer(self.insurer, public, self.opening.public_key().public_bytes_raw())
        assert self.keeper.ring("add_insurer", item).refusal == ""
        self.connection = psycopg.connect(self.database.url("worker"), autocommit=True)
        register_insurer(
            self.connection, self.insurer, name="Mutuelle d'essai", operator="op", rule=ANY_MEMBER, instant=NOW
        )

    def close(self) -> None:
        """Ends the connection."""
        self.connection.close()

    def file(
        self, lines: Sequence[bytes], *, sequence: int = 1, kind: str = "full", day: str = DAY,
        expected: Expected | None = None, compression: str = "none",
    ) -> bytes:  # fmt: skip
        """A signed file, in clear."""
        out = io.BytesIO()
        draft = Draft(self.insurer, kind, sequence, f"{day}T06:00:00Z", compression, expected)  # type: ignore[arg-type]  # tests pass the literals as text
        write(out, draft, lines, self.signing)
        return out.getvalue()

    def sealed(self, file: bytes) -> bytes:
        """The same, sealed to the keeper."""
        with self.keeper.load_socket() as keeper:
            public = keeper.call("key", [loading.Nothing()])[0].public
        head, _, body = file.partition(b"\n")
        return b"".join(seal_file(head + b"\n", [body], public))

    def load(self, file: bytes, *, instant: int = NOW, **wish: bool) -> Outcome:
        """Loads a file."""
        with self.keeper.load_socket() as keeper:
            return rights.load(
                self.connection, keeper, io.BytesIO(file), self.rules, instant=instant, wish=Wish(**wish)
            )

    def full(self, numbers: Sequence[int], *, sequence: int = 1, **options: Any) -> Outcome:
        """Loads a full file of these people."""
        return self.load(self.file([line(number) for number in numbers], sequence=sequence, **options))

    def release(self, rights_file: int, officer: str, *, instant: int = NOW) -> Outcome:
        with self.keeper.load_socket() as keeper:
            return rights.release(self.connection, keeper, rights_file, officer, instant=instant)

    def refuse(self, rights_file: int, officer: str, *, instant: int = NOW) -> Outcome:
        with self.keeper.load_socket() as keeper:
            return rights.refuse(self.connection, keeper, rights_file, officer, instant=instant)

    def rows(self) -> list[tuple[Any, ...]]:
        """What answers: (record key, person, payload, closed) of the generations of the insurer, by key."""
        return self.connection.execute(
            "select record_key, person, payload, closed from rempart.record where generation = any("
            "(select generations from rempart.insurer where insurer = %s)::int[]) order by record_key", (self.insurer,)
        ).fetchall()  # fmt: skip

    def open_count(self) -> int:
        """Records that are not closed."""
        return sum(row[3] is None for row in self.rows())

    def state(self) -> tuple[Any, ...]:
        """Everything a refused file must leave alone."""
        generations, sequence = self.connection.execute(
            "select generations, sequence from rempart.insurer where insurer = %s", (self.insurer,)
        ).fetchone() or ((), 0)
        tables = self.connection.execute(
            "select count(*) from pg_class where relname like 'record\\_%' or relname like 'member\\_ref%'"
        ).fetchone()
        references = self.connection.execute("select count(*) from rempart.member_ref").fetchone()
        return generations, sequence, tables, references, self.rows()


def numbers(world: RightsWorld, statement: str) -> Any:
    """The first row of a statement of the owner."""
    with psycopg.connect(world.database.url("owner"), autocommit=True) as owner:
        return owner.execute(statement.encode()).fetchone()
