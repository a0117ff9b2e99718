"""A site's notices from vendors' software: what happened without its asking. Mixed into both clients of `hub`."""

from __future__ import annotations

from typing import Protocol, TypeVar

from rempart.client.calls import Call
from rempart.wire.notices import NoticeList
from rempart.wire.problem import Problem

T = TypeVar("T")


def read(since: int) -> Call[NoticeList]:
    """The notices after a number, the oldest first."""
    return Call("GET", f"/v1/notices?since={since:d}", NoticeList)


def newest() -> Call[NoticeList]:
    """The last ones, the newest first."""
    return Call("GET", "/v1/notices?newest=true", NoticeList)


class _Performs(Protocol):
    def perform(self, call: Call[T]) -> T | Problem: ...


class _PerformsAsync(Protocol):
    async def perform(self, call: Call[T]) -> T | Problem: ...


class Notices:
    """For threads."""

    def notices(self: _Performs, since: int = 0) -> NoticeList | Problem:
        """What happened to the site without its asking, each once and in order: keep `next` and ask with it."""
        return self.perform(read(since))


class AsyncNotices:
    """For asyncio."""

    async def notices(self: _PerformsAsync, since: int = 0) -> NoticeList | Problem:
        return await self.perform(read(since))
