"""A verification of payee for demonstrations: answers by rule, asks nobody. Production refuses to start with it."""

from __future__ import annotations

from rempart.domain.bank_details import Verification


class DemoVerification:
    """The `PayeeVerifier` port, pretended.

    A name that begins with FAUX does not match, one that begins with PRESQUE nearly does; an account that is not
    French cannot be asked about; everything else matches.
    """

    def verify(self, iban: str, name: str) -> Verification:
        """What the pretended bank says."""
        if not iban.startswith("FR"):
            return "not-possible"
        begins = name.upper()
        if begins.startswith("FAUX"):
            return "no-match"
        return "close-match" if begins.startswith("PRESQUE") else "match"
