"""84 invented insurers: numbers, skewed shares, products, member rules of several kinds, and demo keys from the seed.

The numbers begin with 0099, a range we know no insurer to have; the count follows the number of insurers one operator
published (84, silicon.fr 475744). The private keys are derived from the seed: anyone can have them. Demo only.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.domain.member import MemberRule
from rempart.domain.rights import DOMAINS
from rempart.simulation.chance import Chance, Draws, Weighted
from rempart.simulation.names import company_name

INSURERS = 84

MEMBER_RULES = (
    MemberRule(alphabet="digits", min_length=8, max_length=8),
    MemberRule(alphabet="digits", zeros="strip", min_length=1, max_length=15),
    MemberRule(alphabet="alnum", case="upper", spaces="drop", min_length=10, max_length=10),
    MemberRule(alphabet="digits", zeros="pad", min_length=1, max_length=10),
    MemberRule(alphabet="alnum", case="lower", spaces="drop", min_length=11, max_length=15),
)
"""How member numbers are written: plain, zeros dropped, two letters and digits, padded, lower case with a suffix."""

_FLOOR = {"PHAR": "TM", "MED": "TM", "HOSP": "100", "LABO": "100", "AUXM": "100", "EXTE": "100"}
_FORMULAS = {
    "modest": _FLOOR | {"RADL": "100", "SVIL": "100"},
    "middle": _FLOOR
    | dict.fromkeys(("RADL", "SVIL", "TRAN", "DESO"), "100")
    | {"OPTI": "PEC", "AUDI": "PEC", "DEPR": "PEC"},
    "large": dict.fromkeys(DOMAINS, "100")
    | {"MED": "150", "DESO": "125", "OPTI": "150 EUR", "AUDI": "300 EUR", "DEPR": "PEC", "PHAR": "TM"},
    "c2s": dict.fromkeys(DOMAINS, "100"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """What an insurer sells: its code, levels by name, contract kind, and the card's formula by domain and level."""

    code: str
    kind: str
    levels: tuple[str, ...]
    formulas: tuple[tuple[tuple[str, str], ...], ...]  # per level, (domain, formula) in card order


@dataclass(frozen=True, slots=True)
class Insurer:
    """One insurer. `number` is 10 digits; `style` an index in `MEMBER_RULES`; the two secrets are 32 raw bytes."""

    index: int
    number: str
    name: str
    style: int
    products: tuple[Product, ...]
    signing_secret: bytes
    box_secret: bytes

    def __repr__(self) -> str:
        return f"Insurer({self.number})"

    @property
    def rule(self) -> MemberRule:
        return MEMBER_RULES[self.style]

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.signing_secret)

    @property
    def signing_public(self) -> bytes:
        """Raw 32 bytes, as the keeper has it pinned."""
        return self.signing_key.public_key().public_bytes_raw()

    @property
    def box_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.box_secret)

    @property
    def box_public(self) -> bytes:
        """Raw 32 bytes, to which settlement lines and member references are sealed."""
        return self.box_key.public_key().public_bytes_raw()

    @property
    def convention(self) -> str:
        """Type of convention printed on the card; invented codes, the real list is not public."""
        return ("ZQ", "ZW", "ZX")[self.index % 3]

    def written_member(self, number: int) -> str:
        """The canonical member number of family `number` (below 10^8), by this insurer's rule."""
        if self.style == 0:
            return f"{number:08d}"
        if self.style == 1:
            return str(number + 1)
        if self.style == 2:
            return f"{_letters(self.index)}{number:08d}"
        if self.style == 3:
            return f"{number:010d}"
        return f"{number:08d}{_letters(self.index).lower()}z"

    def printed_member(self, member: str) -> str:
        """The same number as the card prints it: spaces, zeros and case differ, `rule` brings them back."""
        if self.style == 1:
            return member.zfill(10)
        if self.style == 2:
            return f"{member[:2]} {member[2:6]} {member[6:]}"
        if self.style == 3:
            return member.lstrip("0") or "0"
        return member.upper() if self.style == 4 else member


def make_insurers(chance: Chance, count: int = INSURERS) -> tuple[Insurer, ...]:
    """The country's insurers, biggest first; `count` up to 999."""
    return tuple(_insurer(chance, index) for index in range(count))


def shares(count: int) -> Weighted:
    """Market shares: a few big ones, a long tail; the first of 84 has about 8 %."""
    return Weighted([1_000_000 // (index + 4) for index in range(count)])


def _insurer(chance: Chance, index: int) -> Insurer:
    draws = chance.stream("insurer", index)
    return Insurer(
        index=index,
        number=f"0099{index:04d}{index * 37 % 100:02d}",
        name=f"Mutuelle {company_name(index)}",
        style=index % len(MEMBER_RULES),
        products=tuple(_product(draws, index, rank) for rank in range(2 + draws.below(3))),
        signing_secret=chance.bytes_of("insurer-signing", index)[:32],
        box_secret=chance.bytes_of("insurer-box", index)[:32],
    )


def _product(draws: Draws, insurer: int, rank: int) -> Product:
    kind = ("responsible", "responsible", "scheme", "c2s")[rank]
    names = ("c2s",) if kind == "c2s" else ("modest", "middle", "large")[: 2 + draws.below(2)]
    return Product(
        code=f"P{insurer:03d}{'ABCD'[rank]}",
        kind=kind,
        levels=tuple(str(level + 1) for level in range(len(names))),
        formulas=tuple(tuple((d, _FORMULAS[name][d]) for d in DOMAINS if d in _FORMULAS[name]) for name in names),
    )


def _letters(index: int) -> str:
    return f"{chr(65 + index // 26 % 26)}{chr(65 + index % 26)}"
