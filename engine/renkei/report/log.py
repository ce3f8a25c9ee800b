"""The audit log as rows for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from renkei.model import Noted
from renkei.people import JST
from renkei.words.acts import act_text, facts_text
from renkei.words.i18n import _


def log_rows(lines: Iterable[Noted]) -> Iterator[Sequence[str]]:
    """Yield a header, then each line: in words, and with all that its hash covers."""
    yield (
        *(_("line"), _("time (Japan)"), _("who"), _("act"), _("details"), _("run")),
        *("at", "act", "facts", "hash"),
    )
    for each in lines:
        yield (
            str(each.line),
            f"{each.at.astimezone(JST):%Y-%m-%d %H:%M:%S}",
            each.who,
            act_text(each.act),
            facts_text(each),
            each.run or "",
            each.at.isoformat(timespec="microseconds"),
            each.act,
            json.dumps(dict(each.facts), ensure_ascii=False, sort_keys=True),
            each.hash,
        )
