"""Decided lines as `copies.decision_lines` stores them, read back without what makes them: for who pays and settles.

What a payer's or settler's command imports is most of what it costs on a quiet day, so this module imports little.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rempart.domain.decision import DecidedLine, RuleAmount

_Line = tuple[int, str, int, int, int, int, str, tuple[RuleAmount, ...], int]
_lines = msgspec.msgpack.Decoder(list[_Line]).decode
_Told = tuple[int, str, int, int, int, int, str, msgspec.Raw, int]
_told = msgspec.msgpack.Decoder(list[_Told]).decode


class Told(NamedTuple):
    """What a site is told of a line that has a reason."""

    number: int
    domain: str
    reason: str


def read_lines(stored: bytes) -> tuple[DecidedLine, ...]:
    """Every line whole."""
    return tuple([
        DecidedLine(number, domain, spent, amo, amc, patient, rules, reason, other)
        for number, domain, spent, amo, amc, patient, reason, rules, other in _lines(stored)
    ])  # fmt: skip


def read_reasons(stored: bytes) -> list[Told]:
    """The lines that have a reason; rules are not read."""
    return [Told(line[0], line[1], line[6]) for line in _told(stored) if line[6]]
