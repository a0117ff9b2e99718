"""What Prometheus sees: counts by route, status, code and outcome; nothing about anyone."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from rempart.api.metrics import registry
from rempart.ground.figures import HubFigures, WorkerFigures

LABELS = {"invariant", "route", "status", "outcome", "code", "side", "kind", "state", "le"}


def _samples(figures: HubFigures | WorkerFigures) -> dict[str, float]:
    text = generate_latest(registry(figures.all())).decode()
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("rempart_")
    }


def test_the_hubs_figures_are_shown_as_they_are() -> None:
    """Counters, a histogram that cumulates, levels read when asked."""
    figures = HubFigures()
    figures.requests.add(("/v1/eligibility", 200), 3)
    figures.refusals.add("site-budget")
    figures.batch.saw(3)
    figures.batch.saw(200)
    figures.queue.of = lambda: 7
    shown = _samples(figures)
    assert shown["rempart_requests_total[('route', '/v1/eligibility'), ('status', '200')]"] == 3
    assert shown["rempart_refusals_total[('code', 'site-budget')]"] == 1
    assert shown["rempart_batch_items_bucket[('le', '4.0')]"] == 1
    assert shown["rempart_batch_items_bucket[('le', '+Inf')]"] == 2
    assert shown["rempart_batch_items_sum[]"] == 203
    assert shown["rempart_queue_items[]"] == 7


def test_the_workers_levels_are_shown_by_state() -> None:
    """Invoices that wait, by state; deposits not yet decided."""
    figures = WorkerFigures()
    figures.held.of = lambda: {"held": 2, "waiting": 5}
    figures.folded.add((), 12)
    shown = _samples(figures)
    assert shown["rempart_invoices_open[('state', 'held')]"] == 2
    assert shown["rempart_disclosures_folded_total[]"] == 12


def test_no_label_can_name_a_person_or_a_site() -> None:
    """The labels are a closed list: routes, statuses, codes, outcomes, states."""
    for figures in (HubFigures(), WorkerFigures()):
        for figure in figures.all():
            names = getattr(figure, "labels", ()) or ((figure.label,) if getattr(figure, "label", "") else ())
            assert set(names) <= LABELS
