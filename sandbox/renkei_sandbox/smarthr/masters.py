"""SmartHR's tables beside the people: establishments, departments, employment types and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from renkei_sandbox.messages import Fields

_MADE: Final = {
    "created_at": "2020-10-01T09:00:00.000+09:00",
    "updated_at": "2025-03-20T09:00:00.000+09:00",
}
# establishments and companies have a list and no call for one of them
READABLE_BY_ID: Final = frozenset(
    {"employment_types", "departments", "job_titles", "grades", "job_categories"}
    | {"recruitment_types", "payment_periods", "users", "crew_custom_field_templates"}
)
SORTABLE: Final = frozenset({"departments", "job_titles", "users", "payment_periods"})

_TYPES: Final = (
    ("正社員", "full_timer", "01"),
    ("契約社員", "contract_worker", "02"),
    ("アルバイト・パート", "part_timer", "03"),
    ("専門嘱託", None, None),
)
_DEPARTMENTS: Final = (
    ("営業本部", "S100", None),
    ("第一営業部", "S110", 0),
    ("第二営業部", "S120", 0),
    ("管理本部", "K100", None),
)
_TITLES: Final = (("部長", 100, "T10"), ("課長", 200, "T20"), ("主任", 300, "T30"))
_ESTABLISHMENTS: Final = (
    ("東京本社", ("東京都", "架空市", "本町1-1")),
    ("大阪支社", ("大阪府", "見本市", "中央2-2")),
    ("東京本社", ("東京都", "見本市", "北町3-3")),
)
_USERS: Final = (
    ("admin@example.com", True),
    ("jinji@example.com", True),
    ("p0001@example.com", False),
)


def build(new_id: Callable[[str], str], called: str) -> dict[str, list[Fields]]:
    """Return all tables of the company *called* so; two establishments share a name on purpose."""

    def row(kind: str, **fields: object) -> Fields:
        return {"id": new_id(kind), **fields, **_MADE}

    company = row("company", name=called, code="C1", corporate_number=None)
    company |= {"address": None, "tel_number": "0300000000", "owner_id": None}
    departments: list[Fields] = []
    for position, (name, code, above) in enumerate(_DEPARTMENTS, 1):
        parent = None if above is None else departments[above]["id"]
        made = row("department", name=name, position=position, code=code, parent_id=parent)
        departments.append({**made, "company_id": company["id"], "discontinued": False})
    establishments: list[Fields] = []
    for name, address in _ESTABLISHMENTS:
        establishments.append(_establishment(row, name, company, address))
    types: list[Fields] = []
    for name, preset, number in _TYPES:
        types.append(row("employment_type", name=name, preset_type=preset, code=number))
    titles: list[Fields] = []
    for name, rank, code in _TITLES:
        titles.append(row("job_title", name=name, rank=rank, code=code))
    return {
        "companies": [company],
        "biz_establishments": establishments,
        "employment_types": types,
        "departments": departments,
        "job_titles": titles,
        "grades": [row("grade", name=f"{rank}等級", rank=rank) for rank in (1, 2, 3)],
        "job_categories": [
            row("job_category", name="営業"),
            row("job_category", name="事務"),
        ],
        "recruitment_types": [
            row("recruitment_type", name="新卒", preset_type="new_graduate"),
            row("recruitment_type", name="中途", preset_type="mid_career"),
        ],
        "payment_periods": [row("payment_period", name="月給", period_type="monthly")],
        "users": [_user(row, email, admin=admin) for email, admin in _USERS],
        "crew_custom_field_templates": _templates(row),
    }


def _establishment(
    row: Callable[..., Fields], name: str, company: Fields, where: tuple[str, str, str]
) -> Fields:
    pref, city, street = where
    address = {"country_number": "392", "zip_code": "100-0000", "building": "", "literal_yomi": ""}
    address |= {"pref": pref, "city": city, "street": street}
    return row(
        "biz_establishment",
        name=name,
        hel_ins_type="kyokai_kenpo",
        hel_ins_name=None,
        hel_ins_ref_code=None,
        company_id=company["id"],
        soc_ins_name=name,
        soc_ins_owner_id=None,
        soc_ins_address=address,
        soc_ins_tel_number=None,
        soc_ins_ref_code=None,
        soc_ins_number=None,
        lab_ins_name=name,
        lab_ins_owner_id=None,
        lab_ins_address=None,
        lab_ins_tel_number=None,
        lab_ins_number=None,
        emp_ins_number=None,
        sr=None,
        jurisdiction_tax=None,
        salary_payer_address=None,
    )


def _user(row: Callable[..., Fields], email: str, *, admin: bool) -> Fields:
    role = {"id": None, "name": "管理者" if admin else "メンバー", "crews_scope": "crews_scope_all"}
    return row("user", email=email, notification_email=None, admin=admin, role=role, crew_id=None)


def _templates(row: Callable[..., Fields]) -> list[Fields]:
    base = {"group_id": None, "hint": None, "scale": None, "separated_by_commas": False}
    # one choice has a name for programs and one has none: that one is written as its id
    choices = [
        {"id": row("element")["id"], "name": "在宅可", "physical_name": "remote_ok", "position": 1},
        {"id": row("element")["id"], "name": "出社", "physical_name": None, "position": 2},
    ]
    return [
        row("template", name="ニックネーム", type="string", elements=[], position=1, **base),
        row("template", name="勤務形態", type="enum", elements=choices, position=2, **base),
    ]
