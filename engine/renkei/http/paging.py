"""Lists that are read page by page, with a total to hold against what came.

Such a list is no snapshot: whoever is added or removed meanwhile moves others across the borders
of the pages. So the ids are counted, and the system's total must be the same on every page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from renkei.errors import AnswerError, ListChangedError
from renkei.http.decode import JSON
from renkei.http.failure import Answer
from renkei.i18n import _

if TYPE_CHECKING:
    from renkei.http.session import Session

_NEXT = re.compile(r"""rel\s*=\s*"?next\b""", re.IGNORECASE)


def read_pages(
    session: Session, path: Sequence[str], query: Mapping[str, str], per_page: int
) -> Iterator[JSON]:
    """Yield each object once, by its ``id``; raises ListChangedError if the list is not whole."""
    walk = _Walk(session)
    while walk.more:
        page = {**query, "page": str(walk.page), "per_page": str(per_page)}
        yield from walk.take(session.get(*path, query=page))
    walk.finish()


class _Walk:
    """How far a walk through the pages has come; *page* is the next one."""

    def __init__(self, session: Session) -> None:
        self.page = 1
        self.more = True
        self._session = session
        self._name = session.name
        self._rows = 0
        self._ids: set[str] = set()
        self._total: int | None = None

    def take(self, answer: Answer) -> Iterator[JSON]:
        """Yield what is new on this page and look whether there is another one."""
        rows = answer.body
        if not isinstance(rows, list):
            raise self._session.not_a_list(answer)
        self._compare_total(_total(answer.headers))
        known = len(self._ids)
        for row in rows:
            yield from self._new(row)
        self.more = self._goes_on(answer, rows)
        if self.more and len(self._ids) == known:
            raise self._changed()  # the same page over and over
        self.page += 1

    def finish(self) -> None:
        """Require as many different ids as the system counts."""
        if self._total is not None and len(self._ids) != self._total:
            raise self._changed()

    def _compare_total(self, total: int | None) -> None:
        if self.page == 1:
            self._total = total
        elif total != self._total:
            raise self._changed()

    def _new(self, row: JSON) -> Iterator[JSON]:
        self._rows += 1
        identity = row.get("id") if isinstance(row, dict) else None
        if not isinstance(identity, str) or not identity:
            message = _("{name}: record {position} of a list has no id. Ask the system's support.")
            raise AnswerError(
                message.format(name=self._name, position=self._rows), where=self._name
            )
        if identity not in self._ids:
            self._ids.add(identity)
            yield row

    def _goes_on(self, answer: Answer, rows: list[JSON]) -> bool:
        """Tell whether there is a further page, by the link, the total, or else by trying."""
        if not rows:
            return False
        link = answer.headers.get("link")
        if link is not None and _NEXT.search(link):
            return True
        if self._total is not None:
            return self._rows < self._total
        return link is None

    def _changed(self) -> ListChangedError:
        message = _("{name}: the list changed while it was read, or is not whole. Fetch again.")
        return ListChangedError(message.format(name=self._name), where=self._name)


def _total(headers: Mapping[str, str]) -> int | None:
    text = headers.get("x-total-count", "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
