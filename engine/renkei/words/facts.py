"""What there is to know about a run itself, in the words of the context's language."""

from __future__ import annotations

import datetime as dt

from renkei.model import Run
from renkei.people import JST
from renkei.words.i18n import _, language
from renkei.words.labels import Labels
from renkei.words.printable import printable
from renkei.words.sentences import status_text


def moment_text(moment: dt.datetime | None) -> str:
    """Return an instant as the clock on a wall in Japan shows it."""
    return "-" if moment is None else f"{moment.astimezone(JST):%Y-%m-%d %H:%M} JST"


def span_text(seconds: float) -> str:
    """Return a length of time as people say it."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if not minutes:
        return _("{seconds} s").format(seconds=rest)
    return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)


def clock_text(moment: dt.datetime | None) -> str:
    """Return an instant as people write it, by the clock on a wall in Japan."""
    if moment is None:
        return "-"
    local = moment.astimezone(JST)
    if language() == "ja":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {local:%b %Y %H:%M}"


def run_facts(run: Run, labels: Labels) -> list[tuple[str, str]]:
    """Return what there is to know about *run* itself, as pairs of a title and a text."""
    at = moment_text if labels.technical else clock_text
    systems = (run.source, run.target) if labels.technical else (labels.source, labels.target)
    company = [(_("Company"), labels.company)] if labels.company else []
    settings: list[tuple[str, str]] = []
    for name, on in sorted(run.settings.items()):
        state = _("on") if on else _("off")
        settings.append((labels.setting(name), state))
    facts = [
        *company,
        (_("Run"), run.id),
        (_("Status"), status_text(run.status)),
        (_("Direction"), " → ".join(systems)),
        (_("Base date"), labels.day(run.base_date)),
        (_("Mapping"), run.mapping_name),
        *settings,
        (_("Fetched"), at(run.created_at)),
        (_("Sync started"), at(run.sync_started_at)),
        (_("Finished"), at(run.finished_at)),
        (_("Duration"), _duration(run)),
        *people_of(run),
    ]
    return [(printable(title), printable(text)) for title, text in facts]


def people_of(run: Run) -> list[tuple[str, str]]:
    """Return who did what with *run*, as pairs of a title and a name, without what nobody did."""
    people = [
        (_("Fetched by"), run.who),
        (_("Chosen by"), run.chosen_by),
        (_("Unusual changes allowed by"), run.allowed_by),
        (_("Synced by"), run.synced_by),
        (_("Taken over by"), run.taken_over_by),
    ]
    return [(title, name) for title, name in people if name]


def _duration(run: Run) -> str:
    if run.finished_at is None:
        return "-"
    began = run.sync_started_at or run.created_at
    return span_text((run.finished_at - began).total_seconds())
