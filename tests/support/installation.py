"""A complete installation that nothing is wrong with, to be broken one fault at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from rempart.bootstrap.doctor import ground_of
from rempart.bootstrap.house import free_ports
from rempart.ground.settings import Settings, load
from rempart.keeper.start import init
from support.databases import Database


@dataclass
class Installation:
    """`options` become the configuration file when `examine`d; `admin` runs SQL as the superuser."""

    folder: Path
    database: Database
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    head: str = ""

    @property
    def config(self) -> Path:
        return self.folder / "rempart.toml"

    def write(self) -> Path:
        sections = "".join(
            f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
            for name, values in self.options.items()
        )
        self.config.write_text(self.head + sections, "utf-8")
        return self.config

    def set(self, section: str, key: str, value: str) -> None:
        self.options.setdefault(section, {})[key] = value

    def settings(self) -> Settings:
        found = load(self.write())
        assert isinstance(found, Settings), found
        return found

    def admin(self, statement: str, *arguments: Any) -> None:
        with psycopg.connect(self.database.url(), autocommit=True) as admin:
            admin.execute(statement, arguments or None)

    def login(self, name: str, words: str) -> str:
        """A URL for a fresh login made with these words; made anew when a test before left it."""
        self.admin(f"drop role if exists {name}")
        self.admin(f"create role {name} login {words}")
        self.admin(f"grant connect on database {self.database.name} to {name}")
        return self.database.url().replace("rempart_admin@", f"{name}@")

    def drop_login(self, name: str) -> None:
        self.admin(f"drop owned by {name}")
        self.admin(f"drop role {name}")


def install(folder: Path, database: Database) -> Installation:
    """Ring, folders and configuration, as an operator leaves them."""
    folder.chmod(0o700)
    made = Installation(folder, database)
    hub, hub_metrics, worker_metrics = free_ports(3)
    for role in ("owner", "hub", "worker", "auditor"):
        made.set("database", f"{role}_url", f'"{database.url(role)}"')
    made.set("hub", "port", str(hub))
    made.set("hub", "metrics_port", str(hub_metrics))
    made.set("worker", "metrics_port", str(worker_metrics))
    init(made.settings())
    return made


__all__ = ["Installation", "ground_of", "install"]
