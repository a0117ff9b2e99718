"""The demo's ready-made people: their passkeys lie in a file of the portal, which signs for whoever presses a name.

The hub and the keeper see an ordinary sign-in. `unsafe_demo_people` in the configuration, which production refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from rempart.client.demo_passkey import DemoPasskey
from rempart.ground.files import SecretRefused, read_secret
from rempart.portal.desks import PROFESSIONS
from rempart.portal.words import N_

PLACES: Final[Mapping[str, str]] = {
    **PROFESSIONS, "operator": N_("Bureau de l’opérateur"), "insurer": N_("Bureau de l’organisme"),
}  # fmt: skip
ROLES: Final[Mapping[str, str]] = {
    "professional": N_("professionnel"),
    "staff": N_("équipe"),
    "manager": N_("responsable du site"),
    "agent": N_("agent"),
    "support": N_("assistance"),
    "case-worker": N_("gestionnaire"),
    "insurer-manager": N_("responsable"),
}


class DemoPerson(msgspec.Struct, frozen=True):
    """Somebody invented. `profession` and `role` in the hub's words; `site` is where they work.

    At a desk: `profession` operator or insurer, `site` the operator or the insurer's number.
    """

    profession: str
    role: str
    site: str
    passkey: DemoPasskey

    @property
    def called(self) -> tuple[str, str]:
        """Profession and role, as source texts."""
        return PLACES.get(self.profession, self.profession), ROLES.get(self.role, self.role)


def read(path: Path) -> tuple[DemoPerson, ...] | SecretRefused:
    """The people of a file that only its owner may read, or why not."""
    content = read_secret(path)
    if isinstance(content, SecretRefused):
        return content
    try:
        return msgspec.json.decode(content, type=tuple[DemoPerson, ...])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return SecretRefused(path, "secret-malformed", f"{path} is no list of demo people: let the demo write it")
