"""The two systems that most tests pair, and the day on which they do."""

from __future__ import annotations

NOON = "2026-11-20T12:00:00+09:00"
DIRECTIONS = (("smarthr", "touchontime"), ("touchontime", "smarthr"))
NEW = {
    "touchontime": ("--new", "divisionCode=200", "--new", "typeCode=1"),
    "smarthr": ("--new", "biz_establishment_id=大阪支社"),
}
