"""Which action of `domain.authorities` an operation of the API is, for a person; programs go by their kind alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rempart.domain import authorities
from rempart.domain.authorities import (
    AUTHORIZATION,
    BANK_DETAILS,
    BATCH,
    COMPARTMENTS,
    DECIDE,
    DEPOSIT,
    ESTIMATE,
    EXPORT_SIGN,
    INSURER_READ,
    INVOICE,
    LOG_READ,
    MANAGE,
    NOT_WATCHED,
    PAPERS,
    READ,
    REGISTER,
    RELEASE,
    SUPPORT_READ,
    WITHDRAW,
)
from rempart.domain.parties import ACCOUNT

ACTIONS: Mapping[str, str] = MappingProxyType({
    "SendInvoices": INVOICE,
    "SendFile": DEPOSIT,
    "FhirSendClaim": INVOICE,
    "LeaveInWaitingRoom": INVOICE,
    "AskAuthorization": AUTHORIZATION,
    "ModifyAuthorization": AUTHORIZATION,
    "SendOpticsMessage": AUTHORIZATION,
    "AskEstimate": ESTIMATE,
    "CancelInvoice": WITHDRAW,
    "SayDistinct": WITHDRAW,
    "CancelAuthorization": WITHDRAW,
    "DisputeClawBack": WITHDRAW,
    "ResumeWebhook": MANAGE,
    "ProposeBankDetails": BANK_DETAILS,
    "ApproveBankDetails": MANAGE,
    "CancelBankDetails": WITHDRAW,
    "GiveMandateCode": MANAGE,
    "RenewMandate": MANAGE,
    "EndMandate": MANAGE,
    "SignExport": EXPORT_SIGN,
    "EnrolReceiptKey": INVOICE,
    "EndReceiptKey": INVOICE,
})  # fmt: skip
"""By operation id. What is not here reads of one's own site, or asks by the door's own purposes."""


DESKS: Mapping[str, str] = MappingProxyType({
    "DeskListSites": REGISTER,
    "DeskReadSite": REGISTER,
    "DeskListAccounts": REGISTER,
    "DeskReadAccount": REGISTER,
    "DeskSetSiteStanding": REGISTER,
    "DeskSetAccountStanding": REGISTER,
    "DeskEndCodes": REGISTER,
    "DeskInvite": REGISTER,
    "DeskListEnrolments": REGISTER,
    "DeskReadEnrolment": REGISTER,
    "DeskFetchEnrolmentDocument": REGISTER,
    "DeskAgreeEnrolment": REGISTER,
    "DeskAnswerEnrolment": REGISTER,
    "DeskRecoverAccount": REGISTER,
    "DeskCountLog": LOG_READ,
    "DeskReadLogEntry": LOG_READ,
    "DeskReadCompartments": COMPARTMENTS,
    "DeskShutCompartment": COMPARTMENTS,
    "DeskOpenCompartment": COMPARTMENTS,
    "DeskListPending": DECIDE,
    "DeskReadPending": DECIDE,
    "DeskDecidePending": DECIDE,
    "DeskListRightsFiles": INSURER_READ,
    "DeskReadRightsFile": INSURER_READ,
    "DeskSpeakOnRightsFile": RELEASE,
    "DeskReadPublished": INSURER_READ,
    "DeskReadFunds": INSURER_READ,
    "DeskListSettlements": INSURER_READ,
    "DeskFetchSettlement": INSURER_READ,
    "DeskListExports": INSURER_READ,
    "DeskSignExport": INSURER_READ,
    "DeskCountRejections": INSURER_READ,
    "DeskListRejections": INSURER_READ,
    "ReadSupportQuestion": SUPPORT_READ,
    "ReadSupportInvoices": SUPPORT_READ,
    "ReadSupportAuthorization": SUPPORT_READ,
})  # fmt: skip
"""By operation id, those below `/v1/desk`: no program's and no site's. An operation is in one table alone."""


THROUGH_GATEWAYS = frozenset({
    "SendFile", "ReadFile", "ReturnFile", "ListRemittances", "ReturnRemittance",
})  # fmt: skip
"""What a token that a gateway for files got may call: no act and no identity is in any of it."""


ON_PROBATION: Mapping[str, str] = MappingProxyType({
    "PrintRemittance": PAPERS,
    "ReturnRemittance": PAPERS,
    "ReturnFile": PAPERS,
    "PrintDemand": PAPERS,
    "FhirReadPayment": PAPERS,
    "FhirReadNotice": PAPERS,
    "SendBatch": BATCH,
})  # fmt: skip
"""By operation id, what an account on probation after a recovery is refused, `on-probation`, beside what it signs.

`ReadRemittance`, whose lines a page shows on the screen, is not here: asked for as a file it waits as its PDF does.
"""


def waits(kind: str, operation: str, *, watched: bool) -> bool:
    """Whether an operation waits for the end of the probation that a recovered account of a site is on."""
    return watched and kind == ACCOUNT and ON_PROBATION.get(operation) in NOT_WATCHED


def may(kind: str, role: str, operation: str, *, probation: bool = False) -> bool:
    """Whether a caller of this kind and role may call an operation at all.

    `probation`: at a desk, what waits until it has ended; a site's people work on, and the keeper asks where they sign.
    """
    if kind != ACCOUNT and role == authorities.FILES:
        return operation in THROUGH_GATEWAYS
    if operation in DESKS:
        return kind == ACCOUNT and DESKS[operation] in authorities.actions(role, probation=probation)
    return kind != ACCOUNT or ACTIONS.get(operation, READ) in authorities.actions(role)
