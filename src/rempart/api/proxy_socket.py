"""The Unix socket on which the hub listens to the proxy that ends TLS: made by us, for one group, never open to all."""

from __future__ import annotations

import grp
import os
import socket
from pathlib import Path


def proxy_socket(path: Path, group: str) -> socket.socket:
    """A listening socket at `path`, mode 0600, or 0660 for `group`; one left by a dead hub is replaced.

    Raises OSError, and KeyError when there is no such group.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    if group:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
        path.chmod(0o660)
    listener.listen(2048)
    listener.settimeout(0)
    return listener
