"""Structured logs, one JSON object a line on standard error, that cannot carry an identity.

Only keys of `ALLOWED` pass; any other is dropped and its name alone is told under `withheld`, so a new
key is a deliberate change to this page. Exceptions are told as type and place: their message may hold a value.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

import structlog

from rempart.ground.instants import iso, now

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from types import TracebackType

ALLOWED = (
    "event",  # a fixed sentence, never formatted with data
    "level",
    "instant",
    "program",  # keeper, hub, worker, …
    "version",
    "pid",
    "signal",
    "host",
    "port",
    "path",  # of ours: socket, spool, configuration; never a URL with a query
    "operation",
    "code",  # stable code of a "no"
    "status",
    "attempt",
    "count",
    "batch",
    "lane",
    "queue",
    "bytes",
    "rows",
    "seconds",
    "milliseconds",
    "microseconds",
    "limit",
    "used",
    "insurer",  # ten digits of an organisation, not of a person
    "operator",
    "client",
    "site",
    "question",  # random id of a question
    "invoice",  # our own random id
    "file",  # our own id of a received or written file
    "sequence",
    "generation",
    "line",
    "record",
    "position",
    "field",
    "job",
    "table",
    "migration",
    "checkpoint",
    "month",
    "error",  # type of an exception and where, never its message
    "withheld",  # names of keys that were dropped
)
_ALLOWED = frozenset(ALLOWED)
_PLAIN = (str, int, float, bool, type(None))
_LONGEST = 400  # characters of a text value


def only_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep allowed keys with plain values; tell the names of the others under `withheld`."""
    withheld = tuple(sorted(key for key, value in event.items() if not _passes(key, value)))
    for key in withheld:
        del event[key]
    if withheld:
        event["withheld"] = withheld
    return event


def _passes(key: str, value: object) -> bool:
    if key == "withheld":
        return isinstance(value, tuple)
    return key in _ALLOWED and isinstance(value, _PLAIN) and not (isinstance(value, str) and len(value) > _LONGEST)


def exception_as_place(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by `error`: type of the exception and the innermost place, without its message."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()[1]
    if isinstance(found, tuple):
        found = found[1]
    if isinstance(found, BaseException):
        event["error"] = place_of(found)
    return event


def place_of(error: BaseException) -> str:
    """`Type at file:line`, of the innermost frame; never the message."""
    return f"{type(error).__name__} at {_innermost(error.__traceback__)}"


def _innermost(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    if not frames:
        return "nowhere"
    last = frames[-1]
    return f"{'/'.join(last.filename.rsplit('/', 2)[-2:])}:{last.lineno}"


def _stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["instant"] = iso(now())
    return event


PROCESSORS = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    _stamp,
    exception_as_place,
    only_allowed,
    structlog.processors.JSONRenderer(),
)


class _Bridge(logging.Handler):
    """Libraries' own records: which logger, where, how bad. Their text may hold anything, so it is not told."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"operation": record.name, "line": record.lineno, "code": "library"}
        if record.exc_info and record.exc_info[1] is not None:
            fields["exc_info"] = record.exc_info[1]
        structlog.get_logger().log(record.levelno, "library message", **fields)


def start(program: str, *, level: int = logging.INFO) -> None:
    """Set up logging for one program. Call once, before anything listens."""
    structlog.configure(
        processors=list(PROCESSORS),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(program=program)
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    root.setLevel(max(level, logging.WARNING))


def get() -> Any:
    """The logger. Use `get().info("a fixed sentence", count=3)`."""
    return structlog.get_logger()
