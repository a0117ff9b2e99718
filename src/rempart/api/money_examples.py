"""Invented answers about debts and settlement files, for the API's document. Nobody is meant."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rempart.domain import reasons
from rempart.domain.payment import bank_reference
from rempart.domain.reasons import sentence
from rempart.wire.figures import DueFigure, Figures, RejectionFigure, WeekFigures
from rempart.wire.notices import NoticeList, SiteNotice
from rempart.wire.payments import DebtAsked, DebtList, SiteDebt
from rempart.wire.settlements import (
    ReplyReceipt,
    SettlementAnswer,
    SettlementList,
    SettlementReply,
    SettlementState,
    SettlementSummary,
)

INSURER = "0099000137"
CLAW_BACK = "019caddd-6600-8a1e-8c33-5d2f00000009"
SETTLEMENT = "019caddd-6600-8a1e-8c33-5d2f00000021"
_REPLY = "019caddd-6600-8a1e-8c33-5d2f00000022"
_INVOICE = "019caddd-6600-7a1e-8c33-5d2f00000003"

_SUMMARY = SettlementSummary(
    SETTLEMENT, "operator", 41, "2026-03-03", 128_340, 62, 190, "0" * 64, "answered", references=True,
    written="2026-03-03T05:01:00Z",
)  # fmt: skip

MONEY: dict[str, Any] = {
    "ListNotices": NoticeList(
        (SiteNotice(418, "invoice-decided-again", _INVOICE, "2026-03-02", "2026-03-02T05:00:00Z"),), 418
    ),
    "ListDebts": DebtList(400, (
        SiteDebt(
            CLAW_BACK, _INVOICE, "000000017", INSURER, "operator", 600, 200, 0, 0, 400, "over-billing",
            sentence("over-billing"), "2026-02-17", 0, bank_reference(UUID(CLAW_BACK)),
            (DebtAsked("demanded", "2026-03-20", 400),),
        ),
    )),
    "ReadFigures": Figures(
        (WeekFigures("2026-02-23", 2, 128_340, 61, 6), WeekFigures("2026-03-02", 0, 0, 0, None)), 6,
        (RejectionFigure(
            "rights-closed", sentence("rights-closed"), reasons.BY_CODE["rights-closed"].english, 3
        ),),
        (DueFigure(INSURER, "Mutuelle inventée", "2026-03-11", 4, 2_210),),
    ),
    "ListSettlements": SettlementList((_SUMMARY,)),
    "ReadSettlement": SettlementState(
        _SUMMARY, (SettlementReply(_REPLY, "2026-03-04T09:00:00Z", "taken", answers=62, refused=1),),
        (SettlementAnswer(_INVOICE, "taken", "over-billing", "", 600, CLAW_BACK, "2026-03-04T09:00:41Z"),),
    ),
    "AnswerSettlement": ReplyReceipt(_REPLY, "waiting"),
}  # fmt: skip
"""By operation id, what a good answer looks like."""
