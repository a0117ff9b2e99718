"""The body of a request that presents somebody, in clear or sealed: read in one way wherever it is taken."""

from __future__ import annotations

import binascii
from typing import Protocol, TypeVar

import msgspec

from rempart.api import eligibility
from rempart.api.problems import problem
from rempart.wire.once import repeats_a_name
from rempart.wire.problem import FieldError, Problem
from rempart.wire.sealed import Sealed

S = TypeVar("S", bound=msgspec.Struct)
S_co = TypeVar("S_co", covariant=True)


class Reads(Protocol[S_co]):
    """Reads a request, as `wire.sealed.Reader` does. Raises what msgspec raises."""

    def read(self, body: bytes) -> tuple[S_co, Sealed | None]: ...


def presented(reader: Reads[S], body: bytes, most: int) -> tuple[S, Sealed | None] | Problem:
    """The request and what is sealed of it, or why it has no shape; `most` bytes."""
    if len(body) > most:
        return problem("body-too-large")
    try:
        found = reader.read(body)
    except msgspec.ValidationError as error:
        return problem("invalid-fields", (FieldError(eligibility.path_of(error), "wrong-shape"),))
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error):  # the last: an attachment that is no base64
        return problem("malformed-body")
    return problem("repeated-field") if repeats_a_name(body) else found
