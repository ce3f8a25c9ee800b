"""The calls about employees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from renkei_sandbox.messages import Answer, Commit, Fields, RefusalError, Request, dump
from renkei_sandbox.touchontime import checks, errors
from renkei_sandbox.touchontime.history import DATED, Transfer

if TYPE_CHECKING:
    from renkei_sandbox.touchontime.system import TouchOnTime

_PIECE: Final = 400
_LEAP_DAY: Final = (2, 29)


def answer(system: TouchOnTime, request: Request, rest: tuple[str, ...]) -> Answer:
    """Answer a call below /employees: lists and reads by code, changes by key."""
    system.transfers.settle(system.people, system.clock.today())
    match request.method, rest:
        case "GET", ():
            return _list(system, request)
        case "GET", (code,):
            return _one(system, request, code)
        case "POST", ():
            return _create(system, request)
        case "PUT", (key,):
            return _update(system, request, key)
        case "DELETE", (key,):
            return _delete(system, key)
        case _:
            return errors.error(404, errors.NO_ROUTE)


# -- reading ---------------------------------------------------------------------------------


def _list(system: TouchOnTime, request: Request) -> Answer:
    at = _base_date(system, request)
    division = request.query.get("division")
    divisions = [row["code"] for row in system.masters["divisions"]]
    if division is not None and division not in divisions:
        if system.switches.unknown_division == "refuse":
            return errors.errors(400, (errors.UNKNOWN_CHOICE, "division が存在しません。"))
        return Answer(status=200, body=b"[]")
    rows = [row for row in system.ordered() if _listed(system, row, request, at)]
    additional = _additional(request)
    return Answer(status=200, body=_stream(system, rows, at, additional, division))


def _stream(
    system: TouchOnTime,
    rows: list[Mapping[str, Any]],
    at: dt.date,
    additional: tuple[str, ...],
    division: str | None,
) -> Iterator[bytes]:
    """Yield the array in pieces, so that a large company takes no memory."""
    yield b"["
    first = True
    show = system.shower(at, additional)
    for start in range(0, len(rows), _PIECE):
        shown = [show(row) for row in rows[start : start + _PIECE]]
        # the division is that of the day asked for, which only the shown row has
        if division is not None:
            shown = [row for row in shown if row["divisionCode"] == division]
        if shown:
            yield (b"" if first else b",") + dump(shown)[1:-1]
            first = False
    yield b"]"


def _one(system: TouchOnTime, request: Request, code: str) -> Answer:
    at = _base_date(system, request)
    hidden = system.hidden()
    for record in system.people.numbered(code):
        if record["key"] not in hidden and _listed(system, record, request, at):
            body = dump(system.shower(at, _additional(request))(record))
            return Answer(status=200, body=body, person=record["key"])
    # one client of theirs has met the code of a bad token here
    own = system.switches.unknown_code == "own"
    unknown = errors.UNKNOWN_CODE if own else errors.AUTHENTICATION
    return errors.error(system.switches.unknown_code_status, unknown)


def _listed(system: TouchOnTime, record: Mapping[str, Any], request: Request, at: dt.date) -> bool:
    day = at.isoformat()
    if not system.switches.future_hires and (record.get("hiredDate") or "") > day:
        return False
    left = record.get("resignationDate")
    if not left or request.query.get("includeResigner") == "true":
        return True
    # vendors of HR products do not agree whether the last day still counts
    if left == day:
        return system.switches.resignation_day == "still"
    return bool(left > day)


def _additional(request: Request) -> tuple[str, ...]:
    wanted = request.query.get("additionalFields", "").split(",")
    return tuple(name for name in checks.OPTIONAL if name in wanted)


def _base_date(system: TouchOnTime, request: Request) -> dt.date:
    """Return the day asked for: three years back to one year ahead, both included."""
    today = system.clock.today()
    text = request.query.get("date")
    if text is None:
        return today
    at = checks.parse_date(text)
    if at is None:
        raise RefusalError(errors.error(400, errors.DATE_FORMAT))
    # the vendor tells of three years back and one ahead
    if not _years(today, -3) <= at <= _years(today, 1):
        raise RefusalError(errors.error(400, errors.DATE_RANGE))
    return at


def _years(day: dt.date, years: int) -> dt.date:
    if (day.month, day.day) == _LEAP_DAY:
        day = day.replace(day=28)
    return day.replace(year=day.year + years)


# -- writing ---------------------------------------------------------------------------------


def _create(system: TouchOnTime, request: Request) -> Answer:
    sent = _values(request)
    wrong = [*checks.missing(sent), *checks.wrong(sent, system.masters, system.switches)]
    wrong += [*checks.disorder(sent), *_taken(system, sent, None)]
    _refuse(wrong)
    key = system.new_id("person")
    stored = system.normalised(_without_empty(sent))
    record = system.new_record(key, stored)
    shown = {**stored, "key": key}
    # the vendor's sample has the key and what was required; names and groups have to be read
    if system.switches.post_answer == "bare":
        for name in checks.OPTIONAL:
            shown.pop(name, None)
    body = dump(shown)
    return Answer(status=201, body=body, person=key, commit=system.creation(key, record))


def _update(system: TouchOnTime, request: Request, key: str) -> Answer:
    if key not in system.people:
        return errors.error(system.switches.unknown_key_status, errors.UNKNOWN_KEY)
    record = system.people[key]
    sent = _values(request)
    on = _transfer_date(system, request)
    wrong = [] if system.switches.partial_put else list(checks.missing(sent))
    if wrong and system.switches.partial_put_refusal == "unknown words":
        return errors.error(400, errors.INCOMPLETE)
    wrong += checks.wrong(sent, system.masters, system.switches)
    wrong += [*checks.disorder({**record, **sent}), *_taken(system, sent, key)]
    _refuse(wrong)
    changes = system.normalised(_changes(system, sent))
    transfers = _transfers(record, changes, on, system.clock.today())
    for transfer in transfers:
        if not transfer.applied:
            del changes[transfer.field]
    additional = checks.OPTIONAL if system.switches.put_answer == "full" else ()
    show = system.shower(system.clock.today(), additional, groups=False)
    shown = show({**record, **changes})
    commit = Commit(kind="update", apply=lambda: _carry_out(system, key, changes, transfers))
    return Answer(status=200, body=dump(shown), person=key, commit=commit)


def _changes(system: TouchOnTime, sent: Fields) -> Fields:
    """Return what an update stores of *sent*."""
    changes: Fields = {}
    for name, value in sent.items():
        if name in system.switches.readonly:
            continue
        # what is left out stays, and what comes empty is taken away
        changes[name] = None if value in ("", [], checks.NO_GENDER) else value
    return changes


def _carry_out(system: TouchOnTime, key: str, changes: Fields, transfers: list[Transfer]) -> None:
    system.people[key].update(changes)
    for transfer in transfers:
        system.transfers.add(key, transfer)


def _transfers(
    record: Mapping[str, Any], changes: Fields, on: dt.date, today: dt.date
) -> list[Transfer]:
    """Return the dated changes among *changes*; those of a later day are only booked."""
    made: list[Transfer] = []
    for name in DATED:
        before, after = record[name], changes.get(name)
        if after is not None and after != before:
            applied = on <= today
            made.append(Transfer(on=on, field=name, before=before, after=after, applied=applied))
    return made


def _transfer_date(system: TouchOnTime, request: Request) -> dt.date:
    text = request.query.get("updateDate")
    today = system.clock.today()
    on = today if text is None else checks.parse_date(text)
    if on is None:
        raise RefusalError(errors.error(400, errors.DATE_FORMAT))
    # the admin screen books nothing before the attendance month that is going on
    if system.switches.oldest_transfer and on < today.replace(day=1):
        raise RefusalError(errors.error(400, errors.DATE_RANGE))
    return on


def _delete(system: TouchOnTime, key: str) -> Answer:
    if key not in system.people:
        return errors.error(system.switches.unknown_key_status, errors.UNKNOWN_KEY)

    def apply() -> None:
        system.deleted[key] = dict(system.people.pop(key))

    return Answer(status=204, person=key, commit=Commit(kind="delete", apply=apply))


def _values(request: Request) -> Fields:
    """Return the properties sent that a request may hold; everything else is ignored."""
    try:
        sent = request.json()
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise RefusalError(errors.error(400, errors.NOT_JSON))
    return {name: sent[name] for name in checks.REQUIRED + checks.OPTIONAL if name in sent}


def _without_empty(values: Fields) -> Fields:
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _taken(system: TouchOnTime, sent: Fields, mine: str | None) -> Iterator[checks.Wrong]:
    code = sent.get("code")
    if not isinstance(code, str) or not code:
        return
    holders = {row["key"] for row in system.people.numbered(code)}
    # an administrator can bring a deleted employee back, code and all
    if system.switches.deleted_code_taken:
        for key, row in system.deleted.items():
            if row.get("code") == code:
                holders.add(key)
    if holders - {mine}:
        yield errors.CODE_TAKEN, "code はすでに使用されています。"


def _refuse(wrong: list[checks.Wrong]) -> None:
    if wrong:
        raise RefusalError(errors.errors(400, *wrong))
