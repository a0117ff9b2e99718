"""What a hub tells a site of its payments, questions, people, bank details: invented, for the portal's fake doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.client.calls import Call, Ended
from rempart.client.doors import SignedIn
from rempart.wire.figures import DueFigure, Figures, RejectionFigure, WeekFigures
from rempart.wire.notices import NoticeList, SiteNotice
from rempart.wire.own_site import (
    OwnBankDetails,
    OwnMember,
    OwnSite,
    QuestionCount,
    QuestionCounts,
    QuestionList,
    QuestionRow,
)
from rempart.wire.payments import (
    AdviceDeduction,
    AdviceInvoice,
    AdviceNote,
    AdvicePart,
    AdvicePenalty,
    AdviceRejection,
    ClawBackState,
    DebtAsked,
    DebtList,
    RemittanceAdvice,
    RemittanceList,
    RemittanceSummary,
    SiteDebt,
    WaitingPayment,
)
from support.fake_doors import no
from support.fake_exports import FakeExports

DAY = "2026-11-18"
PAYER = "Horizon Tiers Payant"
PAID, RETURNED = "019caddd-6600-7a1e-8c33-5d2f00000001", "019caddd-6600-7a1e-8c33-5d2f00000002"
BACK, OWED = "019caddd-6600-7a1e-8c33-5d2f00000009", "019caddd-6600-7a1e-8c33-5d2f0000000a"
INVOICE = "019caddd-6600-7a1e-8c33-5d2f00000003"
INSURERS = (("0000401166", "Mutuelle des Trois Rivières"), ("0000775001", "Prévoyance du Littoral"))
COLLEAGUE = "a7k2m9x4c1v8b3n5"
SENTENCE = "Trop-perçu : la dépense était déjà payée."
_MONDAYS = (
    "2026-08-31", "2026-09-07", "2026-09-14", "2026-09-21", "2026-09-28", "2026-10-05", "2026-10-12", "2026-10-19",
    "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16",
)  # fmt: skip
_EUROS = (812, 945, 1_020, 760, 0, 1_310, 1_244, 1_502, 980, 1_731, 1_420, 1_234)

REMITTANCES = (
    RemittanceSummary(PAID, DAY, 123_400, 42, "settled", "RMP019CADDD6600", "horizon", PAYER, "2026-11-18T09:00:00Z"),
    RemittanceSummary(
        RETURNED, "2026-11-12", 98_050, 31, "returned", "RMP019CADDD6599", "horizon", PAYER, deducted=1_250,
        bank_reason="AC04",
    ),
)  # fmt: skip
WAITING = WaitingPayment(
    INSURERS[1][0], "horizon", 22_100, "insurer-out-of-funds", "La mutuelle n’a pas encore versé ses fonds.",
    "2026-11-16T05:00:00Z",
)  # fmt: skip
FIGURES = Figures(
    tuple(
        WeekFigures(monday, 2 if euros else 0, euros * 100, euros // 30, 5 + place % 4 if euros else None)
        for place, (monday, euros) in enumerate(zip(_MONDAYS, _EUROS, strict=True))
    ),
    6,
    (
        RejectionFigure("rights-closed", "Droits fermés.", "Rights closed.", 9),
        RejectionFigure("too-old", "Trop ancien.", "Too old.", 3),
        RejectionFigure("a-code-of-tomorrow", "Une phrase de demain.", "A sentence of tomorrow.", 1),
    ),
    (
        DueFigure(*INSURERS[0], "2026-11-20", 12, 30_250), DueFigure(*INSURERS[1], "2026-11-24", 4, 8_010),
        DueFigure("0000990000", "Mutuelle Sans Terme", "", 1, 1_500),
    ),
)  # fmt: skip
NOTHING = Figures(tuple(WeekFigures(monday, 0, 0, 0, None) for monday in _MONDAYS), None, (), ())
CLAW_BACKS = (
    ClawBackState(BACK, INVOICE, "000000017", INSURERS[0][0], 1_250, 0, "over-billing", SENTENCE, "notified",
                  "2026-12-01"),
    ClawBackState(OWED, INVOICE, "000000011", INSURERS[0][0], 600, 200, "over-billing", SENTENCE, "due", "2026-10-01"),
)  # fmt: skip
DEBTS = DebtList(400, (
    SiteDebt(
        OWED, INVOICE, "000000011", INSURERS[0][0], "horizon", 600, 200, 0, 0, 400, "over-billing", SENTENCE,
        "2026-10-01", 0, "RF19OWED", (DebtAsked("demanded", "2026-10-20", 400),),
    ),
))  # fmt: skip
ADVICE = RemittanceAdvice(
    "123456782", REMITTANCES[0],
    (
        AdvicePart(*INSURERS[0], 123_169, (
            AdviceInvoice(INVOICE, "000000041", "2026-11-10", 1_340, 871, 469, 0),
            AdviceInvoice(INVOICE[:-1] + "4", "000000042", "2026-11-10", 5_000, 2_000, 1_000, 2_000, (
                AdviceNote(2, "PHAR", "domain-not-covered", "Non couvert."),
            )),
        )),
        AdvicePart(
            *INSURERS[1], 231, (AdviceInvoice(INVOICE[:-1] + "5", "000000043", "2026-11-11", 700, 469, 231, 0),)
        ),
    ),
    (AdviceRejection(
        INVOICE[:-1] + "6", "000000044", "2026-11-09", INSURERS[0][0], 2_210, "rights-closed", "Droits fermés."
    ),),
    (AdviceDeduction(
        OWED, INVOICE, "000000011", "2026-07-02", INSURERS[0][0], "over-billing", SENTENCE, 200, 400
    ),),
    (AdvicePenalty(BACK, INSURERS[0][0], "2026-1", 2, "late-payment-penalty", "Paiement en retard.", 200),),
)  # fmt: skip
INVOICES = 5
"""What the advice tells of: three paid, one rejected, one taken back."""
_TOLD = (
    ("account-recovered", INVOICE, "2026-11-18T07:12:00Z"), ("claw-back-notified", BACK, "2026-11-16T05:00:00Z"),
    ("bank-details-approved", INVOICE, "2026-11-17T09:00:00Z"), ("transfer-returned", RETURNED, "2026-11-12T16:00:00Z"),
    ("invoice-decided-again", INVOICE, "2026-11-09T05:00:00Z"), ("mandate-ending", INVOICE, "2026-11-02T05:00:00Z"),
)  # fmt: skip
NOTICES = tuple(
    SiteNotice(400 - place, kind, subject, instant[:10], instant)
    for place, (kind, subject, instant) in enumerate(_TOLD)
)


@dataclass
class PaymentDesk:
    """One site's answers, as a part of `FakeDoors.desks`; `asked` are the paths it was asked for."""

    me: str
    remittances: tuple[RemittanceSummary, ...] = REMITTANCES
    waiting: tuple[WaitingPayment, ...] = (WAITING,)
    figures: Figures = FIGURES
    claw_backs: tuple[ClawBackState, ...] = CLAW_BACKS
    debts: DebtList = DEBTS
    bank: tuple[OwnBankDetails, ...] = (
        OwnBankDetails("horizon", "waiting", "2026-11-17T09:00:00Z", "2026-11-20"),
        OwnBankDetails("horizon", "in-force", "2026-01-12T08:00:00Z", "2026-01-15"),
    )
    references: tuple[str, ...] = ("comptoir 2", "", "T2-0041")
    notices: tuple[SiteNotice, ...] = NOTICES
    exports: FakeExports = field(default_factory=FakeExports)
    disputed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        path, _, query = call.path.partition("?")
        self.asked.append(call.path)
        if path == "/v1/exports":
            return self.exports(session, call)
        if path == "/v1/questions":
            return self._questions(dict(pair.split("=") for pair in query.split("&") if pair))
        if path == "/v1/questions/counts":
            return QuestionCounts(dict([query.split("=")])["day"] if query else DAY, self._counts())
        if path.startswith("/v1/claw-backs/"):
            return self._dispute(path.split("/")[3])
        if path.startswith("/v1/remittances/"):
            return self._advice(session, path.split("/")[3:], file=bool(query))
        told = {
            "/v1/remittances": RemittanceList(self.remittances, "2026-11-12" if not query else "", self.waiting),
            "/v1/figures": self.figures, "/v1/claw-backs": list(self.claw_backs), "/v1/debts": self.debts,
            "/v1/notices": NoticeList(self.notices, max((one.number for one in self.notices), default=0)),
            f"/v1/debts/{OWED}/demand.pdf": b"%PDF-1.7 demand", "/v1/own-site": self._own(session.site),
        }  # fmt: skip
        return told.get(path)

    def _advice(self, session: SignedIn, parts: list[str], *, file: bool) -> object:
        if parts[0] not in {one.remittance for one in self.remittances}:
            return no("not-found")
        if (file or parts[1:]) and (missing := self.exports.missing(session, parts[0], INVOICES)):
            return no(missing)
        told = msgspec.structs.replace(
            ADVICE, remittance=next(one for one in self.remittances if one.remittance == parts[0])
        )
        return {"": told, "advice.pdf": b"%PDF-1.7 advice", "advice.noemie": b"NOEMIE"}["".join(parts[1:])]

    def _dispute(self, identity: str) -> object:
        self.disputed.append(identity)
        return Ended("disputed")

    def _rows(self) -> tuple[QuestionRow, ...]:
        whom = ((self.me, "account"), (COLLEAGUE, "account"), ("officine-logiciel", "program"))
        return tuple(
            QuestionRow(
                f"0Q1W2E3R4T5{place}",
                f"{DAY}T09:1{9 - place}:41Z",
                f"10:1{9 - place}:41",
                "eligibility",
                *who,
                reference,
            )
            for place, (who, reference) in enumerate(zip(whom, self.references, strict=False))
        )

    def _questions(self, wanted: dict[str, str]) -> object:
        reference = wanted.get("site_reference", "").replace("+", " ")
        if "%" in reference or len(reference) > 20:
            return no("invalid-fields")
        rows = tuple(row for row in self._rows() if reference in {"", row.site_reference})
        following = "0Q1W2E3R4T50" if rows and "older_than" not in wanted else ""
        return QuestionList(wanted.get("day", DAY), () if "older_than" in wanted else rows, following)

    def _counts(self) -> tuple[QuestionCount, ...]:
        if not self.references:
            return ()
        mine = [(9, 4), (10, 11), (11, 7), (14, 9), (17, 3)]
        theirs = [(8, 2), (10, 5), (21, 40)]
        return (
            *(QuestionCount(self.me, "account", hour, many) for hour, many in mine),
            *(QuestionCount(COLLEAGUE, "account", hour, many) for hour, many in theirs),
            QuestionCount("officine-logiciel", "program", 10, 112),
        )

    def _own(self, site: str) -> OwnSite:
        members = (
            OwnMember(self.me, "account", "professional", "2026-01-01", "2026-12-31"),
            OwnMember(COLLEAGUE, "account", "staff", "2026-11-01", "2026-11-30"),
            OwnMember("officine-logiciel", "program", "", "2026-01-01", "2027-01-01"),
        )
        return OwnSite(site, "pharmacy", self.bank, members)
