"""The capability sheets that ship: what they say of the connectors of this repository is so."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from renkei.plugins.sheet import sheet_of
from renkei.testing.kit import ConnectorTests

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONNECTORS = sorted(PROJECT["entry-points"]["renkei.connectors"])


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_promise_is_in_the_sheet_and_none_has_failed(name: str) -> None:
    """Run `renkei connector prove NAME tests/connectors/NAME` where this is red."""
    found = sheet_of(name)
    assert found is not None
    assert found.version == PROJECT["version"]
    checks = {check for check in dir(ConnectorTests) if check.startswith("test_")}
    assert {each.name for each in found.promises} == checks
    for each in found.promises:
        assert each.says == getattr(ConnectorTests, each.name).promise
        assert each.result == "proved" or (each.result == "skipped" and each.why)
        for test in each.tests:
            assert (ROOT / test.partition("::")[0]).is_file()
