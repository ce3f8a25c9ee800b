"""What there is to know about a run itself, in the words of the context's language."""

from __future__ import annotations

import datetime as dt

from renkei.i18n import _
from renkei.model import JST, Run
from renkei.printable import printable
from renkei.texts import status_text


def moment_text(moment: dt.datetime | None) -> str:
    """Return an instant as the clock on a wall in Japan shows it."""
    return "-" if moment is None else f"{moment.astimezone(JST):%Y-%m-%d %H:%M} JST"


def span_text(seconds: float) -> str:
    """Return a length of time as people say it."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if not minutes:
        return _("{seconds} s").format(seconds=rest)
    return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)


def run_facts(run: Run) -> list[tuple[str, str]]:
    """Return what there is to know about *run* itself, as pairs of a title and a text."""
    facts = [
        (_("Run"), run.id),
        (_("Status"), status_text(run.status)),
        (_("Direction"), f"{run.source} → {run.target}"),
        (_("Base date"), run.base_date.isoformat()),
        (_("Mapping"), _mapping_text(run)),
        (_("Fetched"), moment_text(run.created_at)),
        (_("Sync started"), moment_text(run.sync_started_at)),
        (_("Finished"), moment_text(run.finished_at)),
        (_("Duration"), _duration(run)),
        (_("By"), run.who),
        *([(_("Unusual changes allowed by"), run.allowed_by)] if run.allowed_by else []),
    ]
    return [(title, printable(text)) for title, text in facts]


def _mapping_text(run: Run) -> str:
    on = [name for name, value in sorted(run.settings.items()) if value]
    return f"{run.mapping_name} ({_(', ').join(on)})" if on else run.mapping_name


def _duration(run: Run) -> str:
    if run.finished_at is None:
        return "-"
    return span_text((run.finished_at - (run.sync_started_at or run.created_at)).total_seconds())
