"""What a system really said: its answers read a second time, strictly, by the standard library."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from renkei.people import EMPLOYED, Employee
from renkei.plugins.facade import Reader

Row = dict[str, Any]

PAIRS = {
    "emp_code": "code",
    "last_name": "lastName",
    "first_name": "firstName",
    "last_name_yomi": "lastNamePhonetics",
    "first_name_yomi": "firstNamePhonetics",
    "gender": "gender",
    "birth_at": "birthDate",
    "entered_at": "hiredDate",
    "resigned_at": "resignationDate",
    "email": "emailAddresses",
}
"""The ten items of the official integration, written down anew."""

STATUSES = {"employed": False, "absent": False, "retired": True}


def strict(body: bytes, headers: Mapping[str, str]) -> Any:
    """Return the document in *body*; raises ValueError if it is not exactly one of JSON."""
    match headers.get("content-encoding", "").strip().lower():
        case "gzip" | "x-gzip":
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError, zlib.error):
                raise ValueError("packing") from None
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise ValueError("depth") from None


def _once(pairs: list[tuple[str, Any]]) -> Row:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(digits)
    return number


def rows(document: Any, identity: str) -> list[Row]:
    """Return the people in a list or an object; raises ValueError if there is anything else."""
    found = document if isinstance(document, list) else [document]
    for row in found:
        if not isinstance(row, dict) or not isinstance(row.get(identity), str):
            raise ValueError(identity)  # noqa: TRY004 - it is JSON, but no list of people
    return found


def agrees(person: Employee, row: Mapping[str, Any]) -> bool:
    """Tell whether *person* holds nothing that *row* does not say of the same field."""
    told = {name: value for name, value in person.values.items() if name != EMPLOYED}
    return all(_means(name, value, row) for name, value in told.items())


def _means(name: str, value: object, row: Mapping[str, Any]) -> bool:
    said = row.get("emp_status" if name == "retired" else name)
    if name == "emailAddresses" and isinstance(said, list):
        said = next((each for each in said if each is not None and str(each).strip()), None)
    if name == "gender" and said == "no_selected":
        said = None
    if name == "employment_type" and isinstance(said, Mapping):
        said = said.get("name")
    if value is None:
        return said is None or said == ""
    if name == "retired":
        return isinstance(said, str) and STATUSES.get(said) is value
    if isinstance(value, dt.date):
        return bool(said == value.isoformat())
    return type(said) is type(value) and bool(said == value)


def number_field(reader: Reader) -> str:
    """Return the name of the field with the employee number."""
    return next(spec.name for spec in reader.fields if spec.role == "number")


def plain(value: Any) -> str | None:
    """Return one written or listed value as text: of several addresses the first, empty as None."""
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None or value == "" else str(value)


def katakana(text: str) -> str:
    """Return *text* with every hiragana as katakana, half-width kana as full-width."""
    whole = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in whole)


def stand_behind(written: Any, said: Iterable[Any]) -> bool:
    """Tell whether one of the values that were *said* is the one *written*, kana apart."""
    value = plain(written)
    texts = [plain(each) for each in said]
    return value in texts or value in [katakana(text) for text in texts if text is not None]
