"""A manager's signed word on a rights file in quarantine, as the keeper sees it: the hub's side."""

from __future__ import annotations

from rempart.application.own_bank import Proof
from rempart.application.rights_release import File
from rempart.application.tokens import Refusal, TokenFacts
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.own_bank import signing
from rempart.sealing.desk_frames import RightsReleaseItem


class KeeperReleaseWords:
    """The `ReleaseKeeper` port. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def release(self, held: TokenFacts, file: File, proof: Proof, instant: int) -> bytes | Refusal:
        """The keeper's approval of what was signed."""
        item = RightsReleaseItem(str(file.number), file.digest.hex(), signing(held, proof, instant))
        (done,) = await self._keeper.call("rights_release", [item])
        return Refusal(done.refusal) if done.refusal else bytes(done.approval)
