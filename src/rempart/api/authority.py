"""Which action of `domain.authorities` an operation of the API is, for a person; programs go by their kind alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rempart.domain import authorities
from rempart.domain.authorities import AUTHORIZATION, DEPOSIT, ESTIMATE, INVOICE, MANAGE, READ, WITHDRAW
from rempart.domain.parties import ACCOUNT

ACTIONS: Mapping[str, str] = MappingProxyType({
    "SendInvoices": INVOICE,
    "SendFile": DEPOSIT,
    "FhirSendClaim": INVOICE,
    "AskAuthorization": AUTHORIZATION,
    "ModifyAuthorization": AUTHORIZATION,
    "SendOpticsMessage": AUTHORIZATION,
    "AskEstimate": ESTIMATE,
    "CancelInvoice": WITHDRAW,
    "SayDistinct": WITHDRAW,
    "CancelAuthorization": WITHDRAW,
    "DisputeClawBack": WITHDRAW,
    "ResumeWebhook": MANAGE,
})  # fmt: skip
"""By operation id. What is not here reads of one's own site, or asks by the door's own purposes."""


def may(kind: str, role: str, operation: str) -> bool:
    """Whether a caller of this kind and role may call an operation at all."""
    return kind != ACCOUNT or ACTIONS.get(operation, READ) in authorities.actions(role)
