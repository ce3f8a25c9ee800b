"""The kit on the csv connector: a file is a system, too."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from renkei.connector import Value, Values
from renkei.testing.kit import ConnectorTests
from renkei_csv.connector import opened

COLUMNS = {
    "社員番号": {"role": "number"},
    "姓": {"role": "family_name"},
    "名": {"role": "given_name"},
    "入社日": {"role": "hired"},
    "退職日": {"role": "left"},
    "メール": {"role": "email"},
}


class TestCSV(ConnectorTests):
    factory = staticmethod(opened)
    path: Path

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        self.path = tmp_path / "staff.csv"
        self.path.write_text(",".join([*COLUMNS, "備考"]) + "\n", encoding="utf-8")
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
            "メール": f"shiori{i}@example.jp",
        }

    def other(self, name: str, i: int) -> Value:
        held = self.sample(i)[name]
        if name == "退職日":
            return dt.date(2026, 9, 30)
        return held + dt.timedelta(30) if isinstance(held, dt.date) else f"new-{held}"

    def raw(self, url: str | None) -> Mapping[str, object]:
        with self.path.open(encoding="utf-8", newline="") as file:
            return {row["社員番号"]: row for row in csv.DictReader(file)}
