"""A schedule in words: when it is, and what has come of a run."""

from __future__ import annotations

import datetime as dt
import re

from renkei.people import JST
from renkei.schedule.job import Job
from renkei.schedule.rule import Schedule
from renkei.schedule.times import due_after
from renkei.words.codes import TABLE
from renkei.words.i18n import _

SOME_DAY = dt.datetime(2024, 1, 1, tzinfo=JST)
"""From then on it is looked when a schedule is: always the same."""

_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|1-5)", re.ASCII)


def timing_text(schedule: Schedule, company: str) -> str:
    """Return when a schedule is: the minute of the company in a window, or what cron reads."""
    text = _of_cron(schedule.at or "")
    if schedule.between is not None:
        own = due_after(schedule, company, SOME_DAY)
        window = f"{schedule.between.start:%H:%M}–{schedule.between.end:%H:%M}"
        minute = f"{own:%H:%M}" if own else "–"
        text = _("at {time} ({window})").format(time=minute, window=window)
    if schedule.not_on:
        days = _(", ").join(str(each).replace("-", "–") for each in schedule.not_on)
        text = _("{when}, not on {days}").format(when=text, days=days)
        if due_after(schedule, company, SOME_DAY) is None:  # each of its days is one of these
            text = f"{text}: {_('No day is left on which it could run.')}"
    return text


def _of_cron(expression: str) -> str:
    """Return the commonest cron expressions in words, and any other one as it is."""
    found = _DAILY.fullmatch(" ".join(expression.split()))
    if found is None:
        return expression
    time = f"{int(found[2]):02}:{int(found[1]):02}"
    text = _("Monday to Friday at {time}")
    if found[3] == "*":
        text = _("daily at {time}")
    return text.format(time=time)


def wants_text(schedule: Schedule) -> str:
    """Return what a schedule does."""
    if schedule.sync is None:
        return _("fetches and compares")
    words = {"new": _("new"), "changed": _("changed"), "same": _("same")}
    names = _(", ").join(words[each.value] for each in schedule.sync.difference)
    return _("syncs: {differences}").format(differences=names)


def job_text(job: Job) -> str:
    """Return how a job stands, in a few words."""
    texts = {
        "queued": _("waits to begin"),
        "running": _("running"),
        "waiting": _("waits, goes on by itself"),
        "done": _("done"),
        "errors": _("done, but somebody failed"),
        "halted": _("needs a person"),
        "failed": _("failed"),
        "missed": _("missed: too late to begin"),
        "skipped": _("left out: the company or the schedule was paused"),
    }
    return _("interrupted") if job.free and job.state == "running" else texts[job.state]


def why_text(job: Job) -> str:
    """Return why it has not simply come to its end; empty if it has."""
    if job.code is None:
        return ""
    ours = {
        "look_first": _("Somebody has to be looked at first."),
        "unusual": _("It is over a safety limit."),
        "wrong_pair": _("The two lists do not seem to be of one company."),
        "new_values": _("New employees need values that the schedule does not give."),
        "choice_changed": _("Somebody else has chosen in its run, so nothing was sent."),
        "schedule_changed": _("The schedule was changed while its run waited."),
        "not_paired": _("Its two connections are no pair."),
        "internal": _("renkei made a mistake of its own."),
        "busy": _("Another run is writing to the same connection."),
        "interrupted": _("Interrupted before the end."),
        "rest_day": _("It has no runs on this day of the month."),
    }
    if job.code in ours:
        return ours[job.code]
    plain = _plain(job.code)
    return _(plain) if plain else _("The reason is in the report ({code}).").format(code=job.code)


def _plain(code: str) -> str:
    """Return what the table of codes says, if a job can say it: it keeps none of the parts."""
    entry = TABLE.get(code)
    if entry is None:
        return ""
    words = entry.of_a_fetch or entry.words
    has_parts = "{" in words.says or "[" in words.says
    return "" if has_parts else words.says
