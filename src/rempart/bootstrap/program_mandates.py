"""The keeper as mandates of programs see it."""

from __future__ import annotations

from rempart.application.own_bank import Proof
from rempart.application.program_mandates import Claim, Claimed, Code, Given
from rempart.application.tokens import Refusal, TokenFacts
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.own_bank import signing
from rempart.sealing import programs
from rempart.sealing.mandate_frames import ClaimMandateItem, EndMandateItem, GiveMandateCodeItem, RenewMandateItem


class KeeperMandates:
    """The `MandateKeeper` port; `audience` is the token URL. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort, audience: str) -> None:
        self._keeper = keeper
        self._audience = audience

    async def give(self, held: TokenFacts, client: str, proof: Proof, instant: int) -> Code | Refusal:
        """A code, or why not."""
        item = GiveMandateCodeItem(client, signing(held, proof, instant))
        (done,) = await self._keeper.call("give_mandate_code", [item])
        return Refusal(done.refusal) if done.refusal else Code(done.code, done.expires)

    async def claim(self, claim: Claim, instant: int) -> Claimed | Refusal:
        """Whose code it was, or why not."""
        key = None if claim.key is None else dict(claim.key)
        item = ClaimMandateItem(claim.assertion, self._audience, claim.code, claim.site, instant, key)
        (done,) = await self._keeper.call("claim_mandate", [item])
        if done.refusal:
            return Refusal(done.refusal)
        named = None if key is None else programs.named(key)
        return Claimed(done.client, done.by, named[1] if named else None)

    async def renew(self, held: TokenFacts, given: Given, proof: Proof, *, end: int, instant: int) -> str:
        """A refusal code, or nothing."""
        days = (given.first.isoformat(), given.last.isoformat())
        item = RenewMandateItem(given.client, *days, end, signing(held, proof, instant))
        (done,) = await self._keeper.call("renew_mandate", [item])
        return str(done.refusal)

    async def end(self, held: TokenFacts, client: str, instant: int) -> str:
        """A refusal code, or nothing."""
        (done,) = await self._keeper.call("end_mandate", [EndMandateItem(held.grant, held.binding, client, instant)])
        return str(done.refusal)
