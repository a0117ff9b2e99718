"""The keeper's frames about answers of a batch that wait sealed for who asked."""

from __future__ import annotations

from .item import Item


class SealAnswersItem(Item, frozen=True):
    """Answers of a batch, to wait sealed for who asked: of one length, so that a row tells nothing by its size."""

    authority: bytes  # of the batch's own deposit
    batch: bytes  # 16 bytes
    numbers: tuple[int, ...]  # which question each content answers
    contents: tuple[bytes, ...]


class SealAnswersResult(Item, frozen=True):
    """One sealed answer for each content, in order."""

    refusal: str = ""
    sealed: tuple[bytes, ...] = ()


class OpenAnswersItem(Item, frozen=True):
    """Opened for a grant of the same client and site, for two days after they were sealed."""

    grant: bytes
    batch: bytes
    numbers: tuple[int, ...]
    sealed: tuple[bytes, ...]


class OpenAnswersResult(Item, frozen=True):
    """The contents, in order."""

    refusal: str = ""
    contents: tuple[bytes, ...] = ()
