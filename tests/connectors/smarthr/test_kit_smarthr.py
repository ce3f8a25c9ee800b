"""The kit on the SmartHR connector, before the sandbox."""

from __future__ import annotations

import datetime as dt

from tests.connectors.kit import Tenants

from renkei.connector import Value, Values
from renkei.testing.kit import ConnectorTests
from renkei_smarthr import SmartHR

KANA = "アイウエオカキクケコ"


class TestSmartHR(Tenants, ConnectorTests):
    factory = SmartHR
    system = "smarthr"
    skips = {  # noqa: RUF012 - as the kit has it
        "test_required_fields_are_required": "SmartHR takes people without a name or a number;"
        " renkei sends nobody without them.",
    }

    def sample(self, i: int) -> Values:
        establishments = self.box.smarthr.masters["biz_establishments"]
        return {
            "emp_code": f"{i:04}",
            "last_name": "髙﨑" if i % 2 else "佐倉",
            "first_name": f"汐里{chr(0x4E00 + i)}",
            "last_name_yomi": "タカサキ" if i % 2 else "サクラ",
            "first_name_yomi": f"シオリ{KANA[i // 10 % 10]}{KANA[i % 10]}",
            "business_last_name": "三雲",
            "business_first_name": "汐里",
            "business_last_name_yomi": "ミクモ",
            "business_first_name_yomi": "シオリ",
            "gender": "female" if i % 2 else "male",
            "birth_at": dt.date(1990, 2, 3) + dt.timedelta(i),
            "entered_at": dt.date(2020, 4, 1) + dt.timedelta(i),
            "resigned_at": None if i % 3 else dt.date(2026, 3, 31),
            "email": f"shiori{i}@example.jp",
            "biz_establishment_id": str(establishments[i % 2]["id"]),
        }

    def other(self, name: str, i: int) -> Value:
        held = self.sample(i)[name]
        if name == "resigned_at":
            return dt.date(2026, 9, 30)
        if isinstance(held, dt.date):
            return held + dt.timedelta(30)
        if name == "gender":
            return "male" if held == "female" else "female"
        return f"new-{held}" if name == "email" else f"{held}ア"

    def hide(self, url: str | None, name: str) -> None:
        self.box.smarthr.switches.hidden.add(name)

    def retire(self, url: str | None, i: int) -> None:
        [record] = self.box.smarthr.find(str(self.sample(i)["emp_code"]))
        left = {"resigned_at": "2026-03-31", "emp_status": "retired"}
        self.box.smarthr.edit(str(record["id"]), **left)
