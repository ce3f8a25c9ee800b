"""Who is to be synced, and what new employees need: everything ticked is kept at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from attrs import evolve, frozen
from starlette.responses import Response

from renkei.model import Difference, Filter, Item, Run, Status, Wish
from renkei.people import NewField
from renkei.runs import Runs
from renkei.words.i18n import _, ngettext
from renkei_web.drafts import Draft
from renkei_web.places import label_of
from renkei_web.visit import Visit, number_in

ROWS = 50
"""Employees on one page."""

NAMED = 3
"""Employees whom a sentence names."""


@frozen
class View:
    """What of a plan is on the screen: a filter and a page of it."""

    wanted: Filter
    after: int = 0
    before: int | None = None

    @classmethod
    def of(cls, visit: Visit) -> View:
        """Return the view that a request asks for; what makes no sense is left out."""
        values = dict(visit.request.query_params)
        for name in visit.form:
            values[name] = visit.field(name)
        names = values.get("difference", "").split(",")
        return cls(
            Filter(
                differences=tuple(each for each in Difference if each.value in names),
                text=values.get("q", "").strip()[:100],
                look_first=True if values.get("look") == "first" else None,
            ),
            _position(values.get("after", "")) or 0,
            _position(values.get("before", "")),
        )

    def query(self, **position: int) -> str:
        """Return the view as an address, on the page that begins or ends at *position*."""
        names = ",".join(each.value for each in self.wanted.differences)
        look = {"look": "first"} if self.wanted.look_first else {}
        return urlencode({"difference": names, "q": self.wanted.text, **look, **position})

    @property
    def many(self) -> Filter:
        """Whom a tick for many is about: those to be looked at first only if the filter is that."""
        return evolve(self.wanted, look_first=bool(self.wanted.look_first))


def show(visit: Visit) -> Response:
    """Show one page of the plan, with what is ticked."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY or not runs.is_current(run):
            return visit.go(f"/runs/{run.id}")
        view = View.of(visit)
        draft = visit.drafts.of(visit.user.id, run.id)
        template = "people.html" if visit.partial else "choose.html"
        return visit.show(template, **_context(runs, run, view, draft))


def tick(visit: Visit) -> Response:
    """Tick or untick some: one employee, those of this page, or all that the filter matches."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        view = View.of(visit)
        with visit.drafts.changing(visit.user.id, run.id) as draft:
            _tick(visit, runs, run, view, draft)
        template = "ticked.html" if visit.field("what") == "one" else "people.html"
        if template == "people.html":
            visit.note("details_opened", run.id, what="choose")
        return visit.show(template, **_context(runs, run, view, draft))


def _tick(visit: Visit, runs: Runs, run: Run, view: View, draft: Draft) -> None:
    match visit.field("what"):
        case "all":
            draft.numbers |= set(runs.numbers(run.id, view.many))
        case "page":
            for item in _page(runs, run, view):
                if _is_free(item) and item.look_first == view.many.look_first:
                    draft.numbers.add(str(item.number))
        case "none":
            draft.numbers -= set(runs.numbers(run.id, view.wanted))
        case "one":
            number = visit.field("number")
            # A form may say anything: only those who can be chosen are ticked.
            known = runs.numbers(run.id, Filter(text=number))
            if visit.field("on") and number in known:
                draft.numbers.add(number)
            else:
                draft.numbers.discard(number)


def release(visit: Visit) -> Response:
    """Say that an employee and a record of the target are one person, or are not; tick them."""
    number, other = visit.field("number"), visit.field("other")
    wish = Wish(
        number=number,
        why=visit.field("why").strip(),
        other=other or None,
        as_new=visit.field("what") == "new",
    )
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        runs.release(run.id, wish)
        with visit.drafts.changing(visit.user.id, run.id) as draft:
            draft.numbers.add(number)
    return visit.go(f"/runs/{run.id}/choose?{urlencode({'q': number})}")


def _context(runs: Runs, run: Run, view: View, draft: Draft) -> dict[str, Any]:
    found = _page(runs, run, view, ROWS + 1)
    more = len(found) > ROWS
    backwards = view.before is not None
    page = found[-ROWS:] if backwards else found[:ROWS]
    tally = runs.tally(run.id, Filter(text=view.wanted.text))
    look = runs.tally(run.id, Filter(text=view.wanted.text, look_first=True))
    many = runs.tally(run.id, Filter(text=view.wanted.text, look_first=view.many.look_first))
    first, last = (page[0].position, page[-1].position) if page else (0, 0)
    free = set(view.wanted.differences or Difference) - {Difference.BLOCKED}
    # Going back implies a later page; one row too many shows that there are more.
    earlier, later = (more, True) if backwards else (view.after > 0, more)
    return {
        "run": run,
        "source": label_of(runs, run.source),
        "target": label_of(runs, run.target),
        "view": view,
        "page": page,
        "labels": runs.labels(run.id),
        "tally": {each: tally.get(each, 0) for each in Difference},
        "look_first": sum(look.values()),
        "matching": _count(many, free),
        "untickable": _count(tally, free) == 0,
        "earlier": view.query(before=first) if page and earlier else None,
        "later": view.query(after=last) if page and later else None,
        "ticked": draft.numbers,
    }


def _count(tally: Mapping[Difference, int], kinds: Iterable[Difference]) -> int:
    return sum(tally.get(each, 0) for each in kinds)


def _page(runs: Runs, run: Run, view: View, limit: int = ROWS) -> list[Item]:
    return runs.page(run.id, view.wanted, after=view.after, before=view.before, limit=limit)


def _is_free(item: Item) -> bool:
    return item.difference is not Difference.BLOCKED and item.number is not None


# --- values of new employees ----------------------------------------------------------------


def values(visit: Visit, problem: str | None = None) -> Response:
    """Ask for the values that new employees need, with the choices of this moment."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY or not runs.is_current(run):
            return visit.go(f"/runs/{run.id}")
        draft = visit.drafts.of(visit.user.id, run.id)
        everybody = _ticked_new(runs, run, draft)
        fields = runs.new_fields(run.id) if everybody else ()
        if not fields:
            return visit.go(f"/runs/{run.id}/start")
        if problem:  # the form shows its people once more
            visit.note("details_opened", run.id, what="values")
        text = visit.query("q") or visit.field("q")
        after = _position(visit.query("after") or visit.field("after")) or 0
        shown = _ticked_new(runs, run, draft, text) if text else everybody
        earlier: list[Item] = []
        people: list[Item] = []
        for item in shown:
            side = people if item.position > after else earlier
            side.append(item)
        return visit.show(
            "values.html",
            status=400 if problem else 200,
            run=run,
            source=label_of(runs, run.source),
            target=label_of(runs, run.target),
            fields=fields,
            draft=draft,
            people=people[:ROWS],
            later=people[ROWS - 1].position if len(people) > ROWS else None,
            earlier=_page_before(earlier),
            text=text,
            after=after,
            problem=problem or _gone(draft, everybody, fields),
        )


def _page_before(earlier: Sequence[Item]) -> int | None:
    """Return the position after which the previous page begins; None on the first page."""
    if not earlier:
        return None
    return earlier[-ROWS - 1].position if len(earlier) > ROWS else 0


def keep_values(visit: Visit) -> Response:
    """Keep the values; then go on, or show the page again: another part, or after a search."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        fields = runs.new_fields(run.id)
        with visit.drafts.changing(visit.user.id, run.id) as draft:
            _fill_in(visit, runs, run, draft, fields)
        everybody = _ticked_new(runs, run, draft)
    what, _colon, after = visit.field("what").partition(":")
    if what == "back":
        return visit.go(f"/runs/{run.id}/choose")
    if what == "next":
        if problem := _gone(draft, everybody, fields) or _missing(draft, everybody, fields):
            return values(visit, problem)
        return visit.go(f"/runs/{run.id}/start")
    query = urlencode({"q": visit.field("q"), "after": after or "0"})
    return visit.go(f"/runs/{run.id}/values?{query}")


def _fill_in(visit: Visit, runs: Runs, run: Run, draft: Draft, fields: Sequence[NewField]) -> None:
    """Put what the form says into *draft*; what is offered no more is left for a person to see."""
    group: list[Item] = []
    if visit.field("what") == "group":
        group = _ticked_new(runs, run, draft, visit.field("q"))
    for each in fields:
        name = each.name
        labels = {choice.code: choice.shown for choice in each.choices}
        _put(draft.new, name, visit.field(f"all:{name}"), labels)
        for number in visit.fields("number"):
            row = draft.rows.setdefault(number, {})
            _put(row, name, visit.field(f"one:{number}:{name}"), labels)
        for item in group:
            row = draft.rows.setdefault(str(item.number), {})
            _put(row, name, visit.field(f"group:{name}"), labels)
        draft.labels.setdefault(name, {}).update(labels)
    draft.rows = {number: row for number, row in draft.rows.items() if row}


def _put(values_: dict[str, str], name: str, code: str, labels: Mapping[str, str]) -> None:
    if code in labels:
        values_[name] = code
    elif not code:
        values_.pop(name, None)


def _gone(draft: Draft, people: Sequence[Item], fields: Sequence[NewField]) -> str | None:
    """Return a sentence about the values that were chosen and are not offered any more."""
    offered: dict[str, set[str]] = {}
    for each in fields:
        offered[each.name] = {choice.code for choice in each.choices}
    found: dict[str, list[str]] = {}
    for name, code in draft.new.items():
        if code not in offered.get(name, ()):
            found[draft.called(name, code)] = [_("all new employees")]
    for item in people:
        for name, codes in offered.items():
            chosen = draft.value(str(item.number), name)
            if chosen and chosen not in codes:
                those = found.setdefault(draft.called(name, chosen), [])
                those.append(f"{item.number} {item.name}")
    if not found:
        return None
    message = _("No longer offered: {value}, chosen for {people}. Choose another value.")
    told: list[str] = []
    for value, names in found.items():
        told.append(message.format(value=value, people=_listed(names)))
    return " ".join(told)


def _missing(draft: Draft, people: Sequence[Item], fields: Sequence[NewField]) -> str | None:
    """Return a sentence about those who lack a value."""
    lacking = []
    for item in people:
        values = [draft.value(str(item.number), each.name) for each in fields]
        if not all(values):
            lacking.append(f"{item.number} {item.name}")
    if not lacking:
        return None
    return _("Choose a value for every new employee: {people}.").format(people=_listed(lacking))


def _listed(names: Sequence[str]) -> str:
    """Return the first few of *names*, and how many there are besides."""
    text = _(", ").join(names[:NAMED])
    more = len(names) - NAMED
    if more < 1:
        return text
    rest = ngettext("{names} and {count} other", "{names} and {count} others", more)
    return rest.format(names=text, count=more)


def _ticked_new(runs: Runs, run: Run, draft: Draft, text: str = "") -> list[Item]:
    wanted = Filter(differences=(Difference.NEW,), text=text)
    found: list[Item] = []
    after = 0
    while page := runs.page(run.id, wanted, after=after, limit=500):
        found += [item for item in page if item.number in draft.numbers]
        after = page[-1].position
    return found


def _position(text: str) -> int | None:
    return number_in(text, 11)
