"""What the tables of the API's document are made of: the words of one operation, and the codes that many share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One operation. `codes` are those of `problems.TABLE` it may answer; `secured`: it needs a token."""

    summary: str
    text: str
    codes: tuple[str, ...]
    secured: bool = True
    body: str = ""  # the struct of its request
    fails: str = "Problem"  # the struct of its refusals
    proof: bool = False  # it needs a proof of a key, without a token


ALWAYS = ("malformed-request", "unavailable")
SIGNED = (*ALWAYS, "grant-invalid")
DOOR = ("client-standing", "site-standing", "token", "purpose", "compartment")
LOOKING = (*DOOR, "compartment-restricted")
"""Of what looks somebody up."""

AGENT = ("purpose", "client-standing", "compartment")
