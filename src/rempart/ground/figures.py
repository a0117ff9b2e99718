"""Counts, spreads and levels in plain integers, cheap enough for the hot path; `api.metrics` shows them to Prometheus.

No label names a person, a site, a client or a grant: routes, statuses, stable codes and states only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.125, 0.25, 0.5, 1.0, 2.0, 5.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
MOST_LABELS = 1_000  # values of one label; a fault that makes more is counted under "other"


class Tally:
    """A count per label value: one text, or a tuple as long as `labels`. Only grows."""

    __slots__ = ("counts", "help", "labels", "name")

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self.name, self.help, self.labels = name, text, labels
        self.counts: dict[str | tuple[str | int, ...], int] = {}

    def add(self, label: str | tuple[str | int, ...] = (), number: int = 1) -> None:
        """One more, or `number` more."""
        counts = self.counts
        if label in counts:
            counts[label] += number
        elif len(counts) < MOST_LABELS:
            counts[label] = number
        else:
            other = ("other",) * len(self.labels)
            counts[other] = counts.get(other, 0) + number


class Spread:
    """How many values fell at or below each bound, and their sum."""

    __slots__ = ("bounds", "counts", "help", "name", "total")

    def __init__(self, name: str, text: str, bounds: tuple[float, ...] = SECONDS) -> None:
        self.name, self.help, self.bounds = name, text, bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def saw(self, value: float) -> None:
        """One value, in seconds or items as the name says."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Level:
    """A number that goes up and down, read when asked for; `of` gives it, per label value when there is a label."""

    __slots__ = ("help", "label", "name", "of")

    def __init__(self, name: str, text: str, label: str = "") -> None:
        self.name, self.help, self.label = name, text, label
        self.of: Callable[[], float | dict[str, float]] = lambda: 0


@dataclass(slots=True)
class HubFigures:
    """What one hub counts."""

    requests: Tally = field(
        default_factory=lambda: Tally("rempart_requests", "Requests by route and status.", "route", "status")
    )
    answers: Tally = field(
        default_factory=lambda: Tally("rempart_answers", "Answers that left, by outcome class.", "outcome")
    )
    refusals: Tally = field(default_factory=lambda: Tally("rempart_refusals", "Refusals by code.", "code"))
    batch: Spread = field(
        default_factory=lambda: Spread("rempart_batch_items", "Questions that shared one round.", SIZES)
    )
    keeper: Spread = field(
        default_factory=lambda: Spread("rempart_keeper_seconds", "One call of derive or open, many items.")
    )
    find: Spread = field(default_factory=lambda: Spread("rempart_find_seconds", "One read of sealed records."))
    settle: Spread = field(default_factory=lambda: Spread("rempart_settle_seconds", "One settle, durable."))
    queue: Level = field(default_factory=lambda: Level("rempart_queue_items", "Questions that wait for a lane."))
    late: Level = field(
        default_factory=lambda: Level("rempart_cadence_missed", "Answers that left at a later multiple of the cadence.")
    )

    def all(self) -> tuple[Tally | Spread | Level, ...]:
        """Everything, in the order it is shown."""
        return (
            self.requests, self.answers, self.refusals, self.batch, self.keeper, self.find, self.settle, self.queue,
            self.late,
        )  # fmt: skip


@dataclass(slots=True)
class WorkerFigures:
    """What one worker counts."""

    folded: Tally = field(
        default_factory=lambda: Tally("rempart_disclosures_folded", "Disclosures folded into the log.")
    )
    invoices: Tally = field(
        default_factory=lambda: Tally("rempart_invoices_decided", "Invoices decided, by outcome.", "outcome")
    )
    keeper: Spread = field(
        default_factory=lambda: Spread("rempart_keeper_seconds", "One call of derive or open, many items.")
    )
    find: Spread = field(default_factory=lambda: Spread("rempart_find_seconds", "One read of sealed records."))
    settle: Spread = field(default_factory=lambda: Spread("rempart_settle_seconds", "One settle, durable."))
    reconciled: Tally = field(
        default_factory=lambda: Tally("rempart_reconciled", "Journal entries and disclosures compared.", "side")
    )
    surplus: Tally = field(
        default_factory=lambda: Tally("rempart_reconciliation_surplus", "What one side had alone, by kind.", "kind")
    )
    alarms: Tally = field(default_factory=lambda: Tally("rempart_alarms", "Alarms raised, by code.", "code"))
    checked: Spread = field(
        default_factory=lambda: Spread("rempart_invariants_seconds", "One look at the invariants of the money.")
    )
    broken: Level = field(
        default_factory=lambda: Level("rempart_invariants_broken", "Violations last seen, by invariant.", "invariant")
    )
    deposits: Level = field(default_factory=lambda: Level("rempart_deposits_waiting", "Deposits not yet decided."))
    batches: Level = field(
        default_factory=lambda: Level(
            "rempart_batches_open", "Batches of questions not yet answered, by state.", "state"
        )
    )
    held: Level = field(
        default_factory=lambda: Level("rempart_invoices_open", "Invoices that wait or are held, by state.", "state")
    )

    webhooks: Level = field(
        default_factory=lambda: Level(
            "rempart_webhooks_stopped", "Webhooks that failed too often and are told nothing."
        )
    )

    def all(self) -> tuple[Tally | Spread | Level, ...]:
        """Everything, in the order it is shown."""
        return (
            self.folded, self.invoices, self.keeper, self.find, self.settle, self.reconciled, self.surplus, self.alarms,
            self.checked, self.broken, self.deposits, self.batches, self.held,
            self.webhooks,
        )  # fmt: skip
