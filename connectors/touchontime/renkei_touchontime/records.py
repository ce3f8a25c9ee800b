"""Touch On Time's employees: which fields there are, and how they are read and written.

Source: public copies of the KING OF TIME Web API's documentation, of which Touch On Time is the
twin. Properties whose value is null are left out of answers; an empty text empties a property.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from renkei.connector import (
    JSON,
    Choice,
    Customer,
    Employee,
    FieldSpec,
    Label,
    Records,
    Value,
    Values,
    read_value,
)

NUMBER = "code"
KEY = "key"
EMAILS = "emailAddresses"
DIVISION = "divisionCode"
TYPE = "typeCode"
BASE = (NUMBER, "lastName", "firstName", "gender", DIVISION, TYPE)
"""What every answer holds, and what Touch On Time may want whole in an update."""

FIELDS = (
    FieldSpec(
        name=NUMBER,
        label=Label("従業員コード", "Employee code"),
        role="number",
        required=True,
        write="create",
        clearable=False,
    ),
    FieldSpec(
        name="lastName",
        label=Label("姓", "Last name"),
        role="family_name",
        required=True,
        clearable=False,
    ),
    FieldSpec(
        name="firstName",
        label=Label("名", "First name"),
        role="given_name",
        required=True,
        clearable=False,
    ),
    FieldSpec(
        name="lastNamePhonetics",
        label=Label("姓（フリガナ）", "Last name (kana)"),
        role="family_kana",
    ),
    FieldSpec(
        name="firstNamePhonetics",
        label=Label("名（フリガナ）", "First name (kana)"),
        role="given_kana",
    ),
    FieldSpec(
        name="gender",
        label=Label("性別", "Gender"),
        role="gender",
        required=True,
        clearable=False,
        allowed=("male", "female"),
        allowed_labels=(Label("男性", "male"), Label("女性", "female")),
    ),
    FieldSpec(
        name="birthDate", label=Label("生年月日", "Date of birth"), type="date", role="birth"
    ),
    FieldSpec(
        name="hiredDate", label=Label("入社日", "Date of joining"), type="date", role="hired"
    ),
    FieldSpec(
        name="resignationDate", label=Label("退職日", "Date of leaving"), type="date", role="left"
    ),
    FieldSpec(name=EMAILS, label=Label("メールアドレス", "E-mail address"), role="email"),
    FieldSpec(
        name=DIVISION,
        label=Label("所属事業所（所属）", "Division"),
        required=True,
        offered=True,
        write="create",
        clearable=False,
        dated=True,
    ),
    FieldSpec(
        name=TYPE,
        label=Label("雇用区分", "Working type"),
        required=True,
        offered=True,
        write="create",
        clearable=False,
        dated=True,
    ),
)
_SPECS = {spec.name: spec for spec in FIELDS}
NAMES = tuple(_SPECS)
DATED = tuple(spec.name for spec in FIELDS if spec.dated)
_ADDITIONAL = {*NAMES, "allDayRegardingWorkInMinute"} - {*BASE}


@frozen
class Extra:
    """What an update needs beside the changes."""

    number: str = field(repr=False)
    spares: tuple[str, ...] = field(repr=False)


def label(name: str) -> Label:
    """Return what a person calls the field."""
    return _SPECS[name].label


def additional(fields: Sequence[str]) -> list[str]:
    """Return the properties that only come when asked for; the addresses, for later updates."""
    return sorted({*fields, EMAILS}.difference(BASE))


def employee(record: Mapping[str, JSON], fields: Sequence[str]) -> Employee:
    """Return the employee in *record*, which has a key; what is left out is empty."""
    kept = spares(record)
    extra = Extra(str(record.get(NUMBER, "")), kept)
    person = _RECORDS.employee(record, fields, extra=extra)
    return evolve(person, others={EMAILS: kept}) if EMAILS in person.values and kept else person


def redated(person: Employee, then: Mapping[str, JSON] | None, dated: Sequence[str]) -> Employee:
    """Return *person* with the *dated* fields as they are in *then*; unknown if that is None."""
    rest = dict(person.values)
    for name in dated:
        rest.pop(name, None)
    odd = [name for name in person.unreadable if name not in dated]
    if then is not None:
        earlier = employee(then, dated)
        rest.update(earlier.values)
        odd += earlier.unreadable
    return evolve(person, values=rest, unreadable=tuple(odd))


def _address(raw: JSON) -> Value:
    """Return the first of the addresses."""
    if raw is None:
        return None
    if not isinstance(raw, list):
        raise ValueError(EMAILS)  # noqa: TRY004 - as read_value does
    for address in raw:
        read_value(_SPECS[EMAILS], address)  # one that makes no sense is nothing to build upon
    filled = _filled(raw)
    return filled[0] if filled else None


_RECORDS = Records(FIELDS, key=KEY, absent="empty", special={EMAILS: _address})


def base(record: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the base values in *record*, as they are to be sent back."""
    found: dict[str, JSON] = {}
    for name in BASE:
        raw = record.get(name)
        if isinstance(raw, str) and raw:  # sent empty, it would clear the property
            found[name] = raw
    return found


def spares(record: Mapping[str, JSON]) -> tuple[str, ...]:
    """
    Return the addresses in *record* that stay when the first one is replaced.

    Where the first is empty, that are all: also the one that is compared in its place.
    """
    raw = record.get(EMAILS)
    return tuple(_filled(raw[1:])) if isinstance(raw, list) else ()


def _filled(raw: Sequence[JSON]) -> list[str]:
    return [address for address in raw if isinstance(address, str) and address.strip()]


def new_record(values: Values) -> dict[str, JSON]:
    """Return the body that creates an employee: what is known, and nothing empty."""
    known = {name: value for name, value in values.items() if value is not None}
    return to_json(known, ())


def to_json(values: Values, spares: Sequence[str]) -> dict[str, JSON]:
    """
    Return *values* as Touch On Time takes them: text byte for byte, empty text to empty one.

    The first address of a person is replaced, the *spares* are kept in their order: Touch On Time
    takes the whole list at once. If the first is emptied, the spares stay.
    """
    body: dict[str, JSON] = {}
    for name, value in values.items():
        body[name] = _addresses(value, spares) if name == EMAILS else _plain(value)
    return body


def _plain(value: Value) -> JSON:
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else value


def _addresses(first: Value, spares: Sequence[str]) -> list[JSON]:
    """Return the list to send: no address twice, capitals and small letters aside."""
    kept: dict[str, JSON] = {}
    new = [first] if isinstance(first, str) else []
    for address in (*new, *spares):
        kept.setdefault(address.strip().casefold(), address)
    return list(kept.values())


def answered(answer: Mapping[str, JSON], fields: Sequence[str]) -> Employee:
    """
    Return the employee in the *answer* to a write, with those of *fields* that it tells about.

    A property beyond the base ones that is left out is empty only if the answer shows others of
    the kind; otherwise it stays unknown. So do the addresses that an update would keep.
    """
    # An update answers with every property that is not null, a create with only a few.
    whole = not _ADDITIONAL.isdisjoint(answer)
    told = [name for name in fields if name in answer or whole]
    person = employee(answer, told)
    return person if EMAILS in answer or whole else evolve(person, extra=None)


def choice(record: JSON) -> Choice:
    """Return the division or working type in *record*; raises ValueError if it makes no sense."""
    row = record if isinstance(record, dict) else {}
    code, name = row.get("code"), row.get("name")
    if not (isinstance(code, str) and code and isinstance(name, str)):
        raise ValueError("code")
    return Choice(code=code, label=name)


def customer(company: JSON) -> Customer | None:
    """Return the company as whose account it is; None if that is no company."""
    if not isinstance(company, dict):
        return None
    name, key = company.get("name"), company.get("key")
    ids = (key,) if isinstance(key, str) and key else ()
    return Customer(name=name if isinstance(name, str) else "", ids=ids)
