"""A log on a fresh migrated database for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.log_world import LogWorld

if TYPE_CHECKING:
    from support.databases import Database


@pytest.fixture
def world(postgres: Database) -> LogWorld:
    return LogWorld({role: postgres.url(role) for role in ("admin", "owner", "hub", "worker", "auditor")})
