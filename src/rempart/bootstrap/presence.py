"""Presence codes between keeper and database: the keeper's fingerprint of a code finds what the database kept of it."""

from __future__ import annotations

from collections.abc import Callable

from rempart.application.eligibility import DAY, Question
from rempart.application.presence import Kept
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.sealing.presence_frames import FindPresenceItem
from rempart.storage import presence
from rempart.storage.door import Database
from rempart.storage.facts import Facts


class PresenceCodes:
    """The `CodesPort` of one lane; `facts` gives the hub's last reading, once there is one."""

    def __init__(self, keeper: KeeperPort, database: Database) -> None:
        self._keeper, self._database = keeper, database
        self.facts: Callable[[], Facts] = Facts

    def refusal(self, question: Question, insurer: str) -> str:
        """Of the contracts as last read."""
        facts = self.facts()
        site = facts.snapshot.sites.get(question.caller.site)
        return "site-standing" if site is None else facts.contracts.refusal(site, insurer, question.care)

    async def claim(self, question: Question) -> Kept | str:
        """What was kept; "", or the refusal of the keeper or of the counts."""
        caller = question.caller
        item = FindPresenceItem(caller.grant, question.code, question.instant // DAY)
        (found,) = await self._keeper.call("find_presence", [item])
        if found.refusal:
            return str(found.refusal)
        return await presence.claim(
            self._database, found.finder, site=caller.site, client=caller.client, instant=question.instant
        )
