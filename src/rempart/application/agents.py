"""Who sits at a site's program: the program's own word for the person, signed, and the name it has in the log.

The word is signed once for a token and believed as long as that lives; the token itself is proved at each request.
Refused: what looks like a person, as in a site's reference. A name of the log is drawn by chance and kept beside the
word: with that row deleted, the log names nobody.
"""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from rempart.application.tokens import TokenFacts
from rempart.domain.identifiers import Fault, parse_site_reference
from rempart.ground.instants import MICROSECONDS

KINDS = frozenset({"site", "vendor"})
"""Programs at which somebody sits."""
MOST = 500  # words of one program at one site: people, not visits
KEPT = 65_536  # of which this hub remembers the names
REQUIRED = "required"


Verify = Callable[[bytes, Mapping[str, Mapping[str, Any]], bytes, int], tuple[str, str]]
"""`verify(signed, keys, token, seconds)`: the word that was signed and "", or "" and the code of what is wrong."""


class Names(Protocol):
    """The registered keys, and the names of words."""

    async def keys(self, client: str, instant: int) -> Mapping[str, Mapping[str, Any]]: ...
    async def named(self, of: tuple[str, str, str], name: str, *, instant: int, most: int) -> str: ...


class Agents:
    """What this hub knows of who sits where, by token and signed word."""

    def __init__(self, names: Names, verify: Verify) -> None:
        self._names = names
        self._verify = verify
        self._met: OrderedDict[tuple[bytes, bytes], str] = OrderedDict()

    def known(self, facts: TokenFacts, signed: bytes) -> str | None:
        """The name in the log of a word that came before under this token; None asks for `look`."""
        return self._met.get((facts.digest, signed))

    async def look(self, facts: TokenFacts, signed: bytes, token: bytes, instant: int) -> str:
        """Empty once the word is known, else the code of what is wrong with it. `instant` in microseconds UTC."""
        if facts.kind not in KINDS:
            return "agent-not-taken"
        keys = await self._names.keys(facts.client, instant)
        word, code = self._verify(signed, keys, token, instant // MICROSECONDS)
        if code:
            return code
        if not word or isinstance(parse_site_reference(word), Fault):
            return "agent-like-a-person"
        of = (facts.client, facts.site, word)
        name = await self._names.named(of, drawn(), instant=instant, most=MOST)
        if not name:
            return "agents-too-many"
        while len(self._met) >= KEPT:
            self._met.popitem(last=False)
        self._met[facts.digest, signed] = name
        return ""


def drawn() -> str:
    """A name for the log: `agent-` and 16 characters, of 80 random bits."""
    return "agent-" + base64.b32encode(secrets.token_bytes(10)).decode().lower()
