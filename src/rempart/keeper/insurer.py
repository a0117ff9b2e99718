"""An insurer's keys made ready: index keys by version, person and weigh functions, day tags, the dummy of a miss."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from rempart.sealing.record import IndexKey, counter_key, day_tagger, log_key, newborn_handle, person_handle, weigher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_DAYS = 100


class InsurerKeys:
    """What derive, open and the loader use. `live` newest first; `index` also holds versions being built."""

    __slots__ = (
        "_log",
        "counter",
        "dummy",
        "hpke_public",
        "index",
        "live",
        "newborn",
        "number",
        "number_bytes",
        "person",
        "sign_public",
        "size",
        "tags",
        "weigh",
    )

    def __init__(
        self,
        number: str,
        *,
        index: Mapping[int, bytes],
        live: tuple[int, ...],
        person: bytes,
        log: bytes,
        marks: tuple[bytes, bytes],
        public: tuple[bytes, bytes],
        size: int,
    ) -> None:
        self.number = number
        self.number_bytes = number.encode("ascii")
        self.index = {version: IndexKey(number, version, key) for version, key in index.items()}
        self.live = tuple(self.index[version] for version in live)
        self.person = person_handle(person)
        self.newborn = newborn_handle(person)
        self.weigh = weigher(marks[0])
        self.counter = counter_key(marks[1])
        self.sign_public, self.hpke_public = public
        self.size = size
        self._log = log
        self.tags: dict[int, Callable[[bytes], bytes]] = {}
        """By day since 1970: a function subject → day tag, made when first asked for."""
        self.dummy = Dummy(self.live[0], size)

    def __repr__(self) -> str:
        return f"InsurerKeys({self.number})"

    def tagger(self, day: int, month: int, month_key: bytes) -> Callable[[bytes], bytes]:
        """The function of a day in `tags`, under K_log[insurer, month]."""
        if len(self.tags) > _MOST_DAYS:
            self.tags.clear()
        key = log_key(month_key, self._log, self.number, month)
        made = self.tags[day] = day_tagger(key, self.number_bytes, day)
        return made


class Dummy:
    """A record of nobody, of the insurer's size, that a miss opens so that it costs what a hit costs."""

    __slots__ = ("index", "key", "payload", "person", "record")

    def __init__(self, index: IndexKey, size: int) -> None:
        identity = b"\x0frempart/1/dummy" + secrets.token_bytes(32)
        self.index = index
        self.person = secrets.token_bytes(16)
        self.record, self.key = index.keys(identity)
        _, self.payload = index.seal(identity, self.person, bytes(size))
