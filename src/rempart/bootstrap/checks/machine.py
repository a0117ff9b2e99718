"""The machine: ports, folders, disk, open files, time zones."""

from __future__ import annotations

import errno
import http.client
import os
import resource
import socket
import stat
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING

from rempart.ground.instants import MICROSECONDS

from .findings import Check, Fault, Ground, Outcome, found

if TYPE_CHECKING:
    from rempart.ground.settings import Settings

LEAST_FREE = 1 << 30  # bytes
LEAST_FILES = 1_024
MESSAGE_LATE = 86_400  # seconds
SPARE_FILES = 256  # beside one per request that waits
LONGEST_SOCKET = 107  # bytes of sockaddr_un.sun_path, less its zero
ZONES = (
    "Europe/Paris", "America/Guadeloupe", "America/Martinique", "America/Cayenne", "America/Miquelon",
    "Indian/Reunion", "Indian/Mayotte", "Pacific/Noumea", "Pacific/Tahiti",
)  # fmt: skip


def ports(ground: Ground) -> Outcome:
    """Every port is free, or it is our own program that listens there."""
    faults: list[Fault] = []
    wanted = _listeners(ground.settings)
    taken: dict[tuple[str, int], str] = {}
    for name, host, port, health in wanted:
        if not port:
            continue
        if (host, port) in taken:
            sentence = f"{name} and {taken[host, port]} are the same port"
            faults.append(Fault("port-twice", sentence, f"give {name} another port"))
            continue
        taken[host, port] = name
        refusal = _refusal(host, port)
        if refusal is None or (refusal == errno.EADDRINUSE and answers(host, health)):
            continue
        if refusal == errno.EADDRINUSE:
            todo = f"end the other program, or set {name} to a free port"
            faults.append(Fault("port-in-use", f"{name}: another program listens on port {port}", todo))
        else:
            todo = f"set {name} to a port and its host to an address of this machine that this user may use"
            sentence = f"{name}: this user cannot listen there ({os.strerror(refusal)})"
            faults.append(Fault("port-unusable", sentence, todo))
    for path in _sockets(ground.settings):
        if len(os.fsencode(path)) > LONGEST_SOCKET:
            todo = f"choose a folder that leaves the whole path under {LONGEST_SOCKET} bytes"
            faults.append(Fault("socket-path-long", f"{path} is too long for a Unix socket", todo))
    return found(faults, "free or ours")


def _listeners(settings: Settings) -> tuple[tuple[str, str, int, int], ...]:
    """(option, host, port, port of the program's health)."""
    hub, worker = settings.hub, settings.worker
    return (
        ("hub.port", hub.host, hub.port, hub.metrics_port),
        ("hub.metrics_port", hub.metrics_host, hub.metrics_port, hub.metrics_port),
        ("worker.metrics_port", worker.metrics_host, worker.metrics_port, worker.metrics_port),
    )


def _sockets(settings: Settings) -> tuple[Path, ...]:
    named = [settings.paths.keeper_socket(name) for name in ("ask", "load", "box", "ring")]
    proxy = settings.hub.client_certificate.proxy_socket
    return (*named, proxy) if proxy else tuple(named)


def _refusal(host: str, port: int) -> int | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            return error.errno or errno.EINVAL
    return None


def answers(host: str, port: int) -> bool:
    """Whether a program of ours tells on this port that it lives."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().read(64) == b"alive\n"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def folders(ground: Ground) -> Outcome:
    """Every folder is ours to write and closed to others, or can be made."""
    faults: list[Fault] = []
    for name, path, open_to_group in _folders(ground.settings):
        if not _visible(path):
            continue  # another program's folder, which this user rightly may not even see
        if not path.exists():
            above = next(parent for parent in path.parents if parent.exists())
            if not os.access(above, os.W_OK | os.X_OK):
                todo = f"run `install -d -m 700 -o {_user()} {path}`"
                faults.append(Fault("folder-absent", f"{name}: {path} does not exist and cannot be made", todo))
        elif not path.is_dir():
            faults.append(Fault("folder-not-folder", f"{name}: {path} is not a folder", f"move it away, or set {name}"))
        else:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & (0o027 if open_to_group else 0o077):
                todo = f"run `chmod {'750' if open_to_group else '700'} {path}`"
                faults.append(Fault("folder-open", f"{name}: {path} is open to others", todo))
            if not os.access(path, os.W_OK | os.X_OK):
                faults.append(
                    Fault(
                        "folder-not-writable", f"{name}: this user cannot write {path}", f"run `chown {_user()} {path}`"
                    )
                )
    return found(faults, "private and writable")


def _user() -> str:
    return str(os.geteuid())


def _folders(settings: Settings) -> tuple[tuple[str, Path, bool], ...]:
    """(option, folder, whether a group may enter)."""
    return (
        ("paths.data", settings.paths.data, False),
        ("paths.spool", settings.paths.spool, False),
        ("paths.messages", settings.paths.messages, False),
        ("paths.keeper_sockets", settings.paths.keeper_sockets, True),
        ("payment.output", settings.payment.output, False),
    )


def messages(ground: Ground) -> Outcome:
    """Somebody takes the messages away: half of each code waits in one, and without it nobody comes in."""
    folder = ground.settings.paths.messages
    if not _visible(folder) or not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return found([], "no message was ever written, or another program's folder")
    try:
        written = [path.stat().st_mtime for path in folder.glob("*.json")]
    except FileNotFoundError:  # taken away meanwhile: that is what is asked
        written = []
    late = [at for at in written if ground.now() / MICROSECONDS - at > MESSAGE_LATE]
    if late:
        sentence = f"{len(late)} messages have lain in {folder} for more than a day"
        todo = "have your mail take them away: send `text_fr` or `text_en` to whose account it is, then delete the file"
        return found([Fault("messages-not-taken", sentence, todo)], "")
    return found([], f"{len(written)} wait, none for more than a day")


def disk(ground: Ground) -> Outcome:
    """There is room: a full disk stops answers, because no answer leaves without its disclosure."""
    settings = ground.settings
    places = {
        "paths.data": settings.paths.data,
        "paths.spool": settings.paths.spool,
        "keeper.journal": settings.keeper.journal,
        "payment.output": settings.payment.output,
    }
    faults: list[Fault] = []
    least = 1 << 62
    for name, path in places.items():
        above = next(parent for parent in (path, *path.parents) if _exists(parent))
        status = os.statvfs(above)
        free = status.f_bavail * status.f_frsize
        least = min(least, free)
        if free < LEAST_FREE:
            sentence = f"{name}: {free >> 20} MiB are free on its disk"
            faults.append(Fault("disk-short", sentence, f"free at least {LEAST_FREE >> 20} MiB, or move {name}"))
    return found(faults, f"{least >> 30} GiB free at least")


def _visible(path: Path) -> bool:
    try:
        path.exists()
    except PermissionError:
        return False
    return True


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False


def files(ground: Ground) -> Outcome:
    """A program may hold a connection per request that waits."""
    settings = ground.settings
    needed = settings.hub.queue_limit + SPARE_FILES if settings.production else LEAST_FILES
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return found([], f"{soft} open files")
    sentence = f"this user may hold {soft} open files, {needed} are needed"
    return (Fault("file-limit", sentence, f"run `ulimit -n {needed}`, or set LimitNOFILE={needed} in the service"),)


def zones(_: Ground) -> Outcome:
    """Civil dates of sites and of the ledger can be told."""
    missing = []
    for name in ZONES:
        try:
            zoneinfo.ZoneInfo.no_cache(name)
        except zoneinfo.ZoneInfoNotFoundError:
            missing.append(name)
    if not missing:
        return found([], f"{len(ZONES)} zones")
    return (Fault("zone-data-absent", f"no time zone data for {', '.join(missing)}", "run `pip install tzdata`"),)


PORTS = Check(
    "ports", "Ports are free or held by our own programs; socket paths are short enough.",
    ("port-twice", "port-in-use", "port-unusable", "socket-path-long"), ports,
)  # fmt: skip
FOLDERS = Check(
    "folders", "Folders are private and writable by this user, or can be made.",
    ("folder-absent", "folder-not-folder", "folder-open", "folder-not-writable"), folders,
)  # fmt: skip
MESSAGES = Check(
    "messages", "Messages with halves of codes are taken away within a day.", ("messages-not-taken",), messages
)  # fmt: skip
DISK = Check("disk", "At least 1 GiB is free wherever a program writes.", ("disk-short",), disk)
FILES = Check(
    "open-files", "The limit of open files holds a connection per request that waits.", ("file-limit",), files
)
ZONES_CHECK = Check("time-zones", "Time zone data of France and its overseas is present.", ("zone-data-absent",), zones)
