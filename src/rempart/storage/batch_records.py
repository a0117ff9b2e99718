"""Questions and answers of a batch as bytes, for the keeper to seal. An answer's length tells nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rempart.application.eligibility import Answer, Question
from rempart.application.guard import Caller

NOBODY = Caller(None, "", "", "", "", b"", b"", 0)
LEAST = 480  # bytes
PER_DOMAIN = 192
_encode = msgspec.msgpack.Encoder().encode
_questions = msgspec.msgpack.Decoder(list[tuple[int, Question]]).decode
_answer = msgspec.msgpack.Decoder(tuple[int, tuple[str, ...], Answer]).decode


def pack_questions(items: Sequence[tuple[int, Question]]) -> bytes:
    """(item number, question) each; who asks is left out: the deposit's authority says it."""
    return _encode([(number, question._replace(caller=NOBODY)) for number, question in items])


def unpack_questions(content: bytes, caller: Caller) -> list[tuple[int, Question]]:
    """The same, asked by `caller`. Raises msgspec.ValidationError for what `pack_questions` never made."""
    return [(number, question._replace(caller=caller)) for number, question in _questions(content)]


def pack_answer(question: Question, answer: Answer) -> bytes:
    """One answer, its question's instant and domains; as long for every answer to that question."""
    content = _encode((question.instant, question.domains, answer))
    return (len(content).to_bytes(2, "big") + content).ljust(LEAST + PER_DOMAIN * len(question.domains), b"\0")


def unpack_answer(content: bytes) -> tuple[int, tuple[str, ...], Answer]:
    """(instant of the question, domains asked, answer)."""
    return _answer(content[2 : 2 + int.from_bytes(content[:2], "big")])
