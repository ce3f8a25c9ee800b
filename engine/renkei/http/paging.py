"""Lists that are read page by page, with a total to hold against what came.

Such a list is no snapshot: somebody added or removed meanwhile moves others across the borders of
the pages, and people whose sort keys are equal or empty may stand elsewhere on every page. So
the ids are counted: the list is whole when they are as many as the system's own total, which must
stay the same. Where some came twice, others were missed: the pages are walked again and joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing

from renkei.errors import RenkeiError
from renkei.http.ahead import ahead
from renkei.http.decode import JSON
from renkei.http.failure import Answer
from renkei.http.whole import EMPTY_PARTS, changed, next_link, no_id, same_total

WALKS = 12
"""Somebody standing at random on one of ten pages is missed by all once in 300,000 times."""


def read_pages(
    name: str,
    ask: Callable[[Mapping[str, str]], Answer],
    not_a_list: Callable[[Answer], RenkeiError],
    per_page: int,
    width: Callable[[], int] | None = None,
) -> Iterator[JSON]:
    """
    Yield each object once, by its ``id``, as it was when it first came.

    *ask* gets the query of one page; *not_a_list* tells what an answer is that is no page. With
    *width*, that many pages are asked for ahead, in threads, once the total is known. Raises
    ListChangedError, with the *name* of the connection, if the list is not whole.
    """

    def page(number: int) -> Answer:
        return ask({"page": str(number), "per_page": str(per_page)})

    joined = _Joined(name, not_a_list)
    for number in range(1, WALKS + 1):
        walk = _Walk(joined, number)
        with closing(_pages(walk, page, width)) as answers:
            for answer in answers:
                yield from walk.take(answer)
        if joined.is_whole(walk):
            return
        if not walk.repeated or joined.is_too_much():
            break  # nobody has moved: walking again would bring the same
    raise changed(name)


def _pages(
    walk: _Walk, page: Callable[[int], Answer], width: Callable[[], int] | None
) -> Generator[Answer, None, None]:
    """Yield each page of one *walk*, which has taken one before it is asked for the next."""
    yield page(1)
    if width is not None and walk.more:
        with closing(ahead(page, walk.pages_left(), width)) as answers:
            for answer in answers:
                yield answer
                if not walk.more:
                    break
    while walk.more:
        yield page(walk.page)


class _Joined:
    """What all walks through the pages have brought so far; in memory are the ids alone."""

    def __init__(self, name: str, not_a_list: Callable[[Answer], RenkeiError]) -> None:
        self.total: int | None = None
        self.last_met: dict[str, int] = {}
        """By id: the number of the walk that met it last."""
        self.name = name
        self._not_a_list = not_a_list

    def is_whole(self, walk: _Walk) -> bool:
        """Tell whether everybody has come once *walk* is over."""
        if self.total is not None:
            return len(self.last_met) == self.total
        return not (walk.repeated and walk.new)

    def is_too_much(self) -> bool:
        """Tell whether more have come than the system counts."""
        return self.total is not None and len(self.last_met) > self.total

    def compare_total(self, total: int | None) -> None:
        """Require the same total wherever one is given: perhaps on the first page only."""
        self.total = same_total(self.name, self.total, total)

    def rows(self, answer: Answer) -> list[JSON]:
        """Return the rows of a page."""
        if not isinstance(answer.body, list):
            raise self._not_a_list(answer)
        return answer.body

    def id_of(self, row: JSON, position: int) -> str:
        """Return whom the row at *position* of a walk is about."""
        identity = row.get("id") if isinstance(row, dict) else None
        if isinstance(identity, str) and identity:
            return identity
        raise no_id(self.name, position)


class _Walk:
    """How far one walk through the pages has come; *page* is the next one."""

    def __init__(self, joined: _Joined, number: int) -> None:
        self.page = 1
        self.more = True
        self.new = 0  # whom no walk had met before
        self.repeated = 0  # whom this walk had met before
        self._joined = joined
        self._number = number
        self._rows = 0
        self._empty = 0  # pages in a row

    def take(self, answer: Answer) -> Iterator[JSON]:
        """Yield who is new on this page and look whether there is another one."""
        rows = self._joined.rows(answer)
        self._joined.compare_total(_total(answer.headers))
        before = self.repeated
        for row in rows:
            yield from self._new(row)
        self.more = self._goes_on(answer, rows)
        all_repeated = bool(rows) and self.repeated - before == len(rows)
        if self.more and all_repeated:
            self._stop_repeating()
        self.page += 1

    def pages_left(self) -> range:
        """Return those pages after the first one that the total promises; none without one."""
        if self._joined.total is None or not self._rows:
            return range(0)
        last = -(-self._joined.total // self._rows)  # rounded up
        return range(self.page, last + 1)

    def _new(self, row: JSON) -> Iterator[JSON]:
        self._rows += 1
        identity = self._joined.id_of(row, self._rows)
        met = self._joined.last_met.get(identity)
        self._joined.last_met[identity] = self._number
        if met is None:
            self.new += 1
            yield row
        elif met == self._number:
            self.repeated += 1

    def _goes_on(self, answer: Answer, rows: list[JSON]) -> bool:
        """Tell whether there is a further page, by the link, the total, or else by trying."""
        total, link = self._joined.total, answer.headers.get("link")
        linked = link is not None and next_link(link) is not None
        complete = total is not None and self._rows >= total
        if not rows:
            # F15: those who stood here may have moved on, so a link counts for more than this.
            self._empty += 1
            return linked and not complete and self._empty < EMPTY_PARTS
        self._empty = 0
        if total is None:
            return linked or link is None
        return linked or not complete

    def _stop_repeating(self) -> None:
        """End the walk at a page without anybody new: it may be the same one for ever."""
        if self._joined.total is None:
            raise changed(self._joined.name)
        self.more = False


def _total(headers: Mapping[str, str]) -> int | None:
    text = headers.get("x-total-count", "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
