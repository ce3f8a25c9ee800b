"""The calls about people (crews)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from renkei_sandbox.messages import Answer, Commit, Fields, RefusalError, Request, dump
from renkei_sandbox.smarthr import attributes as names
from renkei_sandbox.smarthr.checks import complaint, complaints, emptied, missing
from renkei_sandbox.smarthr.lists import Page, QueryError, ordered, shuffled_ties, tests

if TYPE_CHECKING:
    from renkei_sandbox.smarthr.system import SmartHR


def answer(system: SmartHR, request: Request, rest: tuple[str, ...]) -> Answer:
    """Answer a call below /v1/crews."""
    match request.method, rest:
        case "GET", ():
            return _list(system, request)
        case "POST", ():
            return _create(system, request)
        case "GET", (identifier,):
            if identifier not in system.people or identifier in system.hidden():
                return system.missing(identifier)
            body = dump(_shown(system, request, system.people[identifier]))
            return Answer(status=200, body=body, person=identifier)
        # PUT is PATCH under an old name: what is not sent stays
        case (("PATCH" | "PUT"), (identifier,)):
            return _update(system, request, identifier)
        case "DELETE", (identifier,):
            return _delete(system, identifier)
        case "DELETE", (identifier, "departments"):
            return _clear_departments(system, identifier)
        case _:
            return system.refusal(4)


def _list(system: SmartHR, request: Request) -> Answer:
    page = Page.of(request.query, system.switches)
    rows = _rows(system, request.query)
    if system.switches.ties == "shuffled":
        rows = shuffled_ties(rows, request.query.get("sort", ""), system.chance)
    headers = page.headers(len(rows), request, system.origin)
    shown = [_shown(system, request, row) for row in page.cut(rows)]
    return Answer(status=200, body=dump(shown), headers=headers)


def _rows(system: SmartHR, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Return the people that *query* means, in its order; remembered until somebody changes."""
    meant = dict(query)
    for paging in ("page", "per_page", "fields"):
        meant.pop(paging, None)
    if "emp_code" in meant:
        return _select(system, meant, list(system.people.numbered(meant["emp_code"])))
    switches = system.switches
    choices = (
        switches.strict_query,
        switches.descendants,
        switches.unknown_sort,
        switches.retired_listed,
    )
    key = (tuple(sorted(meant.items())), choices)
    # whoever was just created comes into sight by time alone: no edit tells of it
    if system.hidden():
        return _select(system, meant, list(system.people.values()))
    version, rows = system.cache.get(key, (None, []))
    if version != system.people.version:
        rows = _select(system, meant, list(system.people.values()))
        system.cache.clear()
        system.cache[key] = (system.people.version, rows)
    return rows


def _select(
    system: SmartHR, query: Mapping[str, str], rows: list[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    hidden = system.hidden()
    if hidden:
        rows = [row for row in rows if row["id"] not in hidden]
    switches = system.switches
    try:
        conditions = tests(query, system.masters, descendants=switches.descendants)
    except QueryError:
        if switches.strict_query:
            raise
        conditions = []
    # to ask for no status is to ask for all of them, leavers included, as far as is known
    if not switches.retired_listed and "emp_status" not in query:
        conditions.append(lambda row: row.get("emp_status") != "retired")
    for test in conditions:
        rows = [row for row in rows if test(row)]
    return ordered(rows, query.get("sort", ""), strict=switches.unknown_sort == "refuse")


def _shown(system: SmartHR, request: Request, row: Mapping[str, Any]) -> Fields:
    shown = system.show(row)
    if not request.query.get("fields"):
        return shown
    wanted = set(request.query["fields"].split(","))
    if system.switches.id_always:
        wanted.add("id")
    return {name: value for name, value in shown.items() if name in wanted}


def _create(system: SmartHR, request: Request) -> Answer:
    sent = _values(system, request)
    # the published schema calls six attributes required, and its text says that none is
    if system.switches.strict_create:
        _refuse(system, list(missing(sent)))
    _check(system, sent, {})
    limit = system.switches.plan_limit
    if limit is not None and _head_count(system) >= limit:
        return system.refusal(7)
    identifier = system.new_id("person")
    record = system.new_record(identifier, _stored(system, sent, {}))
    where = "/smarthr/crews" if system.switches.location == "ui" else "/smarthr/api/v1/crews"
    return Answer(
        status=201,
        body=dump(system.show(record)),
        headers={"location": f"{system.origin}{where}/{identifier}"},
        person=identifier,
        commit=system.creation(identifier, record),
    )


def _update(system: SmartHR, request: Request, identifier: str) -> Answer:
    if identifier not in system.people:
        return system.missing(identifier)
    record = system.people[identifier]
    sent = _values(system, request)
    _check(system, sent, record)
    changes = _stored(system, sent, record)
    # who reads by updated_at depends on whether a write that changes nothing moves it
    if system.switches.touch_on_noop or _differs(record, changes):
        changes |= system.stamp()
    return Answer(
        status=200,
        body=dump(system.show({**record, **changes})),
        person=identifier,
        commit=system.replacement(identifier, changes),
    )


def _differs(record: Mapping[str, Any], changes: Fields) -> bool:
    return any(record.get(name) != value for name, value in changes.items())


def _delete(system: SmartHR, identifier: str) -> Answer:
    if identifier not in system.people:
        return system.missing(identifier)
    # gone for good: whoever leaves the company is given another status instead
    commit = Commit(kind="delete", apply=lambda: system.remove(identifier))
    return Answer(status=204, person=identifier, commit=commit)


def _clear_departments(system: SmartHR, identifier: str) -> Answer:
    if identifier not in system.people:
        return system.missing(identifier)
    changes = {"department_ids": [], **system.stamp()}
    return Answer(status=204, person=identifier, commit=system.replacement(identifier, changes))


def _head_count(system: SmartHR) -> int:
    statuses = [row.get("emp_status") for row in system.people.values()]
    return len(statuses) - statuses.count("retired")


def _values(system: SmartHR, request: Request) -> Fields:
    """Return the attributes sent that exist and may be written; everything else is ignored."""
    try:
        sent = request.json() if request.body else {}
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise RefusalError(system.refusal(1))
    locked = system.switches.readonly & sent.keys()
    if locked and system.switches.readonly_as == "refused":
        raise RefusalError(system.refusal(3))
    known = names.WRITABLE | {"department", "position", "emp_type"}
    values: Fields = {}
    for name, value in sent.items():
        if name not in known or name in locked:
            continue
        if value is not None or system.switches.null_clears:
            values[name] = value
    return values


def _check(system: SmartHR, values: Fields, stored: Mapping[str, Any]) -> None:
    wrong = [*emptied(values, stored), *complaints(values, system.masters)]
    wrong += _preset_complaints(values, system)
    wrong += _taken(values, stored, system)
    _refuse(system, wrong)


def _refuse(system: SmartHR, wrong: list[Fields]) -> None:
    if wrong:
        raise RefusalError(system.refusal(1, wrong))


def _preset_complaints(values: Fields, system: SmartHR) -> Iterator[Fields]:
    if values.get("emp_type") not in (None, *names.PRESETS):
        yield complaint("emp_type", "は一覧にありません。")
    for field, table in names.NAMED.items():
        name = values.get(field)
        # unlike a title or a department, one of these is not made by naming it
        if not isinstance(name, str) or name == "":
            continue
        if name not in [row["name"] for row in system.masters[table]]:
            yield complaint(field, "が見つかりません。")


def _taken(values: Fields, stored: Mapping[str, Any], system: SmartHR) -> Iterator[Fields]:
    """Yield a complaint for a number or an address that somebody else has."""
    mine = stored.get("id")
    code, email = values.get("emp_code"), values.get("email")
    if system.switches.unique_emp_code and code and isinstance(code, str):
        holders = {row["id"] for row in system.people.numbered(code)}
        if holders - {mine}:
            yield complaint("emp_code", "はすでに存在します。")
    if system.switches.unique_email and email:
        people = system.people.values()
        holders = {row["id"] for row in people if row.get("email") == email}
        if holders - {mine}:
            yield complaint("email", "はすでに存在します。")


def _stored(system: SmartHR, values: Fields, stored: Mapping[str, Any]) -> Fields:
    """Return *values* as they are stored: empty texts as null, names resolved."""
    changes = dict(values)
    for name, value in values.items():
        if value == "":
            changes[name] = None
    changes = system.normalised(changes)
    if "custom_fields" in changes:
        # a list of these changes what it names; any other list takes the place of the old one
        fields = _by_template(stored.get("custom_fields"))
        fields |= _by_template(changes["custom_fields"])
        changes["custom_fields"] = list(fields.values())
    if "department" in changes:
        _by_department_name(system, changes)
    if "position" in changes:
        title = changes.pop("position")
        changes.setdefault("positions", [] if title is None else [title])
    for title in changes.get("positions") or ():
        _find_or_make(system, "job_titles", title, rank=None, code=None)
    preset = changes.pop("emp_type", None)
    # null there does not take away a type that the company made itself
    if preset is not None:
        changes.setdefault("employment_type_id", _preset_id(system, preset))
    return changes


def _by_template(items: list[Fields] | None) -> Fields:
    return {item["template_id"]: item for item in items or ()}


def _preset_id(system: SmartHR, preset: str) -> str | None:
    for row in system.masters["employment_types"]:
        if row["preset_type"] == preset:
            return str(row["id"])
    return None


def _by_department_name(system: SmartHR, changes: Fields) -> None:
    name = changes.pop("department")
    if "department_ids" in changes:
        return
    if not name:
        changes["department_ids"] = []
        return
    extra = {"position": 0, "code": None, "parent_id": None, "company_id": None}
    row = _find_or_make(system, "departments", name, **extra, discontinued=False)
    changes["department_ids"] = [row["id"]]


def _find_or_make(system: SmartHR, table: str, name: str, **fields: object) -> Fields:
    """Return the row so named (a department: at the top level), made if there is none."""
    # SmartHR does make it: a name with a slip adds a row to the company's table
    rows = system.masters[table]
    for row in rows:
        if row["name"] == name and row.get("parent_id") is None:
            return row
    now = system.timestamp()
    stamps = {"created_at": now, "updated_at": now}
    made = {"id": system.new_id(table), "name": name, **fields, **stamps}
    rows.append(made)
    return made
