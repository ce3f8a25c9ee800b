"""
Figures for a monitor, as Prometheus reads them: counted in the store, all processes have the same.

There is no value of a person in them, and no company unless the configuration asks for it. What has
happened is of the last 24 hours and goes up and down: old runs leave the store.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from renkei.config.clock import clock_for_all
from renkei.config.load import load_main
from renkei.config.main import Main
from renkei.config.secrets import resolve_secret
from renkei.config.store import store_at
from renkei.errors import ConfigurationError, NoStoreError, RenkeiError
from renkei.logs import log
from renkei.store.companies import Companies as Store
from renkei.store.figures import Counts, Figures
from renkei.words.i18n import _

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

KEPT_S = 5.0
"""Seconds for which figures stand: however many ask, the store is looked at once."""

SHORTEST = 20
"""Characters of a token that nobody guesses."""

REFUSED = ("failed", "refused")
"""Results of writes that a system did not want."""


@frozen
class Answer:
    """What a monitor is answered."""

    status: int
    text: bytes

    @property
    def headers(self) -> dict[str, str]:
        """What is said beside it."""
        kind = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
        return kind | ({"www-authenticate": "Bearer"} if self.status == 401 else {})


@define
class Scrapes:
    """Answers monitors, for the configuration at *path*; one for all that a process is asked."""

    path: Path
    _text: bytes = b""
    _made: tuple[float, bool] | None = None
    _lock: threading.Lock = field(factory=threading.Lock)

    def answer(self, authorization: str | None) -> Answer:
        """Return the figures if *authorization*, a header, holds the token; else why not."""
        try:
            main = load_main(self.path)
            if main.settings.metrics is None:
                return Answer(404, b"off\n")
            # Whoever asks, from wherever: behind a proxy on this computer all come from loopback.
            # docs/decisions/2026-11-29-being-operated.md
            token = token_of(main)
            given = (authorization or "").removeprefix("Bearer ").encode()
            if not hmac.compare_digest(given, token.encode()):
                return Answer(401, b"token\n")
            return Answer(200, self._figures(main, by_company=main.settings.metrics.companies))
        except RenkeiError as error:
            log.error("no_metrics", code=error.code)
            return Answer(503, f"{error.code}\n".encode())

    def _figures(self, main: Main, *, by_company: bool) -> bytes:
        # Locked while the store is looked at, too: the others wait for the same figures.
        with self._lock:
            if not self._stands(by_company=by_company):
                self._text = exposition(figures_of(main), by_company=by_company)
                self._made = time.monotonic(), by_company
            return self._text

    def _stands(self, *, by_company: bool) -> bool:
        """Tell whether the figures that were made last can still be given."""
        if self._made is None:
            return False
        at, was_by_company = self._made
        return time.monotonic() - at < KEPT_S and was_by_company is by_company


def token_of(main: Main) -> str:
    """
    Return what a monitor has to show.

    Raises ConfigurationError if it is too short, cannot be read, or metrics are off or need a part
    that is not installed.
    """
    metrics = main.settings.metrics
    if metrics is None:
        message = _(
            "Figures are off. Write into {path}: settings: {{metrics: {{token: file:PATH}}}}"
        )
        raise ConfigurationError(message.format(path=main.path), code="metrics")
    if find_spec("prometheus_client") is None:
        message = _(
            "Figures for a monitor need a part that is not installed. Install it:"
            " pip install 'renkei[metrics]'"
        )
        raise ConfigurationError(message, code="metrics")
    token = resolve_secret(metrics.token, main.path.parent)
    if len(token) < SHORTEST:
        message = _("The token in {reference} is too short: it needs {count} characters.")
        text = message.format(reference=metrics.token, count=SHORTEST)
        raise ConfigurationError(text, code="token", where=metrics.token)
    return token


def figures_of(main: Main) -> Figures:
    """Return the figures of a store; one that is still to be made has none."""
    try:
        store = Store(store_at(main.store, main.path.parent), create=False)
    except NoStoreError:
        return Figures(at=clock_for_all(main).now())
    try:
        return store.figures(clock_for_all(main).now())
    finally:
        store.close()


def exposition(found: Figures, *, by_company: bool) -> bytes:
    """Return the figures in the text format of Prometheus."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Found(Collector):
        def collect(self) -> Iterable[GaugeMetricFamily]:
            return families(found, by_company=by_company)

    registry = CollectorRegistry()
    registry.register(Found())
    return generate_latest(registry)


def families(found: Figures, *, by_company: bool) -> Iterator[GaugeMetricFamily]:
    """Yield each figure with its labels; those of all companies together, or *by_company*."""
    refusals = Counter[tuple[str, ...]]()
    for (company, kind, result), count in found.writes.items():
        if result in REFUSED:
            refusals[company, kind] += count
    doubts: Counts = {(company,): count for company, count in found.doubts.items()}
    alive = [worker for worker in found.workers if worker.alive]
    yield _family("info", "The renkei that answers.", ("version",), {(version("renkei"),): 1})
    for name, help_, labels, values in (
        ("runs", "Runs fetched in the last 24 hours.", ("mapping", "source", "status"), found.runs),
        (
            "writes",
            "Writes of those runs, by what became of them.",
            ("kind", "result"),
            found.writes,
        ),
        ("refusals", "Writes of those runs that a system refused.", ("kind",), refusals),
        ("waits", "Pauses of those runs, by reason.", ("reason",), found.waits),
        ("jobs_open", "Jobs that have not come to their end.", ("state",), found.jobs),
        ("doubts", "Writes of which nobody knows what became.", (), doubts),
    ):
        yield _family(name, help_, *_by(labels, values, by_company=by_company))
    yield _oldest(found, by_company=by_company)
    yield _family("workers", "Workers that keep schedules.", (), {(): len(alive)})
    silent: dict[tuple[str, ...], float] = {}
    if found.workers:
        silent[()] = min(worker.silent_s for worker in found.workers)
    yield _family("worker_silent_seconds", "Since the last word of a worker.", (), silent)


def _oldest(found: Figures, *, by_company: bool) -> GaugeMetricFamily:
    ages: dict[tuple[str, ...], float] = {}
    for company, first in found.oldest.items():
        ages[company,] = max(0.0, (found.at - first).total_seconds())
    name, help_ = "oldest_doubt_seconds", "Age of the oldest write in doubt; 0: there is none."
    if by_company:
        return _family(name, help_, ("company",), ages)
    return _family(name, help_, (), {(): max(ages.values(), default=0.0)})


def _by(
    labels: tuple[str, ...], values: Counts, *, by_company: bool
) -> tuple[tuple[str, ...], Mapping[tuple[str, ...], float]]:
    """Return labels and values with the company before them, or the sum over all companies."""
    if by_company:
        return ("company", *labels), {key: float(n) for key, n in values.items()}
    summed: Counter[tuple[str, ...]] = Counter()
    for key, count in values.items():
        summed[key[1:]] += count
    if not labels and not summed:
        summed[()] = 0  # a figure without labels is there even if nothing is counted
    return labels, {key: float(n) for key, n in summed.items()}


def _family(
    name: str, help_: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    # No counter: where retention takes runs away, Prometheus would see a restart.
    # docs/decisions/2026-11-29-being-operated.md
    family = GaugeMetricFamily(f"renkei_{name}", help_, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
