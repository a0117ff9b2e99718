"""A memory of what was used: nothing passes twice while it lives, and it stays within its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.application.replay import ReplayMemory


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.integers(1, 128)), max_size=120))
def test_no_live_key_passes_twice(uses: list[tuple[int, int, int]]) -> None:
    """Over any run of a clock, a key that is still alive is refused, and a new one passes."""
    memory, alive, now = ReplayMemory(span=128), dict[int, int](), 1_800_000_000
    for step, key, life in uses:
        now += step
        if alive.get(key, 0) > now:
            assert not memory.first(key.to_bytes(32), now + life)
        elif key not in alive:
            assert memory.first(key.to_bytes(32), now + life)
            alive[key] = now + life


def test_memory_is_given_back() -> None:
    """After the longest life nothing of the past is held."""
    memory = ReplayMemory(span=128)
    for second in range(10_000):
        memory.first(second.to_bytes(32), 1_800_000_000 + second)
    assert len(memory) < 300


def test_a_full_memory_refuses_instead_of_forgetting() -> None:
    """With no room left a new key is refused, and an old one still is."""
    memory = ReplayMemory(span=128, most=2)
    assert [memory.first(bytes([key]), 1000) for key in (1, 2, 3, 1)] == [True, True, False, False]
    assert memory.first(b"later", 2000)


def test_bounds_are_positive() -> None:
    """A memory without room or span is a fault of configuration."""
    with pytest.raises(ValueError, match="at least 1"):
        ReplayMemory(span=0)
