"""A second hub beside a house's own: the same database, keeper and audience, ports of its own."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from rempart.bootstrap.house import House, free_ports
from support import zygote


@contextmanager
def second_hub(house: House) -> Iterator[str]:
    """Where it answers; proofs name the house's own audience."""
    port, metrics = free_ports(2)
    text = house.config.read_text("utf-8")
    head, hub, tail = re.split(r"(?ms)^(\[hub\]\n.*?)(?=^\[)", text, maxsplit=1)
    hub = re.sub(r"(?m)^port = \d+", f"port = {port}", hub)
    hub = re.sub(r"(?m)^metrics_port = \d+", f"metrics_port = {metrics}", hub)
    config = house.folder / "second.toml"
    config.write_text(head + hub + tail, "utf-8")
    with (house.folder / "second-hub.log").open("ab") as log:
        process = zygote.start(("hub", "--config", str(config)), log)
    try:
        deadline = time.monotonic() + 60
        while not _healthy(metrics):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
