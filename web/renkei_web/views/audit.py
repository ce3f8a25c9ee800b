"""
操作ログ: who has done what, and the same as a file.

Of one company, or, at the address of none of several, what is about the whole installation.
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from renkei.clock import Days, day_of
from renkei.report.csv import csv_lines
from renkei.report.log import log_rows
from renkei_web.visit import Visit, number_in

ROWS = 100


def listed(visit: Visit) -> Response:
    """Show the log of some days, newest first."""
    since, until = days = _days(visit)
    before = number_in(visit.query("before"), 9)
    with visit.one_or_all() as door:
        lines = door.newest_lines(ROWS + 1, days, before=before)
    asked = {"since": visit.query("since"), "until": visit.query("until")}
    last = lines[ROWS - 1].line if len(lines) > ROWS else None
    return visit.show(
        "audit.html",
        lines=lines[:ROWS],
        asked=asked,
        query=urlencode(asked),
        backwards=since is not None and until is not None and since > until,
        more=urlencode(asked | {"before": last}) if last else None,
    )


def as_csv(visit: Visit) -> Response:
    """Return the log of some days for a spreadsheet."""
    since, until = days = _days(visit)
    facts = {"since": since and since.isoformat(), "until": until and until.isoformat()}
    visit.note("exported", what="audit.csv", **facts)  # first: the export has this line, too
    with visit.one_or_all() as door:
        text = "".join(csv_lines(log_rows(door.log_lines(days))))
    headers = {"content-disposition": 'attachment; filename="renkei-audit.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _days(visit: Visit) -> Days:
    return day_of(visit.query("since")), day_of(visit.query("until"))
