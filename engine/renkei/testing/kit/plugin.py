"""What pytest calls of the kit: nothing counts that asserts nothing, and a sheet is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from importlib.metadata import EntryPoint, version
from pathlib import Path
from typing import Any

import pytest

from renkei.errors import ConfigurationError
from renkei.http.secret import Secret
from renkei.plugins import finding
from renkei.plugins.sheet import Promised, Result, Sheet, summed_up, written
from renkei.testing.kit.author import Author
from renkei.testing.kit.promise import NOT_RUN
from renkei.testing.kit.tenant import SECRET

NO_REASON = ("", "unconditional skip", "Skipped")
PROPERTY = "renkei_promise"
CASES = pytest.StashKey[dict[str, list[str]]]()
"""All tests of each check, whether they are to be run or not."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what ``renkei connector prove`` says."""
    group = parser.getgroup("renkei", "renkei's kit for connectors")
    group.addoption("--renkei-connector", metavar="NAME", help="only the checks of this connector")
    group.addoption("--renkei-sheet", metavar="FILE", help="write what was proved, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Collect what is proved, where a sheet is wanted."""
    # A worker of pytest-xdist has this attribute: it sees only its part of the reports.
    is_worker = hasattr(config, "workerinput")
    if (path := config.getoption("renkei_sheet")) and not is_worker:
        name = config.getoption("renkei_connector") or ""
        config.pluginmanager.register(_Collector(Path(path), name), "renkei-sheet")


@pytest.hookimpl(tryfirst=True)  # before anybody has left out a check
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the checks of one connector, if one is named; note all that there are."""
    if name := config.getoption("renkei_connector"):
        factory = _factory(name)
        kept = [item for item in items if getattr(_author(item), "factory", None) is factory]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    cases: dict[str, list[str]] = {}
    config.stash[CASES] = cases
    for item in items:
        if _promise(item) is not None:
            cases.setdefault(_name(item), []).append(item.nodeid)


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
    """Note what a check promises and hide the token; only a skip with a reason is none."""
    del call
    report = yield
    if (says := _promise(item)) is None:
        return report
    name = _name(item)
    report.user_properties.append((PROPERTY, (name, says, item.config.stash[CASES][name])))
    if hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{name} is expected to fail: what cannot hold belongs into `skips`."
    elif report.skipped and _reason(report) in NO_REASON:
        report.outcome = "failed"
        report.longrepr = f"{name} is skipped without a reason."
    secret = item.stash.get(SECRET, None)
    return report if secret is None else _hidden(report, secret, item.config)


class _Collector:
    """Sees every report, and writes the sheet at the end."""

    def __init__(self, path: Path, connector: str) -> None:
        self._path = path
        self._connector = connector
        self._version = _version(connector) if connector else ""
        self._cases: dict[str, Promised] = {}
        self._not_run: dict[str, Promised] = {}
        self._uncollected = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that there may be checks that nobody has seen."""
        self._uncollected |= report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what tells most of a check: its call, or what went wrong before or after."""
        told: Any = dict(report.user_properties).get(PROPERTY)
        if told is None:
            return
        name, says, cases = told
        for case in cases:
            self._not_run[case] = _not_run(name, says, case)
        if report.passed and report.when != "call":
            return
        results: dict[str, Result] = {"passed": "proved", "skipped": "skipped"}
        self._cases[report.nodeid] = Promised(
            name=name,
            says=says,
            result=results.get(report.outcome, "failed"),
            tests=(report.nodeid,),
            why="" if report.passed else _why(report),
        )

    def pytest_sessionfinish(self) -> None:
        """Write the sheet, in the order of the names; without any check there is nothing in it."""
        found = list({**self._not_run, **self._cases}.values())
        if found or self._uncollected:
            seen = {case.name for case in found}
            found += [each for each in _whole_kit() if each.name not in seen]
        sheet = Sheet(
            connector=self._connector,
            version=self._version,
            renkei=version("renkei"),
            date=dt.datetime.now().astimezone().date(),
            promises=summed_up(sorted(found, key=_order)),
        )
        self._path.write_text(written(sheet), encoding="utf-8")


def _order(case: Promised) -> tuple[object, ...]:
    """Return what puts cases in order: by name, and what tells more before what was not run."""
    return case.name, case.why == NOT_RUN, case.tests


def _not_run(name: str, says: str, *tests: str) -> Promised:
    return Promised(name=name, says=says, result="failed", tests=tests, why=NOT_RUN)


def _whole_kit() -> Iterator[Promised]:
    """Yield every promise of the kit as one that was not run."""
    from renkei.testing.kit import ConnectorTests

    for name in dir(ConnectorTests):
        says: str | None = getattr(getattr(ConnectorTests, name), "promise", None)
        if says is not None:
            yield _not_run(name, says)


def _hidden(report: pytest.TestReport, secret: Secret, config: pytest.Config) -> pytest.TestReport:
    """Return *report* without the token: not in its message, nor in what was printed or logged."""

    def hidden(part: object) -> object:
        match part:
            case str():
                return secret.hidden_in(part)
            case dict():
                return {name: hidden(each) for name, each in part.items()}
            case list() | tuple():
                return type(part)(map(hidden, part))
        return part

    # As plain data: what a report holds are objects of many kinds.
    data = config.hook.pytest_report_to_serializable(config=config, report=report)
    shown: pytest.TestReport = config.hook.pytest_report_from_serializable(
        config=config, data=hidden(data)
    )
    return shown


def _author(item: pytest.Item) -> type[Author] | None:
    cls = getattr(item, "cls", None)
    return cls if isinstance(cls, type) and issubclass(cls, Author) else None


def _name(item: pytest.Item) -> str:
    """Return the name of a check without its arguments."""
    return str(getattr(item, "originalname", item.name))


def _promise(item: pytest.Item) -> str | None:
    """Return what this test of the kit promises; None for any other test."""
    author = _author(item)
    if author is None:
        return None
    name = _name(item)
    for cls in author.__mro__:  # a check that the author has overridden keeps the kit's promise
        says: str | None = getattr(getattr(cls, name, None), "promise", None)
        if says:
            return says
    return None


def _reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped, in the words of the one who skipped it."""
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
    return _entry(name).load()


def _version(name: str) -> str:
    entry = _entry(name)
    return entry.dist.version if entry.dist else ""


def _entry(name: str) -> EntryPoint:
    """Return the entry point of connector *name*, as renkei finds it."""
    try:
        return finding.entry(name)
    except ConfigurationError as error:
        raise pytest.UsageError(error.message) from None
