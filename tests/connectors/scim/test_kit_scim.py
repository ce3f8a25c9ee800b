"""The kit on the SCIM connector, before a real server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.scim import TOKEN, Directory

from renkei.connector import Value, Values
from renkei.testing.kit import ConnectorTests
from renkei_scim.connector import SCIM


class TestSCIM(ConnectorTests):
    factory = SCIM
    past_a_page = 16
    skips = {  # noqa: RUF012 - as the kit has it
        "test_required_fields_are_required": "A directory takes users without a number;"
        " renkei creates nobody without one.",
    }
    directory: Directory

    @pytest.fixture
    def url(self, directory: Directory) -> str:
        self.directory = directory
        return directory.url

    def settings(self, url: str | None) -> Mapping[str, Any]:
        return {"token": TOKEN}

    def sample(self, i: int) -> Values:
        return {
            "userName": f"shiori{i}@example.jp",
            "externalId": f"x-{i:04}",
            "employeeNumber": f"{i:04}",
            "name.familyName": "髙﨑" if i % 2 else "佐倉",
            "name.givenName": f"汐里{chr(0x4E00 + i)}",
            "displayName": f"佐倉 {i}",
            "title": "主任",
            "active": bool(i % 3),
            "email": f"shiori{i}@example.jp",
            "department": "総務部" if i % 2 else "人事部",
        }

    def other(self, name: str, i: int) -> Value:
        held = self.sample(i)[name]
        return not held if isinstance(held, bool) else f"new-{held}"

    def raw(self, url: str | None) -> Mapping[str, object]:
        return {str(user["id"]): user for user in self.directory.users()}
