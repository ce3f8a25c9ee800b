"""Invented people as both systems show them: one in twenty is new, one in ten differs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from attrs import define, field

Row = dict[str, Any]

FAMILIES = (
    ("佐藤", "サトウ"), ("鈴木", "スズキ"), ("髙橋", "タカハシ"), ("田中", "タナカ"),
    ("渡邊", "ワタナベ"), ("伊藤", "イトウ"), ("山本", "ヤマモト"), ("中村", "ナカムラ"),
    ("小林", "コバヤシ"), ("加藤", "カトウ"), ("吉田", "ヨシダ"),
)  # fmt: skip
GIVEN = (
    ("翔太", "ショウタ"), ("美咲", "ミサキ"), ("健", "ケン"), ("陽子", "ヨウコ"), ("蓮", "レン"),
    ("さくら", "サクラ"), ("大輔", "ダイスケ"),
)  # fmt: skip
SHARED = {
    "last_name": "lastName",
    "first_name": "firstName",
    "last_name_yomi": "lastNamePhonetics",
    "first_name_yomi": "firstNamePhonetics",
    "gender": "gender",
    "birth_at": "birthDate",
    "entered_at": "hiredDate",
    "resigned_at": "resignationDate",
}
"""What both systems know, as each of them calls it."""

NEW, CHANGED = 20, 10
"""One person in this many is new in attendance, or differs there."""


@define
class Company:
    """Everybody of one company in both systems, by the id that each of them gives."""

    crews: dict[str, Row] = field(factory=dict)
    employees: dict[str, Row] = field(factory=dict)


def company(people: int) -> Company:
    """Return a company of *people* employees; always the same one."""
    made = Company()
    for place in range(people):
        crew = _crew(place)
        made.crews[crew["id"]] = crew
        if place % NEW != NEW - 1:
            employee = _employee(place, crew)
            made.employees[employee["key"]] = employee
    return made


def _crew(place: int) -> Row:
    family = FAMILIES[place % len(FAMILIES)]
    given = GIVEN[place % len(GIVEN)]
    born = dt.date(1962, 1, 1) + dt.timedelta(days=place * 37 % 14_000)
    hired = dt.date(2005, 4, 1) + dt.timedelta(days=place * 53 % 7_000)
    return {
        "id": f"{place:08x}-0000-4000-8000-{place:012x}",
        "emp_code": f"{place + 1:06d}",
        "last_name": family[0],
        "first_name": given[0],
        "last_name_yomi": family[1],
        "first_name_yomi": given[1],
        "business_last_name": None,
        "business_first_name": None,
        "business_last_name_yomi": None,
        "business_first_name_yomi": None,
        "gender": "male" if place % 2 else "female",
        "birth_at": born.isoformat(),
        "entered_at": hired.isoformat(),
        "resigned_at": None,
        "emp_status": "employed",
        "email": f"p{place + 1:06d}@example.com",
        "biz_establishment_id": "b1",
    }


def _employee(place: int, crew: Row) -> Row:
    employee = {
        "key": f"{place:064x}",
        "code": crew["emp_code"],
        "divisionCode": "1000",
        "divisionName": "本社",
        "typeCode": "1",
        "typeName": "正社員",
        **{theirs: crew[ours] or "" for ours, theirs in SHARED.items()},
        "emailAddresses": [crew["email"]],
    }
    if place % CHANGED == 3:
        family = FAMILIES[(place + 1) % len(FAMILIES)]
        employee["lastName"], employee["lastNamePhonetics"] = family
    return employee
