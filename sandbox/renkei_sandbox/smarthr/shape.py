"""How a stored SmartHR person looks in an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from renkei_sandbox.messages import Fields
from renkei_sandbox.smarthr import attributes as names

Rows = Mapping[str, list[Fields]]

_BLANK: Final[Fields] = dict.fromkeys(names.ORDER)
_EMBEDDED: Final = ("id", "name", "preset_type", "code")
_PREFERRED: Final = ("last_name", "first_name", "last_name_yomi", "first_name_yomi")


def department(rows: list[Fields], identifier: str | None) -> Fields | None:
    """Return a department with its parents, as it stands in a person or in the list."""
    row = next((row for row in rows if row["id"] == identifier), None)
    if row is None:
        return None
    parent = department(rows, row["parent_id"])
    path = row["name"] if parent is None else f"{parent['full_name']}/{row['name']}"
    shown = {key: value for key, value in row.items() if key not in ("parent_id", "discontinued")}
    return {**shown, "full_name": path, "parent": parent, "children": []}


def crew(record: Mapping[str, Any], masters: Rows) -> Fields:
    """Return the full shape of a person, with nulls and empty lists."""
    shown = dict(_BLANK)
    shown.update(record)
    for field in names.LISTS:
        shown[field] = shown[field] or []
    _employment(shown, masters)
    _departments(shown, masters)
    for field in _PREFERRED:
        half = "last_name" if field.startswith("last") else "first_name"
        business = shown[f"business_{half}"]
        shown[f"preferred_{field}"] = shown[f"business_{field}" if business else field]
    return shown


def _employment(shown: Fields, masters: Rows) -> None:
    wanted = shown.pop("employment_type_id", None)
    kind = next((row for row in masters["employment_types"] if row["id"] == wanted), None)
    if kind is not None:
        shown["employment_type"] = {key: kind[key] for key in _EMBEDDED}
        shown["emp_type"] = kind["preset_type"]
    wanted = shown.pop("payment_period_id", None)
    periods = masters["payment_periods"]
    shown["payment_period"] = next((row for row in periods if row["id"] == wanted), None)


def _departments(shown: Fields, masters: Rows) -> None:
    slots = [department(masters["departments"], i) for i in shown.pop("department_ids", None) or ()]
    shown["departments"] = slots
    shown["department"] = next((slot["full_name"] for slot in slots if slot), None)
    titles = {row["name"]: row for row in masters["job_titles"]}
    shown["positions"] = [titles[name] for name in shown["positions"] if name in titles]
    shown["position"] = next((title["name"] for title in shown["positions"]), None)
    for field, table in names.NAMED.items():
        if shown[field] is not None:
            rows = masters[table]
            shown[field] = next((row for row in rows if row["name"] == shown[field]), None)
    templates = {row["id"]: row for row in masters["crew_custom_field_templates"]}
    shown["custom_fields"] = [
        {"value": item.get("value"), "template": templates[item["template_id"]]}
        for item in shown["custom_fields"]
        if item.get("template_id") in templates
    ]
