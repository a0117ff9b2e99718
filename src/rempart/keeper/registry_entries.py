"""The lines of the registry, as they are on disk: one struct for each kind. Bytes are base64 in JSON."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Kind = Literal["site", "vendor", "concentrator", "insurer", "gateway", "account"]


class Entry(msgspec.Struct, tag_field="what", tag=True):
    """What every line is."""


class ClientEntry(Entry, tag="client"):
    """A client, or its keys anew."""

    id: str
    kind: Kind
    site: str
    vendor: str
    keys: dict[str, dict[str, Any]]


class RevokeEntry(Entry, tag="revoke"):
    """The end of a client, an account among them."""

    id: str


class MandateEntry(Entry, tag="mandate"):
    """For whom a client may act, and when."""

    client: str
    site: str
    start: int
    end: int


class PortalEntry(Entry, tag="portal"):
    """An operator's portal, or the same anew."""

    operator: str
    rp_id: str
    origins: tuple[str, ...]
    keys: tuple[str, ...]


class InvitationEntry(Entry, tag="invitation"):
    """An invitation, by the hash of its code; the account comes into being with its first one."""

    code_hash: bytes
    account: str
    operator: str
    site: str
    role: str
    expires: int
    accountable: str = ""


class PasskeyEntry(Entry, tag="passkey"):
    """An invitation used and the passkey that it gave: one line, so that there is never one without the other."""

    code_hash: bytes
    credential: bytes
    key: bytes
    counter: int
    made: int = 0  # microseconds UTC


class AddedEntry(Entry, tag="passkey-added"):
    """One more passkey of an account, made in a session of it; `watched`: no passkey vouched for it."""

    account: str
    operator: str
    role: str
    watched: bool
    credential: bytes
    key: bytes
    counter: int
    made: int


class PasskeyRevokedEntry(Entry, tag="passkey-revoked"):
    """The end of a passkey, named by its digest."""

    passkey: bytes


class SignedOutEntry(Entry, tag="signed-out"):
    """Every session of an account that began at or before an instant is over."""

    account: str
    instant: int


class RecoveryEntry(Entry, tag="recovery"):
    """Passkeys, sessions and older invitations of an account end, and one new invitation is good: all in one line."""

    code_hash: bytes
    account: str
    operator: str
    site: str
    role: str
    expires: int
    by: str
    instant: int


class CodesEndedEntry(Entry, tag="codes-ended"):
    """Every code of an account that was not used is worth nothing."""

    account: str
    instant: int


class ProviderEntry(Entry, tag="provider"):
    """Who vouches for people at an operator's portal, or the same anew; `keys` are public JWKs."""

    operator: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    keys: dict[str, dict[str, str]]


class LinkEntry(Entry, tag="link"):
    """A person, by a keyed hash, bound to an account at one more site."""

    name: bytes
    operator: str
    account: str
    site: str
    role: str
    until: int


class UnlinkEntry(Entry, tag="unlink"):
    """The end of every link of an account."""

    operator: str
    account: str


class StationEntry(Entry, tag="station"):
    """A browser that is a workstation of a site: its name, and its public key as an uncompressed P-256 point."""

    station: bytes
    operator: str
    site: str
    key: bytes
    by: str
    made: int


class StationEndedEntry(Entry, tag="station-ended"):
    """The end of a workstation."""

    station: bytes


class DelegationEntry(Entry, tag="delegation"):
    """A locum's mandate, which a manager signed; the same start with another end ends it early."""

    account: str
    site: str
    start: int
    end: int
    by: str
    instant: int
    code_hash: bytes = b""  # of the code that was used for it, which it ends


class DelegationCodeEntry(Entry, tag="delegation-code"):
    """A code by which a locum may work at a site on these days, by its hash; `by` signed it."""

    code_hash: bytes
    operator: str
    site: str
    first: str
    last: str
    start: int
    end: int
    expires: int
    by: str
    instant: int


class HospitalEntry(Entry, tag="hospital"):
    """A hospital's own provider at an operator's portal, or the same anew; `keys` are public JWKs."""

    operator: str
    name: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    amr: tuple[str, ...]
    claim: str
    roles: dict[str, str]
    sites: tuple[str, ...]
    keys: dict[str, dict[str, str]]


class HospitalPersonEntry(Entry, tag="hospital-person"):
    """The account of somebody whom a hospital's provider named, by a keyed hash."""

    name: bytes
    operator: str
    account: str


HospitalLine = HospitalEntry | HospitalPersonEntry
StationLine = StationEntry | StationEndedEntry | DelegationEntry | DelegationCodeEntry


class MandateCodeEntry(Entry, tag="mandate-code"):
    """A code by which a program gets a site's mandate, by its hash; `client` "*": whichever presents it."""

    code_hash: bytes
    operator: str
    site: str
    client: str
    expires: int
    by: str
    instant: int


class ProgramMandateEntry(Entry, tag="program-mandate"):
    """A program's mandate that a manager let, or the same start with another end. `code_hash`: of the code it used."""

    code_hash: bytes
    client: str
    site: str
    start: int
    end: int
    by: str
    instant: int


class ProgramClientEntry(Entry, tag="program-client"):
    """A site's own program that came by a code: client, key and site, and the code's use, in one line."""

    code_hash: bytes
    client: str
    site: str
    key: dict[str, str]
    by: str
    instant: int


ProgramLine = MandateCodeEntry | ProgramMandateEntry | ProgramClientEntry
ProviderLine = ProviderEntry | LinkEntry | UnlinkEntry
AccountEntry = (
    PortalEntry
    | InvitationEntry
    | PasskeyEntry
    | AddedEntry
    | PasskeyRevokedEntry
    | SignedOutEntry
    | RecoveryEntry
    | CodesEndedEntry
)
AnyEntry = (
    ClientEntry | RevokeEntry | MandateEntry | ProgramLine | ProviderLine | StationLine | HospitalLine | AccountEntry
)
