"""Who is to be synced, and what new employees need: everything ticked is kept at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from attrs import frozen
from starlette.responses import Response

from renkei.i18n import _
from renkei.model import Difference, Filter, Item, NewField, Run, Status
from renkei.runs import Runs
from renkei_web.drafts import Draft
from renkei_web.views import home
from renkei_web.visit import Visit

ROWS = 50
"""Employees on one page."""


@frozen
class View:
    """What of a plan is on the screen: a filter and a page of it."""

    wanted: Filter
    after: int = 0
    before: int | None = None

    @classmethod
    def of(cls, visit: Visit) -> View:
        """Return the view that a request asks for; what makes no sense is left out."""
        values = {**visit.request.query_params, **{k: visit.field(k) for k in visit.form}}
        names = values.get("difference", "").split(",")
        return cls(
            Filter(
                differences=tuple(each for each in Difference if each.value in names),
                text=values.get("q", "").strip()[:100],
            ),
            _position(values.get("after", "")) or 0,
            _position(values.get("before", "")),
        )

    def query(self, **position: int) -> str:
        """Return the view as an address, on the page that begins or ends at *position*."""
        names = ",".join(each.value for each in self.wanted.differences)
        return urlencode({"difference": names, "q": self.wanted.text, **position})


def show(visit: Visit) -> Response:
    """Show one page of the plan, with what is ticked."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        view = View.of(visit)
        draft = Draft.read(visit.office.accounts, visit.user.id, run.id)
        template = "people.html" if visit.partial else "choose.html"
        return visit.show(template, **_context(runs, run, view, draft))


def tick(visit: Visit) -> Response:
    """Tick or untick some: one employee, those of this page, or all that the filter matches."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        view = View.of(visit)
        with Draft.change(visit.office.accounts, visit.user.id, run.id) as draft:
            _tick(visit, runs, run, view, draft)
        template = "ticked.html" if visit.field("what") == "one" else "people.html"
        return visit.show(template, **_context(runs, run, view, draft))


def _tick(visit: Visit, runs: Runs, run: Run, view: View, draft: Draft) -> None:
    match visit.field("what"):
        case "all":
            draft.numbers |= set(runs.numbers(run.id, view.wanted))
        case "page":
            draft.numbers |= {i.number for i in _page(runs, run, view) if _is_free(i)}  # type: ignore[misc]
        case "none":
            draft.numbers -= set(runs.numbers(run.id, view.wanted))
        case "one":
            number = visit.field("number")
            known = set(runs.numbers(run.id, Filter(text=number)))
            on = {number} & known if visit.field("on") else set()
            draft.numbers = (draft.numbers - {number}) | on


def _context(runs: Runs, run: Run, view: View, draft: Draft) -> dict[str, Any]:
    found = _page(runs, run, view, ROWS + 1)
    more = len(found) > ROWS
    backwards = view.before is not None
    page = found[-ROWS:] if backwards else found[:ROWS]
    everywhere = Filter(text=view.wanted.text)
    tally = runs.tally(run.id, everywhere)
    first, last = (page[0].position, page[-1].position) if page else (0, 0)
    shown = view.wanted.differences or tuple(Difference)
    earlier, later = (more, True) if backwards else (view.after > 0, more)
    return {
        "run": run,
        "source": home.label_of(runs, run.source),
        "target": home.label_of(runs, run.target),
        "view": view,
        "page": page,
        "labels": runs.labels(run.id),
        "tally": {each: tally.get(each, 0) for each in Difference},
        "matching": sum(tally.get(each, 0) for each in shown if each is not Difference.BLOCKED),
        "earlier": view.query(before=first) if page and earlier else None,
        "later": view.query(after=last) if page and later else None,
        "ticked": draft.numbers,
        "needs_values": bool(draft.numbers & set(_new_numbers(runs, run))),
    }


def _page(runs: Runs, run: Run, view: View, limit: int = ROWS) -> list[Item]:
    return runs.page(run.id, view.wanted, after=view.after, before=view.before, limit=limit)


def _is_free(item: Item) -> bool:
    return item.difference is not Difference.BLOCKED and item.number is not None


def _new_numbers(runs: Runs, run: Run, text: str = "") -> list[str]:
    return runs.numbers(run.id, Filter(differences=(Difference.NEW,), text=text))


# --- values of new employees ----------------------------------------------------------------


def values(visit: Visit, problem: str | None = None) -> Response:
    """Ask for the values that new employees need, with the choices of this moment."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        draft = Draft.read(visit.office.accounts, visit.user.id, run.id)
        fields = runs.new_fields(run.id)
        text = visit.query("q") or visit.field("q")
        after = _position(visit.query("after") or visit.field("after")) or 0
        ticked = [i for i in _ticked_new(runs, run, draft, text) if i.position > after]
        if not fields or not (draft.numbers & set(_new_numbers(runs, run))):
            return visit.go(f"/runs/{run.id}/start")
        if _forget_gone(draft, fields):
            problem = problem or _("A value that was chosen is no longer offered. Choose again.")
        return visit.show(
            "values.html",
            status=400 if problem else 200,
            run=run,
            source=home.label_of(runs, run.source),
            target=home.label_of(runs, run.target),
            fields=fields,
            draft=draft,
            people=ticked[:ROWS],
            more=ticked[ROWS - 1].position if len(ticked) > ROWS else None,
            text=text,
            after=after,
            problem=problem,
        )


def keep_values(visit: Visit) -> Response:
    """Keep the values; then go on, or show the page again for a group."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        fields = runs.new_fields(run.id)
        with Draft.change(visit.office.accounts, visit.user.id, run.id) as draft:
            _forget_gone(draft, fields)
            _fill_in(visit, runs, run, draft, fields)
        missing = _missing(draft, set(_new_numbers(runs, run)), fields)
    if visit.field("what") == "next" and not missing:
        return visit.go(f"/runs/{run.id}/start")
    if visit.field("what") == "next":
        return values(visit, _("Choose a value for every new employee."))
    query = urlencode({"q": visit.field("q"), "after": visit.field("after")})
    return visit.go(f"/runs/{run.id}/values?{query}")


def _fill_in(visit: Visit, runs: Runs, run: Run, draft: Draft, fields: Sequence[NewField]) -> None:
    offered = {each.name: {choice.code for choice in each.choices} for each in fields}
    for name, codes in offered.items():
        _put(draft.new, name, visit.field(f"all:{name}"), codes)
        for number in visit.fields("number"):
            row = draft.rows.setdefault(number, {})
            _put(row, name, visit.field(f"one:{number}:{name}"), codes)
    if visit.field("what") == "group":
        for item in _ticked_new(runs, run, draft, visit.field("q")):
            row = draft.rows.setdefault(str(item.number), {})
            for name, codes in offered.items():
                _put(row, name, visit.field(f"group:{name}"), codes)
    draft.rows = {number: row for number, row in draft.rows.items() if row}


def _put(values_: dict[str, str], name: str, code: str, codes: set[str]) -> None:
    if code in codes:
        values_[name] = code
    else:
        values_.pop(name, None)


def _missing(draft: Draft, new: set[str], fields: Sequence[NewField]) -> bool:
    names = {each.name for each in fields}
    rows = (draft.rows.get(number, {}) for number in draft.numbers & new)
    return any(names - {**draft.new, **row}.keys() for row in rows)


def _forget_gone(draft: Draft, fields: Sequence[NewField]) -> bool:
    """Forget values that the system does not offer any more; tell whether there were any."""
    offered = {each.name: {choice.code for choice in each.choices} for each in fields}
    gone = False
    for chosen in (draft.new, *draft.rows.values()):
        for name in [n for n, code in chosen.items() if code not in offered.get(n, ())]:
            del chosen[name]
            gone = True
    return gone


def _ticked_new(runs: Runs, run: Run, draft: Draft, text: str) -> list[Item]:
    wanted = Filter(differences=(Difference.NEW,), text=text)
    found: list[Item] = []
    after = 0
    while page := runs.page(run.id, wanted, after=after, limit=500):
        found += [item for item in page if item.number in draft.numbers]
        after = page[-1].position
    return found


def _position(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
