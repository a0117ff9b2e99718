"""Routing and guarantee tables as the worker last read them, for the decisions of a batch."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from rempart.application.guard import SiteFacts
from rempart.application.invoice_records import Routed
from rempart.domain.binding import BindingTable
from rempart.domain.guarantee import GuaranteeTable
from rempart.formats import binding_table, guarantee_table
from rempart.storage.facts import Facts

MOST_ROUTES = 10_000
MOST_TABLES = 1_000  # kept from one reading of the facts to the next: any new site is a new reading


class FactsDirectory:
    """The `Directory` port over one reading of the database; a table that does not validate is as good as none."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._tables: dict[str, GuaranteeTable | None] = {}
        self._bindings: dict[str, BindingTable | None] = {}
        self._routes: dict[tuple[str, str, str, date], Routed | None] = {}

    def route(self, amc_number: str, convention: str, csr: str, care: date) -> Routed | None:
        """Operator, insurer and member rule; None when the card is unknown or another operator's."""
        card = (amc_number, convention, csr, care)
        if card not in self._routes:
            if len(self._routes) >= MOST_ROUTES:  # an invented card each time must not fill the memory
                self._routes.clear()
            self._routes[card] = self._route(*card)
        return self._routes[card]

    def _route(self, amc_number: str, convention: str, csr: str, care: date) -> Routed | None:
        route = self._facts.route(amc_number, convention, csr, care)
        rule = self._facts.rules.get(route.insurer) if route is not None else None
        return Routed(route.operator, route.insurer, rule) if route is not None and rule is not None else None

    def refusal(self, site: SiteFacts, insurer: str, care: date) -> str:
        """Why no contract covers this site and insurer on that day of care; "" when one does."""
        return self._facts.contracts.refusal(site, insurer, care)

    def table(self, insurer: str) -> GuaranteeTable | None:
        """The insurer's newest guarantee table."""
        if insurer not in self._tables:
            content = self._facts.tables.get(insurer)
            self._tables[insurer] = _read(content) if content is not None else None
        return self._tables[insurer]

    def bindings(self, insurer: str) -> BindingTable | None:
        """What binds the insurer by its newest table; None when it sent none: what binds everyone holds."""
        if insurer not in self._bindings:
            content = self._facts.bindings.get(insurer)
            found = binding_table.read(content.encode()) if content is not None else None
            self._bindings[insurer] = found.table if isinstance(found, binding_table.Read) else None
        return self._bindings[insurer]


@lru_cache(maxsize=MOST_TABLES)
def _read(content: str) -> GuaranteeTable | None:
    return guarantee_table.read(content.encode()).table
