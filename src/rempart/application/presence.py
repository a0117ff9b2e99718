"""Questions by a presence code: the code is used up first, then the question passes the one door like any other.

A code that finds nobody is answered `not-confirmed`, whatever the reason, and counted. It reads no record, so nothing
is disclosed and `settle` is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from rempart.application.eligibility import EPOCH, Answer, Ports, Question
from rempart.application.eligibility import ask as ask_known
from rempart.application.ports import SealedAsk
from rempart.domain.member import ANY_MEMBER

UNKNOWN = "presence-unknown"
"""The keeper's own no; it has the last word on how long and where a code is good, and says of none why not."""


class Kept(NamedTuple):
    """What the hub kept of a code: whose insurer and operator, and what the keeper opens with the code."""

    insurer: str
    operator: str
    mapping: bytes

    def __repr__(self) -> str:
        return "Kept(…)"


class CodesPort(Protocol):
    """Uses a code up. Each may raise `Unavailable`."""

    async def claim(self, question: Question) -> Kept | str:
        """What was kept of the question's code; "" when it finds nobody; or a refusal."""

    def refusal(self, question: Question, insurer: str) -> str:
        """Why no contract covers the question's site and this insurer on the day of care; "" when one does."""


async def ask(ports: Ports, codes: CodesPort, questions: Sequence[Question], *, hour_share: int) -> list[Answer]:
    """The answers, in order; those without a code pass straight on. Raises `Unavailable`."""
    if not any(question.code for question in questions):
        return await ask_known(ports, questions, hour_share=hour_share)
    resolved = [await _resolved(codes, question) for question in questions]  # one connection: one after the other
    going = [each for each in resolved if isinstance(each, Question)]
    answered = iter(await ask_known(ports, going, hour_share=hour_share) if going else ())
    answers = [next(answered) if isinstance(each, Question) else each for each in resolved]
    return [Answer("") if answer.refusal == UNKNOWN else answer for answer in answers]


async def _resolved(codes: CodesPort, question: Question) -> Question | Answer:
    """The question about whom the code stands for, or what is answered at once."""
    if not question.code:
        return question
    kept = await codes.claim(question)
    if isinstance(kept, str):
        return Answer(kept)
    since = (question.care.toordinal() - EPOCH,)
    sealed = SealedAsk("", ("", "", ""), ANY_MEMBER, since, code=question.code, mapping=kept.mapping)
    if refusal := codes.refusal(question, kept.insurer):
        return Answer(refusal)
    return question._replace(insurer=kept.insurer, operator=kept.operator, code="", sealed=sealed)
