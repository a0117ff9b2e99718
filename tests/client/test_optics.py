"""The client and messages of optics software: what may be repeated, and a refusal as a problem."""

from __future__ import annotations

import pytest

from rempart.api import optics_examples
from rempart.api.problems import problem
from rempart.client import calls, optics
from rempart.client.calls import Repeat
from rempart.client.exchange import Received, problem_of
from rempart.formats.optics_messages import Fault, answered
from rempart.wire.problem import FieldError


@pytest.mark.parametrize("name", optics_examples.REQUESTS)
def test_only_a_query_is_not_repeated_when_its_answer_is_lost(name: str) -> None:
    """A query is counted each time it is asked; every other message is known again by its id."""
    call = calls.optics_message(optics_examples.REQUESTS[name].encode())
    assert call.repeat is (Repeat.UNLESS_LOST if name == "query" else Repeat.FREELY)
    assert call.headers == (("Content-Type", "application/xml"),)


def test_the_root_decides_however_it_is_written() -> None:
    """With a prefix, after a comment that holds another message; and never an exception for what is no XML."""
    assert optics.is_query(b"<!-- <request> --><o:query xmlns:o='urn:rempart:optics:1'/>")
    for body in (b"", b"query", b"<query", b"<!DOCTYPE query><query/>", b"<request><query/></request>", b"\x00"):
        assert not optics.is_query(body)


def test_a_refusal_is_a_problem_with_lines() -> None:
    """Code, sentence, and each fault with its line and element, as the hub wrote them."""
    document = problem("invalid-fields")
    body = answered.refusal(document, [Fault("nir-key", 10, "request/card/nir"), Fault("wrong-shape", 3)])
    found = problem_of(Received(422, {"content-type": "application/xml"}, body))
    assert (found.status, found.code, found.title, found.detail) == (
        422,
        document.code,
        document.title,
        document.detail,
    )
    assert found.errors == (FieldError("line 10 request/card/nir", "nir-key"), FieldError("line 3", "wrong-shape"))


@pytest.mark.parametrize("body", [b"<html><body>502</body></html>", b"", b"<refusal>", b"<!DOCTYPE a><refusal/>"])
def test_a_page_of_a_proxy_is_no_refusal(body: bytes) -> None:
    """XML that is not the hub's own is told as no problem document."""
    found = problem_of(Received(502, {"content-type": "application/xml"}, body))
    assert (found.status, found.code) == (502, "no-problem-document")
