"""What holds for all tests: canaries fly through every one, and none leaves a connector behind."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings
from tests import memory
from tests.first_file import share
from tests.sampling import ALL, examples, left_out, sampled

from renkei.plugins import finding

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
pytest_plugins = [
    "renkei.testing.kit",
    "tests.postgres",
    "tests.scim",
    "tests.security.canaries",
    "tests.waiting",
    "tests.walls",
    "tests.web.browser",
]

PATIENCE_S = 600
"""How long a test of the long run may take that says nothing else."""

FOUND = finding.found
memory.prefer()
share()
settings.register_profile("sampled", max_examples=examples(25, 100))
settings.load_profile("sampled")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for processes, systems or a browser."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """
    Leave most of what is multiplied to the long run, before anything is left out for it.

    And begin with those that may take minutes: at the end, one worker would be waited for.
    """
    for item in left_out(items):
        item.add_marker(pytest.mark.long)
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(sampled)  # of a law, as many examples as the profile says
    yield
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)
    if ALL:  # what plays months needs more than the usual minute where the machine is busy
        for item in items:
            item.add_marker(pytest.mark.timeout(PATIENCE_S), append=True)


def pytest_collection_finish() -> None:
    """Keep the thousands of tests themselves out of each walk of the garbage collector."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Fail the test that left invented connectors behind, not whichever test meets them."""
    yield
    if finding.found is not FOUND:
        finding.found = FOUND
        pytest.fail("This test left its connectors installed: patches were undone out of order.")


@pytest.fixture(scope="session", autouse=True)
def _signals() -> Iterator[None]:
    """Let signals end what the tests start, also where they are ignored: ``nohup make test &``."""
    ignored = [each for each in ENDING if signal.getsignal(each) is signal.SIG_IGN]
    if threading.current_thread() is not threading.main_thread():
        ignored = []
    for each in ignored:
        usual = signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL
        signal.signal(each, usual)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)
