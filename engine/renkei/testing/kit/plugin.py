"""What pytest calls of the kit: nothing counts that asserts nothing, and a sheet is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import pytest

from renkei.plugins.sheet import Promised, Result, Sheet, summed_up, written
from renkei.testing.kit.author import Author

NO_REASON = ("", "unconditional skip", "Skipped")
PROPERTY = "renkei_promise"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what ``renkei connector prove`` says."""
    group = parser.getgroup("renkei", "renkei's kit for connectors")
    group.addoption("--renkei-connector", metavar="NAME", help="only the checks of this connector")
    group.addoption("--renkei-sheet", metavar="FILE", help="write what was proved, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Collect what is proved, where a sheet is wanted."""
    if (path := config.getoption("renkei_sheet")) and not hasattr(config, "workerinput"):
        name = config.getoption("renkei_connector") or ""
        config.pluginmanager.register(_Collector(Path(path), name), "renkei-sheet")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the checks of one connector, if one is named."""
    if not (name := config.getoption("renkei_connector")):
        return
    factory = _factory(name)
    kept = [item for item in items if getattr(_author(item), "factory", None) is factory]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a check that has asserted nothing."""
    yield
    if _promise(item) is None:
        return
    tenant = getattr(item, "funcargs", {}).get("tenant")
    if tenant is None or not tenant.asserted:
        pytest.fail("This check asserts nothing: use tenant.holds or its like.", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what a check promises; a skip without a reason is a failure."""
    del call
    report = yield
    if (says := _promise(item)) is None:
        return report
    name = getattr(item, "originalname", item.name)
    report.user_properties.append((PROPERTY, (name, says)))
    if report.skipped and _reason(report) in NO_REASON:
        report.outcome = "failed"
        report.longrepr = f"{name} is skipped without a reason."
    return report


class _Collector:
    """Sees every report, and writes the sheet at the end."""

    def __init__(self, path: Path, connector: str) -> None:
        self._path = path
        self._connector = connector
        self._cases: dict[str, Promised] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what tells most of a check: its call, or what went wrong before or after."""
        told: Any = dict(report.user_properties).get(PROPERTY)
        if told is None or (report.passed and report.when != "call"):
            return
        name, says = map(str, told)
        results: dict[str, Result] = {"passed": "proved", "skipped": "skipped"}
        self._cases[report.nodeid] = Promised(
            name=name,
            says=says,
            result=results.get(report.outcome, "failed"),
            tests=(report.nodeid,),
            why="" if report.passed else _why(report),
        )

    def pytest_sessionfinish(self) -> None:
        """Write the sheet, in the order of the names."""
        cases = sorted(self._cases.values(), key=lambda case: (case.name, case.tests))
        sheet = Sheet(
            connector=self._connector,
            version=_version(self._connector),
            renkei=version("renkei"),
            date=dt.datetime.now().astimezone().date(),
            promises=summed_up(cases),
        )
        self._path.write_text(written(sheet), encoding="utf-8")


def _author(item: pytest.Item) -> type[Author] | None:
    cls = getattr(item, "cls", None)
    return cls if isinstance(cls, type) and issubclass(cls, Author) else None


def _promise(item: pytest.Item) -> str | None:
    """Return what this test of the kit promises; None for any other test."""
    author = _author(item)
    if author is None:
        return None
    name = getattr(item, "originalname", item.name)
    says = (getattr(getattr(cls, name, None), "promise", None) for cls in author.__mro__)
    return next((each for each in says if each), None)


def _reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped, in the words of whoever skipped it."""
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where or "")
    return text.removeprefix("Skipped: ").strip()


def _why(report: pytest.TestReport) -> str:
    """Return one line that tells why."""
    if report.skipped:
        return _reason(report)
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return text.strip().partition("\n")[0].removeprefix("Failed: ")


def _factory(name: str) -> Any:  # noqa: ANN401 - whatever the entry point names
    [entry] = entry_points(group="renkei.connectors", name=name)
    return entry.load()


def _version(name: str) -> str:
    found = list(entry_points(group="renkei.connectors", name=name))
    return found[0].dist.version if found and found[0].dist else ""
