"""The kit on a workbook: a source only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.connectors.xlsx.workbooks import made

from renkei.connector import Value, Values
from renkei.testing.kit import ConnectorTests
from renkei_csv.connector import opened

COLUMNS = {
    "社員番号": {"role": "number"},
    "姓": {"role": "family_name"},
    "名": {"role": "given_name"},
    "入社日": {"role": "hired"},
    "退職日": {"role": "left"},
}


class TestWorkbook(ConnectorTests):
    factory = staticmethod(opened)
    path: Path
    people: ClassVar[dict[int, Values]] = {}

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        self.path = tmp_path / "staff.xlsx"
        self.people.clear()
        self._save()
        return str(self.path)

    def settings(self, url: str | None) -> Mapping[str, Any]:
        return {"options": {"path": url, "columns": COLUMNS}}

    def sample(self, i: int) -> Values:
        return {
            "社員番号": f"{i + 1:04}",
            "姓": "髙﨑" if i % 2 else "佐倉",
            "名": f"汐里{chr(0x4E00 + i)}",
            "入社日": dt.date(2020, 4, 1) + dt.timedelta(i),
            "退職日": None if i % 3 else dt.date(2026, 3, 31),
        }

    def other(self, name: str, i: int) -> Value:
        held = self.sample(i)[name]
        if name == "退職日":
            return dt.date(2026, 9, 30)
        return held + dt.timedelta(30) if isinstance(held, dt.date) else f"new-{held}"

    def add(self, url: str | None, i: int) -> None:
        self.people[i] = self.sample(i)
        self._save()

    def retire(self, url: str | None, i: int) -> None:
        self.people[i] = {**self.people[i], "退職日": dt.date(2026, 3, 31)}
        self._save()

    def raw(self, url: str | None) -> Mapping[str, object]:
        return {str(values["社員番号"]): values for values in self.people.values()}

    def _save(self) -> None:
        rows = [list(values.values()) for values in self.people.values()]
        self.path.write_bytes(made(list(COLUMNS), *rows))
