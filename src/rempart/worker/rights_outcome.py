"""How a rights file is to be taken, and what became of it: plain values between loading, jobs and commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rempart.domain.weighing import Limits, Weights
from rempart.ground.settings import Rights
from rempart.sealing.loading import Reject


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures of [rights], and where references wait in a temporary file until the records are in."""

    limits: Limits = field(default_factory=Limits)
    prolong_days: int = 7
    retention_months: int = 27
    report_lines: int = 10_000
    spool: Path | None = None
    work_mem: str = "256MB"

    @classmethod
    def of(cls, rights: Rights, spool: Path | None = None) -> Rules:
        """From the configuration."""
        limits = Limits(
            rights.reject_percent,
            rights.reject_most,
            rights.quarantine_closing_percent,
            rights.quarantine_opening_percent,
            rights.quarantine_formula_percent,
        )
        return cls(limits, rights.prolong_days, rights.retention_months, rights.report_lines_most, spool)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be taken: `strict` refuses on any bad line, `restore` takes an older full file again."""

    strict: bool = False
    restore: bool = False
    allow_clear: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: `state` is applied, quarantined, refused or unchanged, `code` says why.

    `rejects` are bad lines, up to a limit; `rejected` counts them all. `records` are ways of presenting people.
    """

    state: str
    code: str = ""
    field: str = ""
    insurer: str = ""
    sequence: int = 0
    rights_file: int = 0
    generation: int = 0
    lines: int = 0
    people: int = 0
    records: int = 0
    rejected: int = 0
    warned: int = 0
    collisions: int = 0
    carried: int = 0
    weights: Weights | None = None
    over: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()
    warnings: tuple[Reject, ...] = ()


def report_of(outcome: Outcome) -> dict[str, Any]:
    """What the insurer and the on-call engineer are told: counts, and bad lines by line, field and code."""
    weights = outcome.weights
    return {
        "lines": outcome.lines, "people": outcome.people, "records": outcome.records, "rejected": outcome.rejected,
        "warned": outcome.warned, "collisions": outcome.collisions, "carried": outcome.carried, "field": outcome.field,
        "weights": {name: getattr(weights, name) for name in Weights.__dataclass_fields__} if weights else None,
        "rejects": [[reject.line, reject.field, reject.code] for reject in outcome.rejects],
        "warnings": [[warning.line, warning.field, warning.code] for warning in outcome.warnings],
    }  # fmt: skip
