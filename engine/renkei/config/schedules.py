"""``schedules:`` of a company: how they are written, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from renkei.config.hours import hours_in
from renkei.config.main import MOST_DAYS, is_name
from renkei.model import Difference
from renkei.schedule.rule import Days, Window
from renkei.schedule.times import mistake_in
from renkei.words.i18n import _
from renkei.yamlfile.converter import CONVERTER, Wrong, is_whole, suggestion

Place = tuple[str | int, ...]
Mistake = tuple[Place, str]

SYNCED = (Difference.NEW, Difference.CHANGED, Difference.SAME)
"""The differences that can be chosen."""

_DAYS = re.compile(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", re.ASCII)


def _window(data: object, _cls: type) -> Window:
    hours = hours_in(data)
    if hours is not None and hours[0] != hours[1]:
        return Window(*hours)
    raise Wrong(_("Write a window like 01:00-06:30; it may be over midnight."))


def _days(data: object, _cls: type) -> Days:
    found = _DAYS.fullmatch(CONVERTER.structure(data, str))
    if found is not None:
        first = int(found[1])
        last = int(found[2] or first)
        if 1 <= first <= last <= 31:
            return Days(first, last)
    raise Wrong(_("Write a day of the month, such as 25, or some, such as 25-31."))


def _difference(data: object, _cls: type) -> Difference:
    text = CONVERTER.structure(data, str)
    if text not in SYNCED:
        names = [each.value for each in SYNCED]
        message = _('expected {known}, not "{word}"').format(known=_(" or ").join(names), word=text)
        raise Wrong(message + suggestion(text, names))
    return Difference(text)


CONVERTER.register_structure_hook(Window, _window)
CONVERTER.register_structure_hook(Days, _days)
CONVERTER.register_structure_hook(Difference, _difference)


def schedule_mistakes(data: object, connections: list[str]) -> Iterator[Mistake]:
    """Yield what is wrong with schedules whose shape is right, each with its place."""
    if not isinstance(data, list):
        return
    taken: set[str] = set()
    for index, each in enumerate(data):
        if not isinstance(each, dict):
            continue
        place: Place = ("schedules", index)
        name = each.get("name")
        if isinstance(name, str):
            yield from _name((*place, "name"), name, taken)
            taken.add(name)
        yield from _times(place, each)
        yield from _way(place, each, connections)
        yield from _people(place, each)


def _name(place: Place, name: str, taken: Collection[str]) -> Iterator[Mistake]:
    if not is_name(name):
        yield place, _("A name has only small letters, digits, “-” and “_”: it stands in commands.")
    elif name in taken:
        text = _("There is a schedule {name} already; each needs a name of its own.")
        yield place, text.format(name=name)


def _times(place: Place, data: Mapping[str, object]) -> Iterator[Mistake]:
    if ("at" in data) == ("between" in data):
        text = _("Say when, by one of both: at: for a cron expression, between: for a window.")
        yield place, text
    at = data.get("at")
    wrong = mistake_in(at) if isinstance(at, str) and at else None
    if wrong is not None:
        text = _(
            "{part} wrong in this cron expression. Write five fields, such as 0 13 * * 1-5 for"
            " 13:00 from Monday to Friday: minute, hour, day, month, weekday."
        )
        yield (*place, "at"), text.format(part=_part(wrong))
    if _days_in(data.get("not_on")) >= set(range(1, 32)):
        yield (*place, "not_on"), _("No day is left on which it could run.")


def _days_in(written: object) -> set[int]:
    """Return the days of the month that a list says, as far as it can be read."""
    days: set[int] = set()
    for each in written if isinstance(written, list) else []:
        found = _DAYS.fullmatch(each) if isinstance(each, str) else None
        if found is not None:
            first, last = found[1], found[2] or found[1]
            days.update(range(int(first), int(last) + 1))
    return days


def _part(name: str) -> str:
    """Return what is wrong in a cron expression, as the beginning of a sentence."""
    parts = {
        "fields": _("The number of fields is"),
        "minute": _("The minute is"),
        "hour": _("The hour is"),
        "day-of-month": _("The day is"),
        "month": _("The month is"),
        "day-of-week": _("The weekday is"),
    }
    return parts[name]


def _way(place: Place, data: Mapping[str, object], connections: list[str]) -> Iterator[Mistake]:
    for key in ("from", "to"):
        name = data.get(key)
        if isinstance(name, str) and name and name not in connections:
            text = _("There is no connection {name}. Configured: {names}.")
            told = text.format(name=name, names=_(", ").join(map(str, connections)))
            yield (*place, key), told + suggestion(name, connections)
    if data.get("from") is not None and data.get("from") == data.get("to"):
        yield (*place, "to"), _("Both sides are the same connection.")


def _people(place: Place, data: Mapping[str, object]) -> Iterator[Mistake]:
    for key in ("leavers", "joiners"):
        days = data.get(key)
        if not (isinstance(days, str) and is_whole(days)):
            continue  # `structure` reports what is no number
        if int(days) > MOST_DAYS:
            text = _("{count} is not a number of days from {least} to {most}")
            yield (*place, key), text.format(count=days, least=0, most=MOST_DAYS)
    sync = data.get("sync")
    chosen = sync.get("difference") if isinstance(sync, dict) else None
    if chosen == []:
        yield (*place, "sync", "difference"), _("the list is empty")
    syncs_new = isinstance(chosen, list) and Difference.NEW.value in chosen
    if data.get("new") and not syncs_new:
        text = _("These values are for new employees, whom this schedule does not sync.")
        yield (*place, "new"), text
