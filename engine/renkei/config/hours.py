"""Hours of a day as the configuration has them, such as 08:30-10:00."""

from __future__ import annotations

import datetime as dt
import re

from renkei.yamlfile.converter import CONVERTER

_HOURS = re.compile(r"\s*([0-2]?[0-9]:[0-9]{2})\s*-\s*([0-2]?[0-9]:[0-9]{2})\s*")


def hours_in(data: object) -> tuple[dt.time, dt.time] | None:
    """Return the start and the end that *data* says; None if these are no hours."""
    found = _HOURS.fullmatch(CONVERTER.structure(data, str))
    if found is None:
        return None
    try:
        return _time(found[1]), _time(found[2])
    except ValueError:  # 24:60
        return None


def _time(text: str) -> dt.time:
    return dt.time.fromisoformat(text.zfill(5))
