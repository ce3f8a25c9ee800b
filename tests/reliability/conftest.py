"""The warm process, and sites to be hurt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.pair import DIRECTIONS
from tests.postgres import Database
from tests.reliability.harness.killer import Zygote
from tests.reliability.harness.site import Site, a_site, empty_store
from tests.reliability.harness.slow import machine


@pytest.fixture(scope="session")
def warm() -> Iterator[list[Zygote]]:
    """The warm processes that were started for this worker: one, unless it was lost."""
    with ExitStack() as stack:
        started = [stack.enter_context(Zygote.start())]
        yield started
        for another in started[1:]:
            stack.enter_context(another)


@pytest.fixture
def zygote(warm: list[Zygote]) -> Zygote:
    """The process that every command is forked from."""
    if not warm[-1].in_step:
        warm.append(Zygote.start())
    return warm[-1]


@pytest.fixture(scope="module")
def slow_zygote() -> Iterator[Zygote]:
    """A process of the same kind on a slow machine; see :mod:`tests.reliability.harness.slow`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RENKEI_BUG", f"{machine.__module__}.{machine.__name__}")
        started = Zygote.start()
    with started:
        yield started


@pytest.fixture(scope="session")
def store_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store without runs."""
    return empty_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(params=DIRECTIONS, ids=["to_touchontime", "to_smarthr"])
def site(
    request: pytest.FixtureRequest, zygote: Zygote, store_bytes: bytes, database: Database | None
) -> Iterator[Site]:
    """A site of each direction."""
    source, target = request.param
    with a_site(zygote, source, target, store_bytes, database) as site:
        yield site
