"""The gateway's own configuration file, `sftp.toml`: where it listens, which hub it passes files to, its limits.

`load` gives `Settings` or what is wrong. No value is repeated in a fault.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from rempart.client.exchange import LOOPBACK
from rempart.ground.config_file import SettingFault, read_text, shaped
from rempart.ground.options import Count, Port, Section

MEGABYTE = 1_048_576


class Limits(Section, frozen=True, kw_only=True):
    """[limits]: bytes, counts and seconds. What is being received is held in memory and nowhere else."""

    file_most_bytes: Count = 64 * MEGABYTE
    held_most_bytes: Count = 512 * MEGABYTE  # of all files that are being received
    files_a_day: Count = 2_000  # of one client, by this gateway since it started; UTC days
    bytes_a_day: Count = 4_096 * MEGABYTE
    connections: Count = 100
    address_connections: Count = 16  # of one address, signed in or not
    client_connections: Count = 8
    idle_seconds: Count = 300
    sign_in_seconds: Count = 20


class Settings(Section, frozen=True, kw_only=True):
    """The file whole. Relative paths start at its folder."""

    listen_host: str = "127.0.0.1"
    listen_port: Port = 2222
    hub: str
    hub_connect: str = ""  # where to connect, when that is not the hub's origin itself
    client: Annotated[str, Meta(min_length=1, max_length=128)] = "sftp"  # its id, registered as kind gateway
    key_file: Path = Path("sftp-key.json")  # mode 0600, made by `rempart sftp new-key`
    host_key_file: Path = Path("sftp-host-key")  # mode 0600, made with it
    names_file: Path = Path("sftp-names")  # which name became which deposit, sealed; mode 0600
    names_days: Count = 31  # a report is found by its name so long
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9102
    limits: Limits = Limits()


def load(path: Path) -> Settings | tuple[SettingFault, ...]:
    """Read the file at `path`."""
    text = read_text(path, "write it as docs/operations/sftp.md")
    return (text,) if isinstance(text, SettingFault) else parse(text, path.absolute().parent)


def parse(text: str, folder: Path) -> Settings | tuple[SettingFault, ...]:
    """The same for a text; relative paths start at `folder`."""
    found = shaped(text, Settings)
    if isinstance(found, SettingFault):
        return (found,)
    faults = tuple(
        SettingFault(name, "address", "expected https://host[:port], or http:// on this machine")
        for name in ("hub", "hub_connect")
        if (address := getattr(found, name)) and not _right(address)
    )
    paths = {name: folder / getattr(found, name) for name in ("key_file", "host_key_file", "names_file")}
    return faults or msgspec.structs.replace(found, **paths)


def _right(address: str) -> bool:
    try:
        parts = urlsplit(address)
        whole = f"{parts.scheme}://{parts.netloc}" == address and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False
    return whole and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
