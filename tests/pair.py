"""The two systems that most tests pair, the day on which they do, and where it is fast."""

from __future__ import annotations

from pathlib import Path

NOON = "2026-11-20T12:00:00+09:00"
DIRECTIONS = (("smarthr", "touchontime"), ("touchontime", "smarthr"))
NEW = {
    "touchontime": ("--new", "divisionCode=200", "--new", "typeCode=1"),
    "smarthr": ("--new", "biz_establishment_id=大阪支社"),
}
MEMORY = Path("/dev/shm")  # noqa: S108 - each store syncs with its disk at every step
