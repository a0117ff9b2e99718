"""What the conformance kit asks of software that sends batches of questions; who sends none has nothing to show."""

from __future__ import annotations

from datetime import datetime

from rempart.client.recording import Exchange

PATH = "/v1/eligibility/batches"


def batch_waited(exchanges: tuple[Exchange, ...]) -> list[str] | None:
    """No look at a batch before the instant that its receipt, or the last look, names."""
    if not exchanges:
        return None
    ready: dict[str, float] = {}
    wrong = []
    for each in exchanges:
        batch = each.path.removeprefix(PATH + "/")
        if each.method == "GET" and each.at < ready.get(batch, 0.0):
            wrong.append(f"GET {PATH}/… -> {each.status}")
        told = each.answered
        if each.path.startswith(PATH) and each.status in {200, 202} and "ready_from" in told:
            ready[str(told.get("batch"))] = _seconds(str(told["ready_from"]))
    return wrong


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0
