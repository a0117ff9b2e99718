"""What is read back of stored lines is what was decided, whole or reasons only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.storage.copies import decision_lines
from rempart.storage.copies import read_lines as read_as_copies
from rempart.storage.decided_lines import read_lines, read_reasons

CENTS = st.integers(-(10**9), 10**9)
RULES = st.lists(st.builds(RuleAmount, st.text(max_size=20), CENTS), max_size=3).map(tuple)
LINE = st.builds(
    DecidedLine, st.integers(1, 99), st.sampled_from(("pharmacy", "optics")), CENTS, CENTS, CENTS, CENTS, RULES,
    st.sampled_from(("", "rights-closed", "domain-not-covered")), CENTS,
)  # fmt: skip


@given(st.lists(LINE, max_size=4).map(tuple))
def test_lines_are_read_back_as_they_were_decided(lines: tuple[DecidedLine, ...]) -> None:
    """Every amount and rule, as the copies' own reader gives them; of reasons, only the lines that have one."""
    stored = decision_lines(Decision("accepted", lines=lines))
    assert read_lines(stored) == read_as_copies(stored) == lines
    assert all(isinstance(rule, RuleAmount) for line in read_lines(stored) for rule in line.rules)
    assert read_reasons(stored) == [(line.number, line.domain, line.reason) for line in lines if line.reason]
