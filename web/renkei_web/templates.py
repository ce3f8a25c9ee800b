"""Pages from templates: escaped, in the language of the person, with dates as people write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, Response

from renkei.companies import short_text
from renkei.model import BECAME, Remark, Run, Try
from renkei.people import Label, Value
from renkei.words import sentences as texts
from renkei.words.acts import act_text, facts_text
from renkei.words.codes import part_of
from renkei.words.facts import clock_text, moment_text, span_text
from renkei.words.i18n import _, label, language, ngettext, speaking
from renkei.words.labels import Labels, date_text, day_text, value_text
from renkei.words.printable import printable
from renkei.words.sentences import (
    customer_text,
    difference_text,
    number_text,
    outcome_text,
    released_text,
    status_text,
    words_text,
)
from renkei.words.side_by_side import both, candidates
from renkei_web.review import role_text, state_of, state_text

if TYPE_CHECKING:
    from renkei_web.visit import Visit


def render(template: str, *, language: str, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
    """Return a page; everything that is put in is escaped."""
    with speaking(language):
        # On demand: few pages need them, and they open the store.
        run_labels = cache(lambda: _labels_of(context.get("visit"), context.get("run")))
        text = _environment().get_template(template).render(context | {"run_labels": run_labels})
    return HTMLResponse(text, status_code=status)


@pass_context
def reason_text(context: Context, remark: Remark) -> str:
    """Return what a remark says, in the words of the run that the page is about."""
    return texts.reason_text(remark, _labels_in(context))


@pass_context
def try_text(context: Context, before: Try) -> str:
    """Return what became of an employee before the last try, in the same words."""
    return texts.try_text(before, _labels_in(context))


def _labels_in(context: Context) -> Labels:
    labels = context.get("labels")
    found: Labels = labels if isinstance(labels, Labels) else context["run_labels"]()
    return found


def _labels_of(visit: Visit | None, run: Run | None) -> Labels:
    """Return what people call the things of the run of a page, if it is about one."""
    if visit is None or run is None:
        return texts.UNKNOWN
    with visit.runs() as runs:
        return runs.labels(run.id)


def spoken_text(said: Label) -> str:
    """Return a label in the language of the person."""
    return label(said)


def plain_text(value: Value, field: str = "", labels: Labels | None = None) -> str:
    """Return one value of an employee, in the words of its field; a date as people write it."""
    if isinstance(value, dt.date):
        return date_text(value)
    return labels.value(field, value) if labels else value_text(value)


def name_text(field: str, labels: Labels | Mapping[str, Label]) -> str:
    """Return what people call a field."""
    if isinstance(labels, Labels):
        return labels.field(field)
    return label(labels[field]) if field in labels else field


def count_text(count: int) -> str:
    """Return a number with its thousands apart."""
    return f"{count:,}"


def shown(value: object) -> str:
    """Return a text without anything that cannot be seen."""
    return printable(str(value))


def iso_day_text(text: str) -> str:
    """Return a day as a notice names it, as people write it."""
    return day_text(dt.date.fromisoformat(text))


def seconds_text(at: float) -> str:
    """Return a time of the dashboard's own database, in seconds since 1970, as people write it."""
    return clock_text(dt.datetime.fromtimestamp(at, dt.UTC))


def is_moving(run: Run) -> bool:
    """Tell whether *run* changes by itself: its page looks again."""
    return run.status.is_at_work


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
        ngettext,
        newstyle=True,
    )
    filters: tuple[Callable[..., str], ...] = (
        difference_text, outcome_text, reason_text, status_text,
        moment_text, span_text, day_text, clock_text, count_text, plain_text, name_text,
        spoken_text, number_text, iso_day_text, customer_text, words_text, try_text, shown,
        act_text, facts_text, seconds_text,
    )  # fmt: skip
    environment.filters |= {each.__name__.removesuffix("_text"): each for each in filters}
    environment.filters["part"] = part_of
    environment.filters["both"] = both
    environment.filters["candidates"] = candidates
    environment.filters["released"] = released_text
    environment.filters["short"] = short_text
    environment.filters["role"] = role_text
    environment.filters["state"] = lambda user: state_text(state_of(user))
    environment.tests |= {"moving": is_moving}
    environment.globals |= {
        "language": language,
        "became": BECAME,
        "base": "",
        "company": None,
        "only_sso": False,
    }
    return environment
