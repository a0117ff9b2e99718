"""Fixtures that several modules about the portal share."""

from support.invoice_pages import asker, desk, portal

__all__ = ["asker", "desk", "portal"]
