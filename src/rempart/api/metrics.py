"""Prometheus' view of plain figures: a collector that reads them when asked, so that counting costs nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from rempart.ground.figures import Level, Spread, Tally


class FiguresCollector(Collector):
    """Shows the figures given, in their order."""

    def __init__(self, figures: Iterable[Tally | Spread | Level]) -> None:
        self._figures = tuple(figures)

    def collect(self) -> Iterator[Metric]:
        """One family per figure."""
        for figure in self._figures:
            if isinstance(figure, Tally):
                yield _counter(figure)
            elif isinstance(figure, Spread):
                yield _histogram(figure)
            else:
                yield _gauge(figure)


def registry(figures: Iterable[Tally | Spread | Level]) -> CollectorRegistry:
    """A registry of its own for one program: its figures, its process, its interpreter."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    GCCollector(registry=made)
    made.register(FiguresCollector(figures))
    return made


def _counter(figure: Tally) -> CounterMetricFamily:
    family = CounterMetricFamily(figure.name, figure.help, labels=figure.labels)
    if not figure.labels:
        family.add_metric((), sum(figure.counts.values()))
        return family
    for label, count in sorted(figure.counts.items(), key=str):
        family.add_metric((label,) if isinstance(label, str) else tuple(map(str, label)), count)
    return family


def _histogram(figure: Spread) -> HistogramMetricFamily:
    family = HistogramMetricFamily(figure.name, figure.help)
    bounds = [*(str(bound) for bound in figure.bounds), "+Inf"]
    family.add_metric((), list(zip(bounds, accumulate(figure.counts), strict=True)), sum_value=figure.total)
    return family


def _gauge(figure: Level) -> GaugeMetricFamily:
    value = figure.of()
    family = GaugeMetricFamily(figure.name, figure.help, labels=(figure.label,) if figure.label else ())
    if isinstance(value, dict):
        for label, number in sorted(value.items()):
            family.add_metric((label,), number)
    else:
        family.add_metric((), value)
    return family
