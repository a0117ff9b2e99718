"""Reading what a page of ours posted: fields as text, each with a limit, and nothing kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request
from litestar.exceptions import ClientException

MOST_FIELDS: Final = 40


@dataclass(frozen=True, slots=True)
class Form:
    """`one`: the first value of each name; `all_of(name)`: every value of it."""

    pairs: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"Form({len(self.pairs)})"

    @property
    def one(self) -> Mapping[str, str]:
        return {name: value.strip() for name, value in reversed(self.pairs)}

    def all_of(self, name: str) -> tuple[str, ...]:
        return tuple(value for found, value in self.pairs if found == name)


async def read(request: Request[Any, Any, Any], most: int = MOST_FIELDS) -> Form:
    """The form of a request, of at most so many fields. Raises `ClientException` (400) when it is none."""
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most, errors="strict")
    except ValueError:
        raise ClientException("not a form of ours") from None
    return Form(tuple(pairs))
