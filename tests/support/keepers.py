"""A keeper in a temporary folder.

Its parts in this process, or the whole program in another, with clients and invented people.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc import jwt
from joserfc.jwk import ECKey

from rempart.keeper.kek import FileKekStore
from rempart.keeper.program import Config, Parts, assemble
from rempart.keeper.registry import Client, Mandate
from rempart.keeper.ring import Ring
from rempart.sealing.frames import DeriveItem, DeriveResult, GrantItem, GrantResult, OpenItem
from rempart.sealing.identity import encode_identity
from rempart.sealing.record import pad

INSURER = "0000401166"
SITE = "752300010"
OTHER_SITE = "132300011"
AUDIENCE = "https://hub.test"
PERSON = bytes(range(16))
COVERAGE = b"coverage of nobody"
_serial = count(1)


def presented(number: int = 1, *, nir: bool = True) -> dict[str, Any]:
    """An invented beneficiary as `DeriveItem` names one."""
    return {
        "member": f"{number:08d}",
        "nir": f"1850575{number:06d}" if nir else None,
        "birth": "850512",
        "rank": "1",
    }


@dataclass
class World:
    """A ring with one insurer, a site's client `pharmacy`, a concentrator `carrier` with a mandate for SITE."""

    folder: Path
    config: Config
    signing: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    insurer_key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    parts: Parts = field(init=False)

    def start(self) -> None:
        """Assembles the keeper's parts, as a start of the program does."""
        self.parts = assemble(self.config)

    def fill(self) -> None:
        """Registers the insurer and the clients."""
        sign = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        assert not self.parts.ring.add_insurer(INSURER, sign, self.insurer_key.public_key().public_bytes_raw())
        keys = {"k1": self.signing.as_dict(private=False)}
        now = self.now()
        assert not self.parts.registry.register(Client("pharmacy", "site", SITE, "vendor-1", keys))
        assert not self.parts.registry.register(Client("carrier", "concentrator", "", "", keys))
        assert not self.parts.registry.mandate(Mandate("carrier", SITE, now - 10**12, now + 10**12))

    def now(self) -> int:
        return self.parts.clock.now()

    def today(self) -> int:
        return self.now() // 86_400_000_000

    def assertion(self, client: str = "pharmacy", *, key: ECKey | None = None, **claims: Any) -> bytes:
        """A signed client assertion, good unless `claims` say otherwise."""
        seconds = self.now() // 1_000_000
        said = {
            "iss": client,
            "sub": client,
            "aud": AUDIENCE,
            "exp": seconds + 60,
            "iat": seconds,
            "jti": f"j{next(_serial)}",
        }
        return jwt.encode({"alg": "ES256", "kid": "k1"}, said | claims, key or self.signing).encode()

    def sign_in(self, client: str = "pharmacy", site: str = SITE, *, assertion: bytes | None = None) -> GrantResult:
        item = GrantItem(assertion or self.assertion(client), site, "thumbprint", AUDIENCE, self.now())
        return self.parts.grants.sign_in([item])[0]

    def derive(self, grant: bytes, number: int = 1, *, purpose: str = "eligibility", **changed: Any) -> DeriveResult:
        said = {"insurer": INSURER, "day": self.today()} | presented(number) | changed
        return self.parts.questions.derive([DeriveItem(grant, purpose, **said)])[0]

    def sealed(self, number: int = 1, *, person: bytes = PERSON, coverage: bytes = COVERAGE) -> bytes:
        """The payload a loader would have written for that beneficiary."""
        insurer = self.parts.ring.insurers[INSURER]
        who = presented(number)
        identity = encode_identity(INSURER, who["member"], who["nir"], who["birth"], rank=who["rank"])
        padded = pad(coverage, insurer.size)
        assert identity is not None
        assert padded is not None
        return insurer.live[0].seal(identity, person, padded)[1]

    def open(self, ticket: bytes, payload: bytes | None, person: bytes | None = PERSON, version: int = 1) -> Any:
        return self.parts.questions.open([OpenItem(ticket, version, payload, person)])[0]

    def secrets(self) -> list[bytes]:
        """Every key of the ring, as bytes."""
        found: list[bytes] = []

        def walk(value: Any) -> None:
            if isinstance(value, msgspec.Struct):
                for name in value.__struct_fields__:
                    if not name.endswith("public"):
                        walk(getattr(value, name))
            elif isinstance(value, dict):
                for each in value.values():
                    walk(each)
            elif isinstance(value, list | tuple):
                for each in value:
                    walk(each)
            elif isinstance(value, bytes) and len(value) == 32:
                found.append(value)

        walk(self.parts.ring.body)
        return found


def make_world(folder: Path, **config: Any) -> World:
    """A filled world whose parts are assembled."""
    folder.chmod(0o700)
    store = FileKekStore(folder / "kek")
    Ring.create(folder / "ring", store)
    made = Config(ring=folder / "ring", state=folder / "state", sockets=folder / "s", kek=store, audiences=(AUDIENCE,))
    world = World(folder, replace(made, **config))
    world.start()
    world.fill()
    return world


def wait_for(path: Path, seconds: float = 10.0) -> None:
    """Until a socket answers: it is there a moment before anyone listens on it."""
    end = time.monotonic() + seconds
    while not _answers(path):
        assert time.monotonic() < end, "the keeper did not start"
        time.sleep(0.02)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True
