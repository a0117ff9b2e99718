"""The grants matrix: all that hub and auditor may do, table by table, and what the worker may never do.

Asked of each login itself, so what it got by itself, by its group or from everyone counts alike. A new table is out of
reach until it is written here: that is meant.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .findings import NO_DATABASE, Check, Fault, Ground, Outcome, found

ALL = "*"
Right = tuple[str, str, str]
"""(table, column or ALL, privilege in small letters)."""

HUB_READS = (
    "directory_place", "enrolment", "enrolment_event", "enrolment_ticket",
    "batch", "batch_answer",
    "insurer", "guarantee_table", "routing", "site", "client", "client_key", "mandate", "compartment", "facts_version",
    "token", "inbound", "idempotency", "invoice", "invoice_event", "invoice_history", "decision",
    "site_reference", "tile", "checkpoint",
    "log_state", "log_of_months", "remittance", "remittance_line", "remittance_end", "remittance_return",
    "remittance_deduction", "binding_table", "stand_in",
    "debt_payment", "debt_write_off", "debt_write_off_approval", "debt_step", "remittance_penalty", "delay_penalty",
    "fund_call", "settlement_file", "settlement_content", "settlement_answer", "settlement_reply",
    "settlement_reply_taken",
    "payment_waiting", "claw_back", "claw_back_event", "site_notice",
    "authorization_request", "authorization_event", "authorization_sealed", "authorization_decision", "accreditation",
    "authorization_part", "webhook_event", "desk_suspension", "waiting_room", "wave_plan", "wave_window",
    "rights_file", "rights_release", "fund_call_end", "receipt_key",
    "insurer_contract", "insurer_contract_end", "insurer_contract_dated", "site_contract", "site_contract_end",
    "site_contract_dated", "network_member", "export_signature",
)  # fmt: skip
HUB_READS_OF = {
    "waiting_entry": (
        "entry",
        "receipt",
        "room",
        "client",
        "site",
        "kind",
        "received",
        "state",
        "reason",
        "subject",
        "ended",
    ),
    "leaf": ("month", "number", "hash"),
    "enrolment_document": ("enrolment", "number"),
    "record": ("generation", "record_key", "key_version", "person", "payload", "closed"),
    "account": ("account", "role", "operator", "insurer", "invited"),
    "delay_terms": ("operator", "insurer", "starts", "target_days"),
    "paying_account": ("reference", "operator", "insurer", "name"),
    "webhook": ("webhook", "site", "url", "state", "reason", "attempts", "next_try", "added"),
}
HUB_INSERTS = (
    "enrolment", "enrolment_event", "enrolment_ticket", "enrolment_document",
    "batch", "batch_chunk", "batch_answer",
    "token", "inbound", "inbox", "idempotency", "authorization_request", "authorization_event", "authorization_sealed",
    "authorization_decision", "authorization_hold",
    "settlement_reply", "waiting_room",
    "support_reading", "receipt_key", "export_signature",
)  # fmt: skip
HUB_UPDATES_OF = {
    "token": ("revoked", "site", "grant_bytes", "grant_id", "expires", "role", "probation", "watched", "renewed"),
    "inbound": ("state", "bytes", "report", "fingerprint"),
    "invoice": ("distinct_said",),
    "receipt_key": ("ended",),
    "authorization_request": (
        "state",
        "reason",
        "first_day",
        "last_day",
        "latest_day",
        "cut",
        "line_cents",
        "total_cents",
        "lines",
        "amc",
        "invoice",
    ),
}
AUDITOR_READS = (
    "disclosure",
    "leaf",
    "tile",
    "checkpoint",
    "log_folder",
    "log_state",
    "log_of_months",
    "support_reading",
    "desk_event",
    "export_signature",
)

HUB: frozenset[Right] = frozenset({
    *((table, ALL, "select") for table in HUB_READS),
    *((table, column, "select") for table, columns in HUB_READS_OF.items() for column in columns),
    *((table, ALL, "insert") for table in HUB_INSERTS),
    *((table, column, "update") for table, columns in HUB_UPDATES_OF.items() for column in columns),
})  # fmt: skip
AUDITOR: frozenset[Right] = frozenset((table, ALL, "select") for table in AUDITOR_READS)

# What only `settle` writes, and what nobody changes.
SETTLE_WRITES = ("disclosure", "accreditation", "budget", "met", "site_reference")
FACTS = (
    "directory_import", "site_proposal", "site_proposal_end", "enrolment", "enrolment_event", "enrolment_approval",
    "site_change", "site_change_done",
    "disclosure", "transfer", "decision", "invoice_event", "accreditation", "invoice_sealed", "leaf", "tile",
    "checkpoint", "log_of_months", "rights_release", "payee", "paying_account", "remittance", "remittance_end",
    "alarm", "opened_undisclosed", "site_notice", "site_notice_sent", "remittance_part", "remittance_return",
    "funding_terms", "funding_mandate", "fund_call", "fund_call_end", "fund_deposit", "bank_statement", "bank_entry",
    "bank_entry_resolved", "claw_back_event", "bank_change", "bank_change_approval", "bank_change_end", "delay_terms",
    "delay_penalty", "settlement_file", "settlement_answer", "guarantee_posting", "binding_table", "stand_in",
    "debt_payment", "debt_write_off", "debt_write_off_approval", "debt_step", "settlement_content", "settlement_reply",
    "settlement_reply_taken", "authorization_event", "authorization_decision", "compartment_opening",
    "compartment_event", "counter",
    "counter_entry",
    "rights_again_done", "desk_event", "wave_plan", "wave_window",
    "authorization_part", "webhook_event",
    "support_reading", "export_signature",
    "insurer_contract", "insurer_contract_end", "site_contract", "site_contract_end", "network_file", "network_file_of",
)  # fmt: skip
WORKER_NEVER: frozenset[Right] = frozenset({
    *((table, ALL, "insert") for table in SETTLE_WRITES),
    *((table, ALL, what) for table in FACTS for what in ("update", "delete", "truncate")),
    ("budget", ALL, "update"), ("site_reference", ALL, "update"),
    ("announced", ALL, "insert"), ("announced", ALL, "update"), ("batch_answer", ALL, "insert"),
    ("met", "meeting", "update"), ("met", "first_day", "update"), ("met", ALL, "delete"),
})  # fmt: skip

FUNCTIONS = {
    "hub": (
        "settle", "cancel_invoice", "dispute_claw_back", "sealed_reference", "record_origin", "lock_held",
        "counters_taken", "hold_counters", "release_counters", "lock_agreement", "holds_of", "hold_agreed",
        "resume_webhook", "give_presence", "claim_presence", "site_questions", "site_question_counts",
        "site_bank_details", "delegate_site", "end_delegations", "federate_account",
        "desk_standing", "desk_invited", "desk_shut", "desk_open", "desk_history",
        "desk_enrolment_words", "desk_enrolment_document", "desk_enrolment_agree", "desk_enrolment_answer",
        "desk_recovered", "desk_log_counts", "desk_log_entry", "account_recovered",
        "propose_bank_details", "approve_bank_details", "cancel_bank_details", "open_bank_details",
        "paid_bank_details", "program_mandated", "end_program_mandates",
        "program_enrolled", "site_programs",
        "speak_on_rights", "insurer_funds",
        "disclose_reading", "support_question", "leave_waiting", "name_agent",
    ),
    "auditor": (),
}  # fmt: skip

COLUMNS = """
select c.relname::text, a.attname::text, p.privilege from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join (values ('select'), ('insert'), ('update')) p(privilege)
where n.nspname = 'rempart' and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and has_column_privilege(c.oid, a.attnum, p.privilege)
union all
select c.relname::text, '*', p.privilege from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join (values ('delete'), ('truncate'), ('trigger')) p(privilege)
where n.nspname = 'rempart' and c.relkind in ('r', 'p', 'v', 'm', 'f') and has_table_privilege(c.oid, p.privilege)"""
EVERY_COLUMN = """
select c.relname::text, a.attname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = 'rempart' and c.relkind in ('r', 'p', 'v', 'm', 'f')"""
DEFINERS = """
select p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'rempart' and p.prosecdef and p.prorettype <> 'trigger'::regtype
  and has_function_privilege(p.oid, 'execute')"""


def grants(ground: Ground) -> Outcome:
    """Hub and auditor hold exactly what is written above, the worker nothing that is forbidden to it."""
    faults: list[Fault] = []
    for role in ("hub", "worker", "auditor"):
        connection = ground.connections.get(role)
        if connection is not None:
            faults += _grants_of(connection, role)
    if not ground.connections:
        return NO_DATABASE
    return found(faults, f"{len(HUB) + len(AUDITOR)} rights, {len(WORKER_NEVER)} forbidden")


def _grants_of(connection: Any, role: str) -> list[Fault]:
    held = set(connection.execute(COLUMNS).fetchall())
    columns: dict[str, list[str]] = defaultdict(list)
    for table, column in connection.execute(EVERY_COLUMN).fetchall():
        columns[table].append(column)
    if role == "worker":
        wide, lacking = held & _expanded(WORKER_NEVER, columns), set()
    else:
        allowed = _expanded(HUB if role == "hub" else AUDITOR, columns)
        wide, lacking = held - allowed, allowed - held
    faults = [_wide(role, table, what) for table, what in sorted({(right[0], right[2]) for right in wide})]
    faults += [
        Fault("grant-missing", f"the {role} may not {what} rempart.{table}", f"grant {what} on it to rempart_{role}")
        for table, what in sorted({(right[0], right[2]) for right in lacking})
    ]
    faults += _functions(connection, role)
    (makes,) = connection.execute("select has_schema_privilege('rempart', 'create')").fetchone()
    if makes:
        todo = f"revoke create on schema rempart from rempart_{role}"
        faults.append(Fault("schema-too-wide", f"the {role} may create objects in the schema", todo))
    return faults


def _wide(role: str, table: str, what: str) -> Fault:
    todo = f"revoke {what} on rempart.{table} from rempart_{role}, its login and public"
    return Fault("grant-too-wide", f"the {role} may {what} rempart.{table}", todo)


def _functions(connection: Any, role: str) -> list[Fault]:
    if role not in FUNCTIONS:
        return []
    names = {name for (name,) in connection.execute(DEFINERS).fetchall()} - set(FUNCTIONS[role])
    return [
        Fault(
            "function-too-wide", f"the {role} may call rempart.{name}, which runs with the owner's rights",
            f"revoke execute on function rempart.{name} from rempart_{role} and public",
        ) for name in sorted(names)
    ]  # fmt: skip


def _expanded(rights: frozenset[Right], columns: dict[str, list[str]]) -> set[Right]:
    """ALL of select, insert and update as one right a column; of a table that is not there, nothing."""
    wide: set[Right] = set()
    for table, column, what in rights:
        if column == ALL and what in {"select", "insert", "update"}:
            wide |= {(table, name, what) for name in columns.get(table, ())}
        elif table in columns:
            wide.add((table, column, what))
    return wide


GRANTS = Check(
    "grants",
    "Hub and auditor may do exactly what they need; the worker cannot write what only settle writes, nor change facts.",
    ("grant-too-wide", "grant-missing", "function-too-wide", "schema-too-wide"),
    grants,
)
