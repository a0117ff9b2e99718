"""A card for a phone: what a card on paper says, for a few days, and with the key by which the phone shows it alive.

The insurer's application sends the public half of a P-256 key that the phone keeps in hardware; the card that comes
back is good for seven days at most, and before that the application fetches another.
"""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.domain.card import LIVE_MOST, Card, Live
from rempart.formats.card.signing import sign_card

POINT = 64  # bytes: x, then y


def phone_card(card: Card, insurer: str, key: Ed25519PrivateKey, point: bytes, *, span: tuple[int, int]) -> bytes:
    """The card as the phone keeps it, signed; `span` is from when to when it lives, seconds UTC.

    ValueError when `point` (x then y) is not of P-256, or the span is empty or longer than seven days.
    """
    issued, expires = span
    if not 0 < expires - issued <= LIVE_MOST:
        raise ValueError("a card on a phone lives seven days at most")
    if len(point) != POINT:
        raise ValueError("the phone's key is a point of 64 bytes")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point)
    return sign_card(replace(card, live=Live(issued, expires, point)), insurer, key)
