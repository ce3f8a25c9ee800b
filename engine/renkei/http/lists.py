"""Reading as connectors do it: one record or nobody, and lists in all the ways they are cut up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from attrs import define, field

from renkei.errors import AnswerError, RenkeiError
from renkei.http.ahead import ahead
from renkei.http.decode import JSON
from renkei.http.failure import Answer
from renkei.http.paging import read_pages
from renkei.http.records import ABSENT, found_at, identity_of
from renkei.http.whole import EMPTY_PARTS, changed, next_link, no_id, same_total
from renkei.words.i18n import _

if TYPE_CHECKING:
    from renkei.http.connection import Connection

Query = Mapping[str, str]


class Lists(ABC):
    """
    The part of a session that reads more than one document makes.

    A list is no snapshot. Those that are read in parts raise ListChangedError where the system's
    own total, if it tells one, is not the number of ids that have come, where the parts go round in
    circles or bring nobody new for long, and where somebody came twice of a list without a total.
    """

    name: str
    _connection: Connection

    @abstractmethod
    def get(self, *path: str, query: Query | None = None) -> Answer:
        """Read one document."""

    @abstractmethod
    def not_a_list(self, answer: Answer) -> RenkeiError:
        """Return the error for an answer to a read that is no list."""

    def find(
        self, *path: str, query: Query | None = None, nobody: tuple[str, ...] = ("not_found",)
    ) -> Answer | None:
        """
        Read one document, or return None where there is none: a 404; since renkei 0.2.

        *nobody* are the codes of AnswerError with which this system says so; ``bad_request`` is a
        400. Every other error gets through.
        """
        try:
            return self.get(*path, query=query)
        except AnswerError as error:
            if error.code not in nobody:
                raise
        return None

    def pages(self, *path: str, query: Query | None = None, per_page: int = 100) -> Iterator[JSON]:
        """
        Yield the objects of a list that is read page by page, each id once.

        Where the connector says that pages may be read in parallel, they are asked for ahead once
        the total is known, in threads that call ``classify`` and ``room``.

        Raises ListChangedError if the system's own total does not agree with what came.
        """
        ask = self._asking(path, query)
        return read_pages(self.name, ask, self.not_a_list, per_page, self._width)

    def by_offset(
        self,
        *path: str,
        query: Query | None = None,
        rows: str | None = None,
        total: str | None = None,
        offset: str = "offset",
        first: int = 0,
        limit: str = "limit",
        per_page: int = 100,
        key: str = "id",
    ) -> Iterator[JSON]:
        """
        Yield the objects of a list that is read from an *offset* on, each id once; since 0.2.

        The offset of the *first* object is sent first, *limit* is the parameter for the number of
        *per_page*; fewer may come. *rows* and *total* are where the answer has them, such as
        ``data.people``; without *rows* it is an array, without *total* the end is an empty page.
        Ahead as :meth:`pages` does.
        """
        heard = _Heard(self.name, self.not_a_list, rows, total, key)
        ask = self._asking(path, query)

        def page(at: int) -> Answer:
            return ask({offset: str(at), limit: str(per_page)})

        at, step, count = first, 0, 0
        while True:
            with closing(_from(at, step, heard.end(first), page, self._width)) as answers:
                for asked, answer in answers:
                    count = yield from heard.new(answer)
                    # The first page shows how many the system gives, perhaps fewer than asked for.
                    at, step = at + count, step or count
                    if at != asked + step:
                        break  # a short page: those that were asked for beyond it begin too late
            if not count or heard.is_complete:
                return heard.refuse_unless_whole()

    def by_cursor(
        self,
        *path: str,
        query: Query | None = None,
        rows: str | None = None,
        total: str | None = None,
        cursor: str = "cursor",
        next: str = "next",  # noqa: A002 - what most systems call it
        start: str | None = None,
        key: str = "id",
    ) -> Iterator[JSON]:
        """
        Yield the objects of a list whose answers say where it goes on, each id once; since 0.2.

        What stands at *next* is sent as *cursor* for the next page; without it, or with null or
        empty text there, the list is over. With *start*, that is sent for the first page. *query*
        goes with every page; the rest is as in :meth:`by_offset`.
        """
        heard = _Heard(self.name, self.not_a_list, rows, total, key)
        ask, page = self._asking(path, query), {} if start is None else {cursor: start}
        while True:
            answer = ask(page)
            yield from heard.new(answer)
            at = heard.cursor(answer, next)
            if not at:
                return heard.refuse_unless_whole()
            page = {cursor: at}

    def by_link(
        self,
        *path: str,
        query: Query | None = None,
        rows: str | None = None,
        total: str | None = None,
        key: str = "id",
    ) -> Iterator[JSON]:
        """
        Yield the objects of a list with a ``Link`` to the next page (RFC 8288); since 0.2.

        Of the link only the query is taken, whole: no other host or path is asked. The rest is as
        in :meth:`by_offset`.
        """
        heard = _Heard(self.name, self.not_a_list, rows, total, key)
        page = query
        while True:
            answer = self.get(*path, query=page)
            yield from heard.new(answer)
            link = next_link(answer.headers.get("link", ""))
            if link is None:
                return heard.refuse_unless_whole()
            page = heard.query(link)  # F14: no answer leads us to another host

    def _asking(self, path: tuple[str, ...], query: Query | None) -> Callable[[Query], Answer]:
        """Return what asks for one part of the list at *path*."""
        return lambda page: self.get(*path, query={**(query or {}), **page})

    @property
    def _width(self) -> Callable[[], int] | None:
        """How many pages to ask for ahead; None where the connector has not said that it may be."""
        if "pages" not in self._connection.conditions.in_parallel:
            return None
        return partial(self._connection.width, "pages")


@define
class _Heard:
    """What has come of one list; in memory are the ids alone."""

    name: str
    not_a_list: Callable[[Answer], RenkeiError]
    rows_at: str | None
    total_at: str | None
    key: str
    total: int | None = None
    count: int = 0
    ids: set[str] = field(factory=set, repr=False)
    _places: set[str] = field(factory=set, repr=False)
    _idle: int = 0
    """How many parts in a row have brought nobody new."""

    def new(self, answer: Answer) -> Generator[JSON, None, int]:
        """Yield who has not come before; return how many rows there were."""
        known = len(self.ids)
        self._hear_total(answer)
        rows = _at(answer, self.rows_at)
        if rows is None and self.total == 0:
            rows = []  # SCIM leaves the list out where it is empty (RFC 7644, section 3.4.2)
        if not isinstance(rows, list):
            raise self.not_a_list(answer)
        for row in rows:
            self.count += 1
            identity = self._identity(row)
            if identity not in self.ids:
                self.ids.add(identity)
                yield row
        self._refuse_endless(known)
        return len(rows)

    @property
    def is_complete(self) -> bool:
        """Whether as many rows have come as there are."""
        return self.total is not None and self.count >= self.total

    def end(self, first: int) -> int | None:
        """Return the offset after the last row, if it is known."""
        return None if self.total is None else first + self.total

    def refuse_unless_whole(self) -> None:
        """Raise ListChangedError if somebody is missing, or may be."""
        due = self.count if self.total is None else self.total
        if len(self.ids) != due:
            raise changed(self.name)

    def _refuse_endless(self, known: int) -> None:
        """Raise ListChangedError at what may be the same part for ever; *known* came before it."""
        self._idle = self._idle + 1 if len(self.ids) == known else 0
        twice = self.total is None and len(self.ids) < self.count
        if twice or self._idle > EMPTY_PARTS:
            raise changed(self.name)

    def cursor(self, answer: Answer, where: str) -> str:
        """Return where the list goes on, or nothing."""
        said = _at(answer, where)
        if isinstance(said, int) and not isinstance(said, bool):
            said = str(said)
        if said is None or said == "":
            return ""
        if not isinstance(said, str):
            raise self.not_a_list(answer)
        return self._never_before(said)

    def query(self, link: str) -> dict[str, str]:
        """Return the query of a link."""
        try:
            asked = urlsplit(self._never_before(link)).query
            pairs = parse_qsl(asked, keep_blank_values=True, errors="strict")
        except ValueError:
            pairs = []
        if not pairs or len(dict(pairs)) < len(pairs):
            message = _("{name}: the link to the next page cannot be followed. Ask its support.")
            raise AnswerError(message.format(name=self.name), where=self.name)
        return dict(pairs)

    def _never_before(self, place: str) -> str:
        """Return *place*; ListChangedError if the list has gone on there before."""
        if place in self._places:
            raise changed(self.name)
        self._places.add(place)
        return place

    def _hear_total(self, answer: Answer) -> None:
        """Require the same total wherever one is given."""
        total = _at(answer, self.total_at) if self.total_at else None
        if isinstance(total, int) and not isinstance(total, bool):
            self.total = same_total(self.name, self.total, total)

    def _identity(self, row: JSON) -> str:
        identity = identity_of(row, self.key)
        if identity is None:
            raise no_id(self.name, self.count)
        return identity


def _at(answer: Answer, where: str | None) -> object:
    """Return what stands in an answer at a place like ``data.people``; the whole one without it."""
    try:
        found = found_at(answer.body, where.split(".") if where else ())
    except ValueError:
        return None
    return None if found is ABSENT else found


def _from(
    at: int,
    step: int,
    end: int | None,
    page: Callable[[int], Answer],
    width: Callable[[], int] | None,
) -> Generator[tuple[int, Answer], None, None]:
    """Yield the page *at*, and those after it up to *end*, *step* by *step*, where that may be."""
    if width is None or end is None or not step or at >= end:
        yield at, page(at)
        return
    places = range(at, end, step)
    with closing(ahead(page, places, width)) as answers:
        yield from zip(places, answers, strict=False)
