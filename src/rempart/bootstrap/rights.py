"""The loading of rights files composed from the configuration: the worker's database, the keeper's loader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.sealing.desk_frames import RightsReleasedItem, RightsWord
from rempart.sealing.loading import OPERATIONS
from rempart.storage.rights import RightsBook, Waiting, Word
from rempart.worker.rights_release import ACCOUNT, Behind, Proof, complete

if TYPE_CHECKING:
    from rempart.ground.settings import Settings
    from rempart.worker.rights_outcome import Outcome

LOAD_SECONDS = 600.0  # the longest silence of the loader


class NotReachableError(Exception):
    """What could not be reached, with a stable code and a sentence that says what to do. Nothing was changed."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@contextmanager
def database(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection, in autocommit. Raises NotReachableError."""
    if not settings.database.worker_url:
        raise NotReachableError("url-missing", "database.worker_url is empty: name the database in the configuration")
    try:
        with psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise NotReachableError("database", "the database does not answer: nothing changed, try again") from error


@contextmanager
def loader(settings: Settings) -> Iterator[KeeperSync]:
    """The keeper's load socket. Raises NotReachableError."""
    path = settings.paths.keeper_socket("load")
    try:
        with KeeperSync(str(path), OPERATIONS, timeout_seconds=LOAD_SECONDS) as keeper:
            yield keeper
    except KeeperUnavailable as error:
        reason = f"the keeper's loader does not answer on {path}: nothing changed; start the keeper, try again"
        raise NotReachableError("keeper", reason) from error


class KeeperReleases:
    """The `Signatures` port of `worker.rights_release`, by the box at `path`. Raises `KeeperUnavailable`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def behind(self, file: Waiting, words: Sequence[Word]) -> Behind:
        """How many different people signed this very file."""
        named = tuple(RightsWord(word.officer.removeprefix(ACCOUNT), word.signed or b"") for word in words)
        item = RightsReleasedItem(file.insurer, str(file.rights_file), file.digest.hex(), named)
        with KeeperSync(self._path) as keeper:
            (told,) = keeper.call("rights_released", [item])
        return Behind(told.people, str(told.refusal))


def proof(settings: Settings, rang: Callable[[str], None] = lambda _code: None) -> Proof:
    """The keeper believes words of accounts, and nobody else does; `rang` gets the code of an alarm."""
    return Proof(KeeperReleases(str(settings.paths.keeper_socket("box"))), rang)


def release_agreed(
    settings: Settings, connection: psycopg.Connection[Any], instant: int, believed: Proof | None = None
) -> list[Outcome]:
    """Applies the files in quarantine that two people agreed to; the keeper is asked only when there is one.

    Raises NotReachableError, `KeeperUnavailable` and `NotPromotedError`.
    """
    agreed = RightsBook(connection).agreed()
    if not agreed:
        return []
    told = believed or proof(settings)
    with loader(settings) as keeper:
        return [complete(connection, keeper, number, instant=instant, proof=told) for number in agreed]
