"""An operator's portal on this machine, with somebody invited: for the sandbox and for tests in a browser.

Its host is `localhost`, the one name for which browsers make passkeys without https. For invented people only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rempart.bootstrap import inviting
from rempart.bootstrap.house import House, free_ports
from rempart.bootstrap.portal import new_key
from rempart.bootstrap.registering import registrar
from rempart.ground.files import private_folder
from rempart.ground.instants import PARIS, civil_date, now
from rempart.sealing.ringing import Nothing

YEAR = timedelta(days=365)
HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Brand:
    """How an operator shows itself. `id` as its sites name it."""

    id: str
    name: str
    colour: str
    telephone: str = "01 99 00 00 00"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who was invited to a site, with a code that is good once."""

    profession: str
    site: str
    code: str = field(repr=False)


def open_portal(house: House, brand: Brand, port: int = 0) -> str:
    """Registers the operator's portal, starts it, and gives its address. `port` 0 takes a free one."""
    port = port or free_ports(1)[0]
    origin, folder = f"http://{HOST}:{port}", private_folder(house.folder / f"portal-{brand.id}")
    thumbprint = new_key(folder / "portal-key.json")
    with house.ring() as ring:
        keeper = ring.call("health", [Nothing()])[0].verifier_key
    lines: Mapping[str, object] = {
        "production": False, "unsafe_plain_http": True, "listen_port": port, "public_origin": origin,
        "hub": house.base, "keeper": keeper,
    }  # fmt: skip
    shown = {"id": brand.id, "name": brand.name, "colour": brand.colour, "telephone": brand.telephone}
    text = _toml(lines) + "[operator]\n" + _toml(shown)
    config = folder / "portal.toml"
    config.write_text(text, "utf-8")
    with registrar(house.settings) as registering:
        refusal = inviting.add_portal(registering, inviting.Portal(brand.id, HOST, (origin,), (thumbprint,)))
    if refusal:
        raise RuntimeError(f"the portal was refused: {refusal}")
    name = f"portal-{brand.id}"
    house.portals[name] = (config, port)
    house.launch(name)
    return origin


def invite(house: House, operator: str, site: str, profession: str, *, role: str = "professional") -> Guest:
    """Invites somebody to a site for a year from today."""
    today = civil_date(now(), PARIS)
    asked = inviting.Invitation(operator, site, role, today, today + YEAR)
    with registrar(house.settings) as registering:
        found = inviting.invite(registering, asked, now())
    if isinstance(found, str):
        raise RuntimeError(f"the invitation was refused: {found}")
    return Guest(profession, site, found.code)


def _toml(values: Mapping[str, object]) -> str:
    told = {True: "true", False: "false"}
    return "".join(
        f"{name} = {told[value] if isinstance(value, bool) else value if isinstance(value, int) else _quoted(value)}\n"
        for name, value in values.items()
    )


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
