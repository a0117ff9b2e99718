"""What the commands of `rempart operator` share: the registrar, options, and how a "no" is told."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._output import Exit, fail, settings_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.bootstrap.registering import Registrar

Config = Annotated[Path, typer.Option("--config", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
DEFAULT = Path("rempart.toml")

MEANING = {
    "insurer-malformed": "an insurer's number has 10 digits",
    "insurer-exists": "the keeper knows this insurer with other keys: keys are not replaced",
    "insurer-unknown": "no such insurer is registered, or it has left",
    "card-malformed": "a card needs an AMC number of 10 digits and dates in order",
    "other-insurer": "this table names another insurer",
    "site-malformed": "a site is named by its billing number: 9 characters, the last a key",
    "finess-malformed": "a FINESS has 9 characters, the last a key",
    "profession-unknown": "the configuration has a budget for no such profession",
    "zone-unknown": "name a time zone like Europe/Paris or Indian/Reunion",
    "site-unknown": "no such site is registered, or it is closed for ever",
    "client-exists": "this id is taken, or was: choose another",
    "client-malformed": "an id has 1 to 128 characters; a client has at least one key",
    "client-unknown": "no such client is registered, or it is revoked for ever",
    "client-site": "a client of kind site names its own site, another kind names none",
    "kind-unknown": "the kind is site, vendor or concentrator",
    "kid-missing": "the key has no `kid`",
    "kid-used": "this `kid` was used before: make another key",
    "key-unknown": "this client has no such key in force",
    "last-key": "it is the only key: add the new one first, or revoke the client",
    "private-key-presented": "this file holds the private part: that key is lost, make another",
    "unsupported-key": "keys are P-256 or Ed25519",
    "malformed-key": "this is no public JWK",
    "own-site-only": "a client of kind site acts for its own site, by no mandate",
    "nobody-sits-there": "people sit at programs of sites and vendors alone",
    "mandate-malformed": "a mandate begins before it ends",
    "no-mandate": "no mandate of this pair is in force",
    "compartment-unknown": "name hub, channel:api|files|portal, portal:…, operator:…, insurer:…, profession:…, "
    "region:… or function:authorizations|bank-details",
    "not-restrictable": "bank details need no card: close them instead",
    "closed-already": "it is closed, which is more; two people open it first",
    "reopens-in-the-past": "the expected reopening is later than now",
    "sentence-in-both-languages": "give the sentence in French and in English, or in neither",
    "sentence-shape": "a sentence has at most 300 characters on one line",
    "operator-unknown": "no site and no insurer is this operator's",
    "region-unknown": "a region is a department: 01 to 95, 2A, 2B, 971 to 978, 984, 986 to 988",
    "reason-shape": "a reason is a few words of small letters, digits and dashes",
    "not-closed": "this compartment is not closed",
    "portal-malformed": "a portal has a host name, https origins of that host and thumbprints of 43 characters",
    "unknown-portal": "register the operator's portal first: rempart operator portal add",
    "role-unknown": "a role is professional, staff or manager; of a desk agent, support, security, data-protection, "
    "case-worker or insurer-manager",
    "role-options": "a role of a site goes with --site, --first and --last, an insurer's with --insurer, the "
    "operator's with none of them; see --help for the roles",
    "other-desk": "an insurer's person is bound to an insurer's number, an operator's to that operator",
    "accountable-required": "staff are invited with --accountable ACCOUNT, a professional or manager of the site who "
    "answers for them, or with --has-number; nobody else is",
    "accountable-unknown": "who answers is a professional or manager of this operator, who works at the site and is no "
    "locum there",
    "other-operator": "this site is another operator's",
    "other-role": "this account has another role, or another desk",
    "account-unknown": "this operator has no such account",
    "manager-recovers": "another manager of the site lets colleagues back in: ask that one, or --although-manager",
    "provider-malformed": "a provider has an issuer, a client id, and public keys of RSA 2048 or more, or P-256",
    "malformed-keys": "this is no JWKS with a key that signs",
    "rpps-malformed": "an RPPS number has 11 digits, the last one a key",
    "link-exists": "this person has another account here, or this account is another person's: unlink it first",
    "link-unknown": "this account is not linked",
    "unknown-passkey": "this account has no such passkey",
    "passkey-ambiguous": "several passkeys begin so: give more of the id",
    "account-revoked": "this account was ended for ever",
    "federated": "it signs in at its hospital's own provider and has no passkey here: have its access ended there, or "
    "end it: rempart operator client revoke",
    "officer-missing": "name the officer",
    "day-past": "that day is past: what was paid since cannot be taken back here",
    "day-far": "that day is more than a year ahead",
    "officer-already-spoke": "this person has spoken: another one must",
}


@contextmanager
def registering(config: Path) -> Iterator[Registrar]:
    """Keeper and database, or the command ends with what to do."""
    from rempart.bootstrap.registering import NotReachableError, registrar

    try:
        with registrar(settings_or_fail(config)) as made:
            yield made
    except NotReachableError as error:
        fail(str(error), Exit.LACKING, code=error.code)


def end_if(refusal: str, subject: str) -> None:
    """Ends the command when there is a "no"; `subject` is a number or an id, never a person."""
    if refusal:
        fail(f"{subject}: nothing was changed: {MEANING.get(refusal, refusal)}", Exit.NO, code=refusal)


def instant() -> int:
    """The time of the command, microseconds UTC."""
    from rempart.ground.instants import now

    return now()
