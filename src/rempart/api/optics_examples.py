"""The examples of optics messages in the API's document, written by the same code that reads and answers."""

from __future__ import annotations

import msgspec

from rempart.api import examples
from rempart.api.money_examples import INSURER
from rempart.formats.optics_messages import answered, asked
from rempart.wire.authorizations import AuthorizationRequest
from rempart.wire.eligibility import DomainAnswer, EligibilityAnswer, EligibilityRequest
from rempart.wire.invoices import InvoiceRequest, LineRequest

QUERY: EligibilityRequest = msgspec.structs.replace(examples.REQUESTS["AskEligibility"], domains=(asked.DOMAIN,))
REQUEST: AuthorizationRequest = examples.REQUESTS["AskAuthorization"]
INVOICE = InvoiceRequest(
    "000000041", examples.DAY, INSURER, examples.MEMBER, "1985-04-12",
    tuple(
        LineRequest(
            examples.DAY, line.code, line.family, line.base, line.rate, 3, line.spent, line.spent - 3,
            particulars=line.particulars,
        )
        for line in REQUEST.lines
    ),
    nir=examples.NIR, rank="1", accreditation=examples.ANSWERS["AskAuthorization"].reference,
)  # fmt: skip
RIGHTS: EligibilityAnswer = msgspec.structs.replace(
    examples.ANSWERS["AskEligibility"],
    domains=(DomainAnswer(asked.DOMAIN, open=True, start="2026-01-01", end="2026-12-31", formula="100"),), padding="",
)  # fmt: skip

REQUESTS: dict[str, str] = {
    name: body.decode()
    for name, body in (
        ("query", asked.write_question("M-0001", QUERY)),
        ("request", asked.write_request("M-0002", REQUEST)),
        ("state", asked.write_about("state", "M-0003", ("authorization", examples.AUTHORIZATION))),
        ("cancel", asked.write_about("cancel", "M-0004", ("authorization", examples.AUTHORIZATION))),
        ("invoice", asked.write_invoice("M-0005", INVOICE)),
    )
}
"""By the name of a message."""

ANSWERS: dict[str, str] = {
    name: body.decode()
    for name, body in (
        ("rights", answered.rights(RIGHTS)),
        ("answer", answered.answer(examples.ANSWERS["ReadAuthorization"])),
        ("receipt", answered.receipt(examples.INVOICE, "000000041", examples.FILE)),
        ("invoiceState", answered.invoice_state(examples.ANSWERS["ReadInvoice"])),
        ("cancelled", answered.cancelled(("authorization", examples.AUTHORIZATION), "cancelled")),
    )
}
"""By the name of a message."""
