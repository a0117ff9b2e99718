"""The world of money, for the tests of this folder that pay."""

from __future__ import annotations

from support.money import keeper_sockets, money

__all__ = ["keeper_sockets", "money"]
