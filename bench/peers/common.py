"""What every peer does with two lists once it has them."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from bench.people import SHARED, Row

FIELDS = ",".join(sorted(("id", "emp_code", "email", *SHARED)))
"""What a script asks SmartHR for."""

_TODAY = dt.datetime.now(dt.UTC).date().isoformat()
EVERYBODY = (
    f"/employees?date={_TODAY}&includeResigner=true&additionalFields="
    "lastNamePhonetics,firstNamePhonetics,birthDate,hiredDate,resignationDate,emailAddresses"
)
PER_PAGE = 100


def page(number: int) -> str:
    """Return the address of one page of SmartHR's list."""
    return f"/v1/crews?fields={FIELDS}&sort=emp_code&page={number}&per_page={PER_PAGE}"


def pages(total: int) -> range:
    """Return the pages after the first one."""
    return range(2, -(-total // PER_PAGE) + 1)


def compare(
    crews: Iterable[Mapping[str, Any]], employees: Iterable[Row]
) -> tuple[list[Row], list[tuple[str, Row]]]:
    """Return the bodies of new people, and those of changes with the key of each."""
    by_code = {each["code"]: each for each in employees}
    new: list[Row] = []
    changed: list[tuple[str, Row]] = []
    for crew in crews:
        theirs = {there: (crew.get(here) or "").strip() for here, there in SHARED.items()}
        theirs["emailAddresses"] = [crew["email"]] if crew.get("email") else []
        employee = by_code.get(crew["emp_code"])
        if employee is None:
            kept = {name: value for name, value in theirs.items() if value}
            new.append({"code": crew["emp_code"], "divisionCode": "1000", "typeCode": "1", **kept})
            continue
        differs = {
            name: value
            for name, value in theirs.items()
            if value and value != (employee.get(name) or "")
        }
        if differs:
            changed.append((employee["key"], differs))
    return new, changed


def told(new: list[Row], changed: list[tuple[str, Row]]) -> None:
    """Say what was found, so that it can be held against what others find."""
    sys.stdout.write(f"{len(new)} {len(changed)}\n")
