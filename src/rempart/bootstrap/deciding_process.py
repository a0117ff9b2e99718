"""A further deciding process of a worker (`worker.processes`): it decides and does nothing else.

It ends when its standard input does, so it never outlives its worker; what it counted goes back as the log's process
does it. A part of a file that it holds when it is told to end is free at once; when it is killed, after its lease.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from pathlib import Path

from rempart.bootstrap.clock import clock_of
from rempart.bootstrap.log_process import TELL_SECONDS, tell, until_input_ends
from rempart.bootstrap.worker import COLLECTED_AFTER, SWITCH_SECONDS, Worker
from rempart.ground.settings import Settings


def run(settings: Settings, config: Path) -> None:
    """Works until standard input ends or SIGTERM."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*COLLECTED_AFTER)
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the worker says when to end
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    threading.Thread(target=until_input_ends, args=(stop,), daemon=True).start()
    asyncio.run(_work(Worker(settings, settings.database.worker_url, config, clock_of(settings)), stop))


async def _work(worker: Worker, stop: threading.Event) -> None:
    told: dict[tuple[str, object], int] = {}
    working = asyncio.create_task(worker.work())
    while not stop.is_set() and not working.done():
        await asyncio.wait((working,), timeout=TELL_SECONDS)
        tell(worker.figures, told)
    working.cancel()
    (ended,) = await asyncio.gather(working, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended
