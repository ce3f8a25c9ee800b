"""The kit on the Touch On Time connector, before the sandbox."""

from __future__ import annotations

import datetime as dt

from tests.connectors.kit import Tenants

from renkei.connector import Value, Values
from renkei.testing.kit import ConnectorTests
from renkei_touchontime import TouchOnTime

KANA = "アイウエオカキクケコ"


class TestTouchOnTime(Tenants, ConnectorTests):
    factory = TouchOnTime
    system = "touchontime"

    def sample(self, i: int) -> Values:
        masters = self.box.touchontime.masters
        return {
            "code": f"{i:04}",
            "lastName": "髙﨑" if i % 2 else "佐倉",
            "firstName": f"汐里{chr(0x4E00 + i)}",
            "lastNamePhonetics": "タカサキ" if i % 2 else "サクラ",
            "firstNamePhonetics": f"シオリ{KANA[i // 10 % 10]}{KANA[i % 10]}",
            "gender": "female" if i % 2 else "male",
            "birthDate": dt.date(1990, 2, 3) + dt.timedelta(i),
            "hiredDate": dt.date(2020, 4, 1) + dt.timedelta(i),
            "resignationDate": None if i % 3 else dt.date(2026, 3, 31),
            "emailAddresses": f"shiori{i}@example.jp",
            "divisionCode": str(masters["divisions"][i % 2]["code"]),
            "typeCode": str(masters["working-types"][i % 2]["code"]),
        }

    def other(self, name: str, i: int) -> Value:
        held = self.sample(i)[name]
        if name == "resignationDate":
            return dt.date(2026, 9, 30)
        if isinstance(held, dt.date):
            return held + dt.timedelta(30)
        if name == "gender":
            return "male" if held == "female" else "female"
        return f"new-{held}" if name == "emailAddresses" else f"{held}ア"
