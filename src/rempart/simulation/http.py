"""HTTP as the published client speaks it, for the country's software and its attackers."""

from __future__ import annotations

from rempart.client.streams import MAX_BODY, Connection, HttpError, Response

__all__ = ["MAX_BODY", "Connection", "HttpError", "Response"]
