"""What holds for all tests: canaries fly through every one, and none leaves a connector behind."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from renkei import plugins

pytest_plugins = ["tests.security.canaries", "tests.web.browser"]

FOUND = plugins.found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Fail the test that left invented connectors behind, not whichever test meets them."""
    yield
    if plugins.found is not FOUND:
        plugins.found = FOUND
        pytest.fail("This test left its connectors installed: patches were undone out of order.")
