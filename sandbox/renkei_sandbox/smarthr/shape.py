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
    row = _find(rows, "id", identifier)
    if row is None:
        return None
    parent = department(rows, row["parent_id"])
    path = row["name"] if parent is None else f"{parent['full_name']}/{row['name']}"
    shown = {**row, "full_name": path, "parent": parent, "children": []}
    del shown["parent_id"]
    shown.pop("discontinued", None)
    return shown


def crew(record: Mapping[str, Any], masters: Rows) -> Fields:
    """Return the full shape of a person, with nulls and empty lists."""
    shown = dict(_BLANK)
    shown.update(record)
    for field in names.LISTS:
        shown[field] = shown[field] or []
    _employment(shown, masters)
    _departments(shown, masters)
    _titles(shown, masters)
    _custom_fields(shown, masters)
    for field in _PREFERRED:
        # SmartHR computes these: the business name where there is one, else the legal name
        name = field.removesuffix("_yomi")
        chosen = f"business_{field}" if shown[f"business_{name}"] else field
        shown[f"preferred_{field}"] = shown[chosen]
    return shown


def _find(rows: list[Fields], key: str, value: object) -> Fields | None:
    """Return the first of *rows* whose *key* has this value."""
    for row in rows:
        if row[key] == value:
            return row
    return None


def _employment(shown: Fields, masters: Rows) -> None:
    kind = _find(masters["employment_types"], "id", shown.pop("employment_type_id", None))
    if kind is not None:
        shown["employment_type"] = {key: kind[key] for key in _EMBEDDED}
        # the deprecated word has no value for a type that the company made itself
        shown["emp_type"] = kind["preset_type"]
    period = shown.pop("payment_period_id", None)
    shown["payment_period"] = _find(masters["payment_periods"], "id", period)


def _departments(shown: Fields, masters: Rows) -> None:
    identifiers = shown.pop("department_ids", None) or ()
    # a slot that was cleared stays as a null: the others do not move up
    slots = [department(masters["departments"], identifier) for identifier in identifiers]
    filled = list(filter(None, slots))
    shown["departments"] = slots
    shown["department"] = filled[0]["full_name"] if filled else None


def _titles(shown: Fields, masters: Rows) -> None:
    titles = {row["name"]: row for row in masters["job_titles"]}
    found = [titles[name] for name in shown["positions"] if name in titles]
    shown["positions"] = found
    shown["position"] = found[0]["name"] if found else None
    for field, table in names.NAMED.items():
        if shown[field] is not None:
            shown[field] = _find(masters[table], "name", shown[field])


def _custom_fields(shown: Fields, masters: Rows) -> None:
    templates = {row["id"]: row for row in masters["crew_custom_field_templates"]}
    kept: list[Fields] = []
    for item in shown["custom_fields"]:
        # the values of a template go with it, when somebody deletes it
        template = templates.get(item.get("template_id"))
        if template is not None:
            kept.append({"value": item.get("value"), "template": template})
    shown["custom_fields"] = kept
