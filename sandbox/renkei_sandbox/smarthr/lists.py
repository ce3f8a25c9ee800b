"""SmartHR's lists: filters, sorting, and pages with their headers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from attrs import frozen

from renkei_sandbox.messages import Fields, Request
from renkei_sandbox.smarthr import attributes as names
from renkei_sandbox.smarthr.checks import is_date
from renkei_sandbox.smarthr.switches import SmartHRSwitches

Row = TypeVar("Row", bound=Mapping[str, Any])
Test = Callable[[Mapping[str, Any]], bool]

_DEFAULT_PAGE: Final = 10
_PER_PAGE: Final = "per_page"
_SORT: Final = "sort"
_ONE_OF: Final = {"id": "id", "user_id": "user_id", "employment_type_id": "employment_type_id"}
_EQUAL: Final = {
    "emp_status": names.ENUMS["emp_status"],
    "gender": names.ENUMS["gender"],
    "emp_type": tuple(names.PRESETS),
}
_NAME_PARTS: Final = (
    "last_name first_name last_name_yomi first_name_yomi business_last_name business_first_name "
    "business_last_name_yomi business_first_name_yomi"
).split()


class QueryError(ValueError):
    """A query parameter that SmartHR refuses; the text is its name."""


@frozen
class Page:
    """Which part of a list is wanted."""

    number: int
    size: int
    switches: SmartHRSwitches

    @classmethod
    def of(cls, query: Mapping[str, str], switches: SmartHRSwitches) -> Page:
        """Return the page that *query* asks for.

        Raises:
            QueryError: If a number is none, or too small, or too large and that is to be refused.
        """
        number = _positive(query, "page", 1)
        size = _positive(query, _PER_PAGE, _DEFAULT_PAGE)
        if size > switches.largest_page and switches.per_page_over == "refuse":
            raise QueryError(_PER_PAGE)
        return cls(number, min(size, switches.largest_page), switches)

    @property
    def _tells_total(self) -> bool:
        if self.switches.total == "first page":
            return self.number == 1
        return self.switches.total == "every page"

    @property
    def _is_past_empty(self) -> bool:
        return self.switches.empty_page is not None and self.number >= self.switches.empty_page

    def cut(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of this page."""
        if self.number == self.switches.empty_page:
            return []
        number = self.number - self._is_past_empty
        return rows[(number - 1) * self.size : number * self.size]

    def headers(self, total: int, request: Request, origin: str) -> dict[str, str]:
        """Return the headers that tell about this page of *total* rows."""
        told = {"x-page": str(self.number), "x-per-page": str(self.size)}
        if self._tells_total:
            told["x-total-count"] = str(total)
        last = -(-total // self.size)
        last += self.switches.empty_page is not None and self.switches.empty_page <= last
        links = {"first": 1, "prev": self.number - 1} if self.number > 1 else {}
        if self.number < last:
            links |= {"last": last, "next": self.number + 1}
        # a list of one page has no links at all
        if links and last > 1 and self.switches.links:
            written: list[str] = []
            for rel, number in links.items():
                written.append(f'<{_at_page(request, origin, number)}>; rel="{rel}"')
            told["link"] = ", ".join(written)
        return told


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise QueryError(name)
    return int(text)


def _at_page(request: Request, origin: str, page: int) -> str:
    query = sorted({**request.query, "page": str(page)}.items())
    host = request.headers.get("host")
    base = origin if host is None else f"http://{host}"
    return f"{base}{quote(request.path)}?{urlencode(query, safe=',')}"


def shuffled_ties(rows: list[Row], sort: str, chance: random.Random) -> list[Row]:
    """Return sorted *rows*, those with equal or empty keys in an order of this moment."""
    keys = [part.removeprefix("-") for part in sort.split(",") if part]

    def of(row: Row) -> tuple[str, ...]:
        return tuple(str(row.get(key)) for key in keys)

    shuffled: list[Row] = []
    for _, group in itertools.groupby(rows, key=of):
        ties = list(group)
        shuffled += chance.sample(ties, len(ties))
    return shuffled


def ordered(rows: list[Row], sort: str, *, strict: bool) -> list[Row]:
    """Return *rows* sorted by the comma-joined keys of *sort*, nulls last.

    Raises:
        QueryError: If a key is unknown and *strict*.
    """
    keys = list(filter(None, sort.split(",")))
    # sorting keeps the order of equal rows: the first key is sorted by last
    for key in reversed(keys):
        name = key.removeprefix("-")
        if name not in names.ORDER and not (rows and name in rows[0]):
            if strict:
                raise QueryError(_SORT)
            continue
        filled: list[Row] = []
        empty: list[Row] = []
        for row in rows:
            part = empty if row.get(name) is None else filled
            part.append(row)
        filled.sort(key=_by(name), reverse=key.startswith("-"))
        rows = filled + empty
    return rows


def _by(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: str(row[name])


def tests(
    query: Mapping[str, str], masters: Mapping[str, list[Fields]], *, descendants: bool
) -> list[Test]:
    """Return the conditions that *query* puts on people.

    Raises:
        QueryError: If a date or a word of a fixed set is malformed.
    """
    found: list[Test] = []
    for name, value in query.items():
        if value and (test := _test(name, value, masters, descendants=descendants)):
            found.append(test)
    return found


def _test(
    name: str, value: str, masters: Mapping[str, list[Fields]], *, descendants: bool
) -> Test | None:
    if name in _ONE_OF:
        wanted = frozenset(value.split(","))
        return lambda row: row.get(name) in wanted
    if name == "emp_code":
        return lambda row: row.get(name) == value
    if name in _EQUAL:
        return _equal(name, value, masters)
    if name.endswith(("_at_from", "_at_to")):
        return _dated(name, value)
    if name == "department_id":
        departments = _family(value.split(","), masters["departments"], descendants=descendants)
        return lambda row: not departments.isdisjoint(row.get("department_ids") or ())
    if name == "position_id":
        return _titled(value.split(","), masters)
    # a parameter that SmartHR does not know is ignored, not refused
    return _free(value, masters) if name == "q" else None


def _equal(name: str, value: str, masters: Mapping[str, list[Fields]]) -> Test:
    if value not in _EQUAL[name]:
        raise QueryError(name)
    if name != "emp_type":
        return lambda row: row.get(name) == value
    types = {row["id"] for row in masters["employment_types"] if row["preset_type"] == value}
    return lambda row: row.get("employment_type_id") in types


def _titled(ids: list[str], masters: Mapping[str, list[Fields]]) -> Test:
    # people hold their titles by name, as they are written; the query has ids
    titles = {row["name"] for row in masters["job_titles"] if row["id"] in ids}
    return lambda row: not titles.isdisjoint(row.get("positions") or ())


def _dated(name: str, value: str) -> Test | None:
    field, _, end = name.rpartition("_")
    if field not in ("entered_at", "resigned_at"):
        return None
    if not is_date(value):
        raise QueryError(name)
    if end == "from":
        return lambda row: row.get(field) is not None and row[field] >= value
    return lambda row: row.get(field) is not None and row[field] <= value


def _family(wanted: list[str], rows: list[Fields], *, descendants: bool) -> set[str]:
    found = set(wanted)
    grown = descendants
    while grown:
        grown = False
        for row in rows:
            if row["parent_id"] in found and row["id"] not in found:
                found.add(row["id"])
                grown = True
    return found


def _free(value: str, masters: Mapping[str, list[Fields]]) -> Test:
    departments = {row["id"] for row in masters["departments"] if value in row["name"]}

    def test(row: Mapping[str, Any]) -> bool:
        texts = [str(row.get(part) or "") for part in _NAME_PARTS]
        family, given = texts[:2]
        texts += row.get("positions") or ()
        texts += (family + given, f"{family} {given}")
        if any(value in text for text in texts):
            return True
        return not departments.isdisjoint(row.get("department_ids") or ())

    return test
