"""Publishing stand-in rules: signature, sequence, and whether what binds the insurer backs each of them."""

from __future__ import annotations

from typing import Any

import psycopg

from rempart.client import stand_in
from rempart.domain.binding import DEFAULT
from rempart.domain.stand_in import StandInRule, unbacked
from rempart.formats import binding_table
from rempart.ground.settings import PROFESSIONS
from rempart.storage import insurer_tables
from rempart.storage.insurer_tables import StandInRow
from rempart.wire.stand_in import StandIn, read_rules

Connection = psycopg.Connection[Any]


def publish(connection: Connection, content: bytes, key: bytes, instant: int) -> str:
    """Keeps signed rules for sites to fetch; "" when done, else the code of why not."""
    found = stand_in.verify(content, key, fetched=instant)
    if isinstance(found, stand_in.Refused):
        return found.code
    rules = found.rules
    text = insurer_tables.bindings(connection, rules.insurer)
    read = binding_table.read(text.encode()) if text is not None else None
    table = read.table if isinstance(read, binding_table.Read) else DEFAULT
    everyone = [name.replace("_", "-") for name in PROFESSIONS]
    plain = [StandInRule(rule.evidence, rule.most, rule.professions, rule.domains) for rule in rules.rules]
    days = (rules.starts, rules.ends)
    if any(unbacked(plain, table, day, everyone) is not None for day in days):
        return "stand-in-not-bound"
    try:
        row = StandInRow(rules.insurer, rules.sequence, rules.starts, content)
        added = insurer_tables.add_stand_in(connection, row, instant)
    except psycopg.errors.ForeignKeyViolation:
        return "unknown-insurer"
    return "" if added else "older-sequence"


def published(connection: Connection) -> list[StandIn]:
    """The newest rules of each insurer."""
    found = [read_rules(content.partition(b"\n")[0]) for content in insurer_tables.stand_ins(connection)]
    return [rules for rules in found if rules is not None]
