"""
What those are told who hear of all companies: each thing once, however many companies have it.

docs/decisions/2026-11-30-told-together.md
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial

from renkei.alerts import words
from renkei.alerts.audience import (
    Audience,
    Post,
    audience_of_all,
    has_reached_nobody,
    letter_if_any,
    name_of,
    posted,
)
from renkei.alerts.notifier import Message
from renkei.alerts.sending import Became, Letter, send
from renkei.alerts.states import OUT_OF_USE, states
from renkei.alerts.words import Names
from renkei.clock import Clock
from renkei.config.heads import head_of
from renkei.config.main import Company, Main
from renkei.errors import MappingError
from renkei.people import JST
from renkei.store.alerts import NOT_OF_RUNS, Alert, Gathering
from renkei.store.companies import Companies
from renkei.store.stands import Direction, Missed
from renkei.words.i18n import speaking
from renkei.words.printable import printable


def untold(store: Companies, now: dt.datetime) -> list[str]:
    """
    Return the companies of which nobody was told today what lasts, has come up, or is over.

    Nothing has to have run for that. One of which nobody fetches any more is none of them: nobody
    is told the same until the end of time.
    """
    today = now.astimezone(JST).date()
    kept = _told_days(store.alerts())
    missed: dict[str, list[Missed]] = {}
    for schedule in store.missed(now):
        missed.setdefault(schedule.company, []).append(schedule)
    found = []
    directions = store.directions(now)
    for company in sorted(directions.keys() | missed.keys()):
        own, late = directions.get(company, []), missed.get(company, [])
        if not (late or _is_fetched(own, now)):
            continue
        told_on = kept.get(company, {})
        # A state that is there today, or one that is not there any more, makes the two differ.
        seen = {state.key: today for state in states(own, late)}
        if told_on != seen:
            found.append(company)
    return found


def _is_fetched(directions: Sequence[Direction], now: dt.datetime) -> bool:
    """Tell whether one of the *directions* of a company is still in use."""
    newest = [each.newest.fetched_at for each in directions]
    return bool(newest) and now - max(newest) <= OUT_OF_USE


def _told_days(alerts: Iterable[Alert]) -> dict[str, dict[str, dt.date | None]]:
    """Return when each state that lasts was told of last: by company, and by its key."""
    days: dict[str, dict[str, dt.date | None]] = {}
    for each in alerts:
        if each.ended_at is None and each.kind not in NOT_OF_RUNS:
            days.setdefault(each.company, {})[each.key] = each.told_on
    return days


def tell_of_all(main: Main, place: str, clock: Clock, post: Post = send) -> list[Became]:
    """
    Tell the receivers of the main file what is gathered over all companies of a store.

    Return what became of each message.
    """
    audience = audience_of_all(main)
    kinds = [kind for kind in words.TOGETHER if audience.wants(kind)]
    wants_week = audience.wants("weekly")
    if not (kinds or wants_week):
        return []
    now, today = clock.now(), clock.today()
    with closing(Companies(place, create=False)) as store:
        found: list[Gathering] = []
        for kind in kinds:
            gathering = store.gather(kind, now)
            if gathering is not None:
                found.append(gathering)
        names = Names(dashboard=audience.notify.dashboard, coded=audience.coded)
        monday = today - dt.timedelta(days=today.weekday())
        weekly = store.once("weekly", "weekly", now, day=monday) if wants_week else None
        with speaking(audience.language):
            made: list[tuple[str, Message]] = []
            for each in found:
                message = _gathered(each, main, store, names)
                made.append((each.kind, message))
            make = _week_of_all(monday, store, now) if weekly else None
            if make is not None:
                made.append(("weekly", make(names)))
        became = posted(_letters(audience, made), post)
        if has_reached_nobody(became):
            for each in found:
                store.give_back_gathered(each)
            if weekly:
                store.give_back_once(weekly)
        return became


def _letters(audience: Audience, made: Sequence[tuple[str, Message]]) -> list[Letter | Became]:
    """Return a letter for each receiver who wants any of what was *made*, message by kind."""
    letters = []
    for receiver in audience.to:
        messages = [message for kind, message in made if receiver.wants(kind)]
        if messages:
            letters.append(letter_if_any(audience, receiver, messages))
    return letters


def _gathered(gathering: Gathering, main: Main, store: Companies, names: Names) -> Message:
    """Return the message about all companies of a gathering."""
    called: dict[str, str] = {}
    for each in (*gathering.open, *gathering.over):
        name = each.company
        if name not in called:
            called[name] = _called(name, main, store, coded=names.coded)
    open_, over = _by_place(gathering.open, called), _by_place(gathering.over, called)
    (kind,) = (known for known in words.TOGETHER if known == gathering.kind)
    return words.gathered_message(kind, open_, over, names)


def _called(name: str, main: Main, store: Companies, *, coded: bool) -> str:
    """Return what a company is called in a message about several."""
    company = Company(name=name)
    with suppress(MappingError):  # its file may be what the message is about: it has its name then
        company = head_of(main, name)
    return name_of(company, store) if coded else printable(company.title)


def _by_place(found: Sequence[Alert], called: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what the companies are *called* once each, by what their states are about."""
    places: dict[str, list[str]] = {}
    for each in found:
        here = places.setdefault(each.about or "", [])
        if called[each.company] not in here:
            here.append(called[each.company])
    return places


def _week_of_all(
    monday: dt.date, store: Companies, now: dt.datetime
) -> Callable[[Names], Message] | None:
    """Return what makes the summary of last week over all companies; None before the first run."""
    open_ = len(store.missed(now)) + len(store.wrong_files())
    for directions in store.directions(now).values():
        open_ += len(states(directions))
    return week_maker(monday, store.week, open_)


def week_maker(
    monday: dt.date, count: Callable[[dt.datetime, dt.datetime], Mapping[str, int]], open_: int
) -> Callable[[Names], Message] | None:
    """Return what makes the summary of the week before *monday*; None before the first run."""
    first = monday - dt.timedelta(days=7)
    since = dt.datetime.combine(first, dt.time(), JST)
    until = dt.datetime.combine(monday, dt.time(), JST)
    week = dict(count(since, until))
    if not week.pop("ever"):
        return None
    last = monday - dt.timedelta(days=1)
    return partial(words.week_message, first, last, week, open_)
