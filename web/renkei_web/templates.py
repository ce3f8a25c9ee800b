"""Pages from templates: escaped, in the language of the person, with dates as people write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, Response

from renkei import texts
from renkei.facts import moment_text, span_text
from renkei.i18n import _, label, language, speaking
from renkei.model import JST, Item, Label, Outcome, Remark, Run, Status, Value
from renkei.printable import printable
from renkei.texts import difference_text, outcome_text, status_text, value_text

MOVING = (Status.FETCHING, Status.SYNCING)
"""A run in one of these changes by itself: its page looks again."""


def render(template: str, *, language: str, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
    """Return a page; everything that is put in is escaped."""
    with speaking(language):
        text = _environment().get_template(template).render(context)
    return HTMLResponse(text, status_code=status)


def day_text(day: dt.date | None) -> str:
    """Return a day as people write it: 2026年4月1日（水）, or 1 April 2026."""
    if day is None:
        return ""
    if language() == "ja":
        return f"{day.year}年{day.month}月{day.day}日（{'月火水木金土日'[day.weekday()]}）"
    return f"{day.day} {day:%B %Y}"


def clock_text(moment: dt.datetime | None) -> str:
    """Return an instant as the clock on a wall in Japan shows it."""
    if moment is None:
        return "-"
    local = moment.astimezone(JST)
    if language() == "ja":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {local:%b %Y %H:%M}"


@pass_context
def reason_text(context: Context, remark: Remark) -> str:
    """Return what a remark says; connections by what people call them, days as people write."""
    return texts.reason_text(
        remark, context["visit"].label, lambda day: day_text(dt.date.fromisoformat(day))
    )


def spoken_text(said: Label) -> str:
    """Return a label in the language of the person."""
    return label(said)


def plain_text(value: Value) -> str:
    """Return one value of an employee; a date as people write it, without the day of the week."""
    if isinstance(value, dt.date):
        day = day_text(value)
        return day.partition("（")[0]
    return value_text(value)


def name_text(field: str, labels: Mapping[str, Label]) -> str:
    """Return what people call a field."""
    return label(labels[field]) if field in labels else field


def count_text(count: int) -> str:
    """Return a number with its thousands apart."""
    return f"{count:,}"


def shown(value: object) -> str:
    """Return a text without anything that cannot be seen."""
    return printable(str(value))


def is_trouble(item: Item) -> bool:
    """Tell whether somebody may have to look into what became of *item*."""
    return item.outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.DEFERRED)


def is_moving(run: Run) -> bool:
    """Tell whether *run* changes by itself."""
    return run.status in MOVING


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("renkei_web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        _,
        _,
        newstyle=True,  # no template counts: there are no plurals to choose from
    )
    filters: tuple[Callable[..., str], ...] = (
        difference_text, outcome_text, reason_text, status_text,
        moment_text, span_text, day_text, clock_text, count_text, plain_text, name_text,
        spoken_text, shown,
    )  # fmt: skip
    environment.filters |= {each.__name__.removesuffix("_text"): each for each in filters}
    environment.tests |= {"trouble": is_trouble, "moving": is_moving}
    environment.globals |= {"language": language}
    return environment
