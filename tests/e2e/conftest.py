"""An office: both systems on loopback, a folder with a configuration, and the command `renkei`."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.e2e.office import Office, tidy
from tests.pair import DIRECTIONS, NOON
from tests.postgres import Database
from tests.waiting import Waiting

from renkei.store.store import Store
from renkei_runner.start import ENDING
from renkei_sandbox import Sandbox


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the other side's thread of a failed fetch leave its socket to Python: it is a daemon."""
    mark = pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    )
    for item in items:
        if item.nodeid.startswith("tests/e2e/"):
            item.add_marker(mark)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store without runs: making one takes half a second, copying it none."""
    path = tmp_path_factory.mktemp("store") / "renkei.db"
    Store(str(path)).close()
    return path.read_bytes()


@pytest.fixture
def office(
    empty_store: bytes,
    monkeypatch: pytest.MonkeyPatch,
    waiting: Waiting,
    database: Database | None,
) -> Iterator[Office]:
    """An office at noon, its systems without rate limits, the awkward people included."""
    handlers = {each: signal.getsignal(each) for each in ENDING}
    with (
        TemporaryDirectory(prefix="renkei-e2e-") as folder,
        Sandbox(people=60, seed=1, now=NOON) as box,
    ):
        for system in box.systems.values():
            system.switches.rate_limit = False
        waiting.passing.append(box.clock.advance)
        made = Office(box=box, folder=Path(folder), monkeypatch=monkeypatch, database=database)
        if database is None:
            made.store.write_bytes(empty_store)
            made.store.chmod(0o600)
        made.configure()
        yield made
        if made.untidy:
            tidy()
    assert handlers == {each: signal.getsignal(each) for each in handlers}


@pytest.fixture
def empty(office: Office) -> Office:
    """An office whose two systems hold nobody."""
    for system in office.box.systems.values():
        system.people.clear()
    return office


@pytest.fixture(scope="module", autouse=True)
def _collect() -> Iterator[None]:
    """Let what such threads left open be found in these tests, where it is expected."""
    yield
    gc.collect()


@pytest.fixture(params=DIRECTIONS, ids=["to_touchontime", "to_smarthr"])
def direction(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Both directions, one after the other: the names of source and target."""
    pair: tuple[str, str] = request.param
    return pair
