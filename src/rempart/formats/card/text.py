"""A card as text: what QR codes and DataMatrix codes hold. The code itself is `rempart.ground.card_code`."""

from __future__ import annotations

from rempart.ground.card_code import MINUTE, MOST, PAPER, Scanned, base45, read, unbase45, write

__all__ = ["MINUTE", "MOST", "PAPER", "Scanned", "base45", "read", "unbase45", "write"]
