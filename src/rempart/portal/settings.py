"""The portal's own configuration file, `portal.toml`: where it listens, which operator it shows, which hub it asks.

`load` gives `Settings` or what is wrong. What weakens protection is named `unsafe_…` and refused in production.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from rempart.client.enrolment import key_of
from rempart.ground.config_file import SettingFault, read_text, shaped
from rempart.ground.options import Port, Section

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
OWN: Final = ".localhost"  # names below it are this machine's too (RFC 6761, 6.3): a portal each, for browsers
PROVIDER_BACK: Final = "/pro-sante-connect/retour"
LEAST_CONTRAST = 4.5  # WCAG 2.1, 1.4.3 (AA)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_OPERATOR = re.compile(r"[a-z][a-z0-9-]{0,30}")

Text = Annotated[str, Meta(min_length=1, max_length=120)]


class Operator(Section, frozen=True, kw_only=True):
    """[operator]: the brand whose portal this is. `colour` (#rrggbb) must be legible on white and under white."""

    id: str
    name: Text
    colour: str = "#0b5c55"
    telephone: Text
    hours: Text = "du lundi au vendredi, 8 h 30 – 18 h"
    hours_english: Text = "Monday to Friday, 8:30 to 18:00"
    status_page: str = ""  # where the operator's public status is, on a host that stands when the hub does not


class ProSanteConnect(Section, frozen=True, kw_only=True):
    """[pro_sante_connect]: professionals may sign in by the national provider, as the operator's hub is set up for.

    `authorize` is pinned here: people are sent to that page and to no other, whatever the hub says.
    """

    client_id: Text
    authorize: str = "https://wallet.esw.esante.gouv.fr/auth"
    acr: Text = "eidas1"


class Hospital(Section, frozen=True, kw_only=True):
    """[[hospitals]]: a hospital whose people sign in by its own OpenID provider, as the operator's hub is set up for.

    `name` its word in the address, `label` what people read on the button. `authorize` is pinned here.
    """

    name: Annotated[str, Meta(pattern="^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
    label: Text
    client_id: Text
    authorize: str
    acr: str = ""  # the level to ask for, where the provider knows one
    scope: str = "openid"


class Enrolment(Section, frozen=True, kw_only=True):
    """[enrolment]: professionals whom Pro Santé Connect vouches for may ask to join the operator by themselves.

    `key`: the operator's public key as `rempart operator enrolment new-key` printed it. Bank documents are sealed to it
    here, so that no hub reads them, or puts another key in its place.
    """

    key: Text


class Settings(Section, frozen=True, kw_only=True):
    """The file whole. Relative paths start at its folder."""

    production: bool = True
    listen_host: str = "127.0.0.1"
    listen_port: Port = 8481
    public_origin: str
    hub: str
    hub_connect: str = ""  # where to connect, when that is not the hub's origin itself
    keeper: str = ""  # pins the keeper's key, name+hash+key as the operator gave it: identities are sealed to it
    key_file: Path = Path("portal-key.json")  # mode 0600, made by `rempart portal new-key`
    card_lists: Path | None = None  # folder of the signed lists by which cards are checked without network
    cities: Path | None = None  # a database of cities in MaxMind's format, for people's own list of sessions
    client_address: str = ""  # the header by which the proxy tells a browser's address; without it, who connects
    unsafe_plain_http: bool = False  # on this machine only
    unsafe_clear_identities: bool = False  # without `keeper`: the hub is told who is presented
    unsafe_demo_people: Path | None = None  # passkeys of invented people, offered to everybody who comes
    pro_sante_connect: ProSanteConnect | None = None
    enrolment: Enrolment | None = None
    hospitals: tuple[Hospital, ...] = ()
    operator: Operator

    @property
    def provider_back(self) -> str:
        """Where Pro Santé Connect sends people back, as it is registered there."""
        return self.public_origin + PROVIDER_BACK

    @property
    def enrolment_key(self) -> bytes:
        """What bank documents are sealed to; ValueError where the operator has not opened joining."""
        return key_of(self.enrolment.key if self.enrolment else "")

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_origin.startswith("https://")


def load(path: Path) -> Settings | tuple[SettingFault, ...]:
    """Read the file at `path`."""
    text = read_text(path, "write it as the guide shows")
    return (text,) if isinstance(text, SettingFault) else parse(text, path.absolute().parent)


def parse(text: str, folder: Path) -> Settings | tuple[SettingFault, ...]:
    """The same for a text; relative paths start at `folder`. No value is repeated in a fault."""
    found = shaped(text, Settings)
    if isinstance(found, SettingFault):
        return (found,)
    people = found.unsafe_demo_people and folder / found.unsafe_demo_people
    cities = found.cities and folder / found.cities
    lists = found.card_lists and folder / found.card_lists
    settings = msgspec.structs.replace(
        found,
        key_file=folder / found.key_file,
        unsafe_demo_people=people,
        card_lists=lists,
        cities=cities,
    )
    return tuple(fault for check in CHECKS for fault in check(settings)) or settings


def contrast_with_white(colour: str) -> float:
    """The contrast ratio of #rrggbb with white, as WCAG 2.1 computes it, 1 to 21."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def _addresses(settings: Settings) -> tuple[SettingFault, ...]:
    faults = []
    for key in ("public_origin", "hub", "hub_connect"):
        address = getattr(settings, key)
        if address and not _right(address, plain=key != "public_origin" or settings.unsafe_plain_http):
            reason = "expected https://host[:port], or with unsafe_plain_http = true http:// on this machine"
            faults.append(SettingFault(key, "address", reason))
    return tuple(faults)


def _right(address: str, *, plain: bool) -> bool:
    try:
        parts = urlsplit(address)
        whole = f"{parts.scheme}://{parts.netloc}" == address and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False
    scheme = parts.scheme == "https" or (plain and parts.scheme == "http" and _here(parts.hostname))
    return whole and scheme and bool(parts.hostname)


def _here(host: str | None) -> bool:
    return host in LOOPBACK or (host or "").endswith(OWN)


def _plain_only_at_home(settings: Settings) -> tuple[SettingFault, ...]:
    if settings.unsafe_plain_http and settings.listen_host not in LOOPBACK:
        return (SettingFault("listen_host", "plain-http", "plain http is served on this machine's loopback only"),)
    return ()


def _danger_in_production(settings: Settings) -> tuple[SettingFault, ...]:
    if not settings.production:
        return ()
    reason = "not allowed with production = true: remove it"
    names = (name for name in settings.__struct_fields__ if name.startswith(("unsafe_", "demo_")))
    return tuple(SettingFault(name, "danger-in-production", reason) for name in names if getattr(settings, name))


def _identities_sealed(settings: Settings) -> tuple[SettingFault, ...]:
    if bool(settings.keeper) != settings.unsafe_clear_identities:
        return ()
    reason = "expected name+hash+key of the keeper; or unsafe_clear_identities = true instead of it"
    return (SettingFault("keeper", "keeper-not-pinned", reason),)


def _provider(settings: Settings) -> tuple[SettingFault, ...]:
    options = settings.pro_sante_connect
    pinned = [("pro_sante_connect.authorize", options.authorize)] if options else []
    pinned += [("hospitals.authorize", each.authorize) for each in settings.hospitals]
    wrong = [key for key, address in pinned if not _pinned(settings, address)]
    return tuple(SettingFault(key, "address", "expected https://host/path, without a query") for key in wrong)


def _pinned(settings: Settings, address: str) -> bool:
    """Whether an address may be where people are sent."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    return _right(origin, plain=settings.unsafe_plain_http) and origin + parts.path == address


def _enrolment(settings: Settings) -> tuple[SettingFault, ...]:
    if settings.enrolment is None:
        return ()
    if settings.pro_sante_connect is None:
        return (SettingFault("enrolment", "provider-missing", "joining needs [pro_sante_connect]"),)
    try:
        key_of(settings.enrolment.key)
    except ValueError:
        reason = "expected the line that `rempart operator enrolment new-key` printed"
        return (SettingFault("enrolment.key", "enrolment-key", reason),)
    return ()


def _status_page(settings: Settings) -> tuple[SettingFault, ...]:
    """Where the public status is: somebody clicks it on the page of a closed portal."""
    page = settings.operator.status_page
    if not page or page.startswith("https://"):
        return ()
    return (SettingFault("operator.status_page", "address", "must be an https:// address"),)


def _operator(settings: Settings) -> tuple[SettingFault, ...]:
    operator, faults = settings.operator, []
    if not _OPERATOR.fullmatch(operator.id):
        faults.append(SettingFault("operator.id", "operator-id", "expected small letters, digits and hyphens"))
    if not _COLOUR.fullmatch(operator.colour):
        faults.append(SettingFault("operator.colour", "colour", "expected #rrggbb"))
    elif contrast_with_white(operator.colour) < LEAST_CONTRAST:
        reason = f"too light: its contrast with white must be at least {LEAST_CONTRAST}"
        faults.append(SettingFault("operator.colour", "colour-contrast", reason))
    return tuple(faults)


# Looked at when every option is right by itself.
CHECKS = (
    _addresses, _plain_only_at_home, _danger_in_production, _identities_sealed, _provider, _enrolment, _status_page,
    _operator,
)  # fmt: skip
