"""SmartHR's employees (crews): which fields there are, and how they are read and written.

Source: SmartHR's published Swagger document and its release notes; seven attributes cannot be
emptied once filled, and a key that is left out means that the token may not read it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from renkei.connector import (
    JSON,
    Choice,
    Customer,
    Employee,
    FieldSpec,
    Label,
    Records,
    Type,
    Value,
    Values,
)

COMPANIES = 100
"""How many companies one request shows."""

NAMED = 3
"""How many of several companies are named."""

NUMBER = "emp_code"
ESTABLISHMENT = "biz_establishment_id"
STATUS = "emp_status"
RETIRED = "retired"
LEFT = "resigned_at"
_LINES = ("pref", "city", "street", "building")
GONE = "retired"
"""The status of somebody who is 退職済み."""

EXPECTED = ("number", "family_name", "given_name", "birth", "hired", "left", "retired")
"""Roles of the items that some of a few employees have a value in, if they can be read."""

ENOUGH = 3
"""From so many employees on it says something that none of them has a value."""

_STATUSES = {"employed": False, "absent": False, GONE: True}

FIELDS = (
    FieldSpec(
        name=NUMBER,
        label=Label("社員番号", "Employee number"),
        role="number",
        required=True,
        write="create",
        clearable=False,
    ),
    FieldSpec(
        name="last_name",
        label=Label("姓", "Last name"),
        role="family_name",
        required=True,
        clearable=False,
    ),
    FieldSpec(
        name="first_name",
        label=Label("名", "First name"),
        role="given_name",
        required=True,
        clearable=False,
    ),
    FieldSpec(
        name="last_name_yomi",
        label=Label("姓（ヨミガナ）", "Last name (kana)"),
        role="family_kana",
        wanted=True,
        clearable=False,
    ),
    FieldSpec(
        name="first_name_yomi",
        label=Label("名（ヨミガナ）", "First name (kana)"),
        role="given_kana",
        wanted=True,
        clearable=False,
    ),
    FieldSpec(name="business_last_name", label=Label("ビジネスネーム：姓", "Business last name")),
    FieldSpec(name="business_first_name", label=Label("ビジネスネーム：名", "Business first name")),
    FieldSpec(
        name="business_last_name_yomi",
        label=Label("ビジネスネーム：姓（ヨミガナ）", "Business last name (kana)"),
    ),
    FieldSpec(
        name="business_first_name_yomi",
        label=Label("ビジネスネーム：名（ヨミガナ）", "Business first name (kana)"),
    ),
    FieldSpec(
        name="gender",
        label=Label("戸籍上の性別", "Gender"),
        role="gender",
        wanted=True,
        clearable=False,
        allowed=("male", "female"),
        allowed_labels=(Label("男性", "male"), Label("女性", "female")),
    ),
    FieldSpec(
        name="birth_at",
        label=Label("生年月日", "Date of birth"),
        type="date",
        role="birth",
        clearable=False,
    ),
    FieldSpec(
        name="entered_at", label=Label("入社年月日", "Date of joining"), type="date", role="hired"
    ),
    FieldSpec(name=LEFT, label=Label("退職年月日", "Date of leaving"), type="date", role="left"),
    FieldSpec(
        name=RETIRED,
        label=Label("退職済み", "Retired"),
        type="boolean",
        role="retired",
        write="never",
        path=STATUS,
    ),
    FieldSpec(name="email", label=Label("メールアドレス", "E-mail address"), role="email"),
    FieldSpec(
        name=ESTABLISHMENT,
        label=Label("所属事業所", "Business establishment"),
        required=True,
        offered=True,
        write="create",
        clearable=False,
    ),
    FieldSpec(
        name="employment_type",
        label=Label("雇用形態", "Employment type"),
        write="never",
        path="employment_type.name",
    ),
)
CUSTOM = "custom_fields"
"""The attribute with all custom fields of somebody; ``custom_fields.ID`` is one of ours."""
_TYPES: dict[JSON, Type] = {"string": "text", "text": "text", "date": "date", "enum": "text"}

_SPECS = {spec.name: spec for spec in FIELDS}
NAMES = tuple(_SPECS)


def attributes(fields: Iterable[str]) -> list[str]:
    """Return the attributes to ask for so that *fields* can be read; the id always, sorted."""
    return sorted({"id", *map(_attribute, fields)})


def _attribute(name: str) -> str:
    return _SPECS[name].keys[0] if name in _SPECS else name.partition(".")[0]


def label(name: str) -> Label:
    """Return what a person calls the field."""
    return _SPECS[name].label


def with_custom(own: Iterable[FieldSpec]) -> Records:
    """Return how employees of an account with custom fields of its *own* are read."""
    return Records((*FIELDS, *own), special=_SPECIAL)


def employee(record: object, fields: Sequence[str], read: Records | None = None) -> Employee:
    """
    Return the employee in *record*; a key that is absent stays unknown.

    *read* knows the account's custom fields, too.
    """
    if isinstance(record, dict):
        if CUSTOM in record:
            record = {**record, **_custom(record[CUSTOM])}
        if STATUS in record and record[STATUS] is None:
            # Everybody has one: it is hidden, which is not the same as not retired.
            record = dict(record)
            del record[STATUS]
    return (read or _RECORDS).employee(record, fields)


def _custom(items: JSON) -> dict[str, JSON]:
    """Return the custom fields that are shown, by name; SmartHR may leave out an empty one."""
    found: dict[str, JSON] = {}
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict) or "value" not in item:
            continue
        template = item.get("template")
        if isinstance(template, dict):
            found[f"{CUSTOM}.{template.get('id')}"] = item["value"]
    return found


def _retired(raw: JSON) -> Value:
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str) or raw not in _STATUSES:
        raise ValueError(RETIRED)
    return _STATUSES[raw]


_SPECIAL = {RETIRED: _retired}


_RECORDS = Records(FIELDS, special=_SPECIAL)


def to_json(values: Values) -> dict[str, JSON]:
    """Return *values* as SmartHR takes them: text byte for byte, null for empty."""
    plain: dict[str, Value] = {}
    items: list[JSON] = []
    for name, value in values.items():
        if name in _SPECS:
            plain[name] = value
        else:
            items.append(_item(name, value))
    body = _RECORDS.body(plain)
    # SmartHR leaves alone the custom fields that are not listed.
    if items:
        body[CUSTOM] = items
    return body


def _item(name: str, value: Value) -> JSON:
    """Return one custom field as SmartHR takes it: by the id of its template."""
    plain = value.isoformat() if isinstance(value, dt.date) else value
    return {"template_id": name.partition(".")[2], "value": plain}


def nobody_has(spec: FieldSpec, crews: Sequence[Mapping[str, JSON]]) -> int:
    """
    Return of how many *crews* a value of *spec* should be there, if none of them has one.

    Those who are 退職済み have a date of leaving; what need not be filled in says nothing.
    """
    if spec.role == "left":
        crews = [crew for crew in crews if crew.get(STATUS) == GONE]
    if spec.role not in EXPECTED or len(crews) < ENOUGH:
        return 0
    if any(crew.get(spec.keys[0]) for crew in crews):
        return 0
    return len(crews)


def new_record(values: Values) -> dict[str, JSON]:
    """Return the body that creates an employee: what is known, and that they are employed."""
    known = {name: value for name, value in values.items() if value is not None}
    # SmartHR's schema requires a status, its text does not; sending it is safe either way.
    return {STATUS: "employed", **to_json(known)}


def changed(current: Employee, changes: Values, today: dt.date) -> dict[str, JSON]:
    """
    Return the body that changes an employee.

    Somebody 退職済み who has not left any more is 在籍中 again: SmartHR derives neither of the
    two from the other, and 退職済み without a date would make no sense to anybody.
    """
    body = to_json(changes)
    if LEFT in changes and current.values.get(RETIRED) is True:
        left = changes[LEFT]
        still_there = left is None or (isinstance(left, dt.date) and left > today)
        if still_there:
            body[STATUS] = "employed"
    return body


def custom_field(template: Mapping[str, JSON]) -> FieldSpec | None:
    """
    Return the custom field that *template* defines; None for a kind that cannot be synced.

    Files are none, nor are numbers with fractions. Raises ValueError if it makes no sense.
    """
    identity, name, kind = template.get("id"), template.get("name"), template.get("type")
    if not (isinstance(identity, str) and isinstance(name, str) and isinstance(kind, str)):
        raise ValueError("type")  # noqa: TRY004 - as read_value does
    whole = kind == "decimal" and not template.get("scale")
    if kind not in _TYPES and not whole:
        return None
    values, labels = _elements(template.get("elements") if kind == "enum" else ())
    return FieldSpec(
        name=f"{CUSTOM}.{identity}",
        label=Label(name, name),
        type="integer" if whole else _TYPES[kind],
        allowed=values if kind == "enum" else None,
        allowed_labels=labels,
    )


def _elements(elements: JSON | tuple[()]) -> tuple[tuple[str, ...], tuple[Label, ...]]:
    """Return what SmartHR takes for the choices of a field, and what people call them."""
    found = {}
    for each in elements if isinstance(elements, list) else ():
        element = each if isinstance(each, dict) else {}
        # SmartHR takes the physical name or the id of a choice, and refuses its label.
        value = element.get("physical_name") or element.get("id")
        name = element.get("name")
        if isinstance(value, str) and isinstance(name, str):
            found[value] = Label(name, name)
    return tuple(found), tuple(found.values())


def choice(record: Mapping[str, JSON]) -> Choice:
    """Return the business establishment in *record*; raises ValueError if it has no name."""
    identity, name = record.get("id"), record.get("name")
    if not isinstance(identity, str) or not isinstance(name, str):
        raise ValueError("name")  # noqa: TRY004 - as read_value does
    return Choice(code=identity, label=name, detail=_address(record))


def _address(establishment: Mapping[str, JSON]) -> str:
    """Return the first address of an establishment that says something, in one line."""
    for kind in ("salary_payer_address", "soc_ins_address", "lab_ins_address"):
        address = establishment.get(kind)
        if not isinstance(address, dict):
            continue
        line = ""
        for key in _LINES:
            part = address.get(key)
            if isinstance(part, str):
                line += part
        if line.strip():
            return line.strip()
    return ""


def customer(companies: Sequence[JSON]) -> Customer:
    """Return whose account has these *companies*; of more than one request shows, only names."""
    found = [each for each in companies if isinstance(each, dict)]
    names = _texts(found, "name")
    name = "、".join(names[:NAMED]) + ("ほか" if len(names) > NAMED else "")
    # The list may be cut: which ids are in it would be a matter of order.
    if len(companies) >= COMPANIES:
        return Customer(name=name)
    numbers = _texts(found, "corporate_number")
    return Customer(name=name, ids=_texts(found, "id"), corporate_numbers=numbers)


def _texts(rows: Iterable[Mapping[str, JSON]], key: str) -> tuple[str, ...]:
    """Return the texts under *key* that are not empty."""
    found: list[str] = []
    for row in rows:
        text = row.get(key)
        if isinstance(text, str) and text:
            found.append(text)
    return tuple(found)
