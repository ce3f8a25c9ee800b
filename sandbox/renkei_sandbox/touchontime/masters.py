"""Touch On Time's tables beside the people: divisions, working types, groups, administrators."""

from __future__ import annotations

import hashlib
from typing import Final

from renkei_sandbox.messages import Fields

_COMPANY: Final[Fields] = {
    "host": "s2.kingtime.jp",
    "businessYearStartDate": "04/01",
    "settings": {
        "timeDisplayFormat": "sexagesimal",
        "decimalTreatType": "round",
        "halfDayWorkingCount": "oneDay",
    },
}


def build(tenant: str, called: str) -> dict[str, list[Fields]]:
    """Return all tables of the company *called* so; two divisions share one name on purpose."""
    company = {
        "key": hashlib.sha256(f"company{tenant}".encode()).hexdigest(),
        "code": tenant or "akebono",
        "name": called,
        **_COMPANY,
    }
    return {
        "company": [company],
        "divisions": [
            {"code": "100", "name": "東京本社", "dayBorderTime": "00:00"},
            {"code": "200", "name": "大阪支社", "dayBorderTime": "05:00"},
            {"code": "210", "name": "営業部", "dayBorderTime": "05:00"},
            {"code": "211", "name": "営業部", "dayBorderTime": "00:00"},
        ],
        "working-types": [
            {"code": "1", "name": "正社員"},
            {"code": "2", "name": "契約社員"},
            {"code": "3", "name": "アルバイト"},
        ],
        "employee-groups": [
            {"code": "G1", "name": "早番", "category": {"code": "S", "name": "勤務帯"}},
            {"code": "G2", "name": "遅番", "category": {"code": "S", "name": "勤務帯"}},
        ],
        "administrators": [
            {
                "code": "admin",
                "key": hashlib.sha256(b"admin").hexdigest(),
                "name": "全権管理者",
                "emailAddresses": ["admin@example.com"],
                "associatedEmployees": [],
            }
        ],
    }


ADDITIONAL: Final = {
    "employee-groups": ("category",),
    "administrators": ("emailAddresses", "associatedEmployees"),
}
"""What a list shows only when additionalFields names it."""
