"""Opens who is presented when a caller sealed it to the keeper, and checks it as the hub checks what comes in clear.

Bound to the caller, its site, the purpose, the days of care, the routing labels and ten minutes. What the card says
leaves the keeper in no form but a record key; the hub is told how many fields were omitted, which has a price, and for
amounts a birth date that gives the same ages on the days of care.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.identifiers import Fault, parse_amc, parse_birth, parse_nir, parse_rank
from rempart.domain.member import MemberRule, canonical_member
from rempart.domain.same_age import same_age
from rempart.sealing.identity_frames import CheckIdentityItem, CheckIdentityResult, SealedIdentity
from rempart.sealing.identity_jwe import DATES_MOST, UNREADABLE, WINDOW, Presented, PresentedCard, opened, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cards import Cards, CardShown
    from .clock import KeeperClock
    from .grants import Grants, Held
    from .identity_keys import IdentityKeys

EPOCH = date(1970, 1, 1).toordinal()
QUESTIONS = frozenset({"eligibility", "appointments"})  # no amount depends on an age
_SEALED_AS = {"appointments": "eligibility"}  # a question is sealed as one, whether it is asked now or in a batch
USES = 4  # of one JWE: the first, and a hub's own repetitions after a failure
REMEMBERED = 500_000  # JWEs whose uses are remembered at least, and twice as many at most
FIELDS = "identity-fields:"
"""Begins a refusal that names fields: `identity-fields:nir=nir-key,rank=rank-shape`."""


class Shown(NamedTuple):
    """Canonical fields of an identity, how many of NIR and rank were omitted, and a birth date of the same ages."""

    member: str
    nir: str | None
    birth: str
    rank: str
    omitted: int
    born: str

    def __repr__(self) -> str:
        return "Shown(…)"


class SealedIdentities:
    """The opening, for `derive`, and the operation `check_identity`."""

    def __init__(self, keys: IdentityKeys, grants: Grants, clock: KeeperClock, cards: Cards) -> None:
        self._keys = keys
        self._cards = cards
        self._grants = grants
        self._clock = clock
        self._uses: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def check(self, items: list[CheckIdentityItem]) -> list[CheckIdentityResult]:
        """What `derive` would refuse of it, before anything is kept. No record is touched; nothing is counted."""
        return [CheckIdentityResult(self._check(item)) for item in items]

    def open(self, sealed: SealedIdentity, held: Held, purpose: str) -> Shown | CardShown | str:
        """Who is presented; refusals.

        Those of cards, `identity-unreadable`, `identity-key-unknown`, `identity-not-yours`, `identity-stale`,
        `identity-labels`, `identity-spent`, `identity-fields:…`, `nir-required`.
        """
        if sealed.card:
            return self._cards.shown(sealed.card, sealed.labels, sealed.days, site=held.site)
        found = self._presented(sealed, held, purpose)
        if isinstance(found, str):
            return found
        if not held.grant.deposited and not self._used(found.id):  # a deposit is its own memory
            return "identity-spent"
        return self._shown(found, sealed, purpose, held.site)

    def _shown(
        self, found: Presented | PresentedCard, sealed: SealedIdentity, purpose: str, site: bytes = b""
    ) -> Shown | CardShown | str:
        if isinstance(found, PresentedCard):
            return self._cards.shown(found.card, sealed.labels, sealed.days, site=site)
        return _shown(found, sealed, purpose)

    def _check(self, item: CheckIdentityItem) -> str:
        held = self._grants.check(item.grant, item.purpose)
        if isinstance(held, str):
            return held
        found = self._presented(item.sealed, held, item.purpose)
        if not isinstance(found, str):
            shown = self._shown(found, item.sealed, item.purpose)
            return shown if isinstance(shown, str) else ""
        return found

    def _presented(self, sealed: SealedIdentity, held: Held, purpose: str) -> Presented | PresentedCard | str:
        parsed = parse(sealed.jwe)
        if parsed is None:
            return UNREADABLE
        grant = held.grant
        now = self._clock.now() // 1_000_000
        key = self._keys.find(parsed.kid, now, waited=bool(grant.deposited))
        if key is None:
            return "identity-key-unknown"
        found = opened(parsed, key)
        if found is None or not 16 <= len(found.id) <= 64 or len(found.care_dates) > DATES_MOST:
            return UNREADABLE
        if (found.client, found.site, found.purpose) != (grant.client, grant.site, _SEALED_AS.get(purpose, purpose)):
            return "identity-not-yours"
        if abs((grant.deposited // 1_000_000 or now) - found.made) > WINDOW:
            return "identity-stale"
        fits = _fits(found, sealed) and sealed.by_card == isinstance(found, PresentedCard)
        return found if fits else "identity-labels"

    def _used(self, name: str) -> bool:
        """Counts a use; whether there was one left. What is forgotten is older than the window, or one of a million."""
        count = self._uses.get(name) or self._before.get(name, 0)
        if count >= USES:
            return False
        if len(self._uses) >= REMEMBERED:
            self._uses, self._before = {}, self._uses
        self._uses[name] = count + 1
        return True


def _fits(found: Presented | PresentedCard, sealed: SealedIdentity) -> bool:
    """Whether the request has the labels and days that the client sealed with the identity."""
    amc = parse_amc(found.amc_number)
    if (amc, found.convention, found.csr) != sealed.labels:
        return False
    spans = [_span(text) for text in found.care_dates]
    return all(any(first <= day <= last for first, last in spans) for day in sealed.days)


@lru_cache(maxsize=4096)
def _span(text: str) -> tuple[int, int]:
    """First and last day since 1970 of AAAA-MM-JJ or AAAA-MM-JJ/AAAA-MM-JJ; an empty span for anything else."""
    first, _, last = text.partition("/")
    try:
        return date.fromisoformat(first).toordinal() - EPOCH, date.fromisoformat(last or first).toordinal() - EPOCH
    except ValueError:
        return 1, 0


def _shown(found: Presented, sealed: SealedIdentity, purpose: str) -> Shown | str:
    rule = _rule(tuple(sealed.rule.items()))
    if rule is None:
        return "member-rule-malformed"
    member, birth = canonical_member(found.member, rule), parse_birth(found.birth_date)
    nir = parse_nir(found.nir) if found.nir is not None else None
    rank = parse_rank(found.rank) if found.rank is not None else "1"
    if isinstance(member, Fault) or isinstance(birth, Fault) or isinstance(nir, Fault) or isinstance(rank, Fault):
        faults = [each for each in (member, birth, nir, rank) if isinstance(each, Fault)]
        return FIELDS + ",".join(f"{fault.field}={fault.code}" for fault in faults)
    if nir is None and sealed.nir_needed:
        return "nir-required"
    omitted = (found.nir is None) + (found.rank is None)
    born = born_for(purpose, birth, sealed.days)
    return Shown(member, nir[0] if nir is not None else None, birth, rank, omitted, born)


def born_for(purpose: str, birth: str, days: Iterable[int]) -> str:
    """What the hub is told of a birth date: nothing for a question, else one of the same ages on the days of care."""
    return "" if purpose in QUESTIONS else same_age(birth, [date.fromordinal(EPOCH + day) for day in days])


@lru_cache(maxsize=4096)
def _rule(told: tuple[tuple[str, str | int], ...]) -> MemberRule | None:
    try:
        return MemberRule(**dict(told))  # type: ignore[arg-type]  # of the hub's making; a wrong one is refused below
    except (TypeError, ValueError):
        return None
