"""What SmartHR accepts as a value, and what it complains about."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Final

from renkei_sandbox.messages import Fields
from renkei_sandbox.smarthr import attributes as names

_KATAKANA: Final = re.compile(r"[゠-ヿ\u3000 ]+")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_COUNTRY: Final = re.compile(r"\d{3}|")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")

Masters = Mapping[str, list[Fields]]


def is_date(value: object) -> bool:
    """Return whether *value* is a calendar day written as YYYY-MM-DD."""
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        return False
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_id(value: object) -> bool:
    """Return whether *value* is written as a UUID."""
    try:
        return str(uuid.UUID(str(value))) == value
    except ValueError:
        return False


def complaint(field: str, words: str) -> Fields:
    """Return one element of `errors`."""
    # within an address SmartHR names the inner field alone
    leaf = field.rpartition(".")[2]
    label = names.LABELS.get(field, leaf)
    return {"message": f"{label}{words}", "resource": "Crew", "field": leaf}


def complaints(values: Fields, masters: Masters) -> Iterator[Fields]:
    """Yield what is wrong with *values*, an attribute at a time; empty values are not looked at."""
    for field, value in values.items():
        if value is None or value == "":
            continue
        words = _words(field, value, masters)
        if words is not None:
            yield complaint(field, words)
    for field in names.ADDRESSES:
        if isinstance(values.get(field), dict):
            yield from _address(field, values[field])


def _words(field: str, value: object, masters: Masters) -> str | None:
    """Return the complaint about one value, or None."""
    if field in names.DATES:
        return None if is_date(value) else "は正しい日付で入力してください。"
    if field in names.ENUMS:
        return None if value in names.ENUMS[field] else "は一覧にありません。"
    if field in names.REFERENCES:
        known = {row["id"] for row in masters.get(names.REFERENCES[field], ())}
        return None if isinstance(value, str) and value in known else "が見つかりません。"
    if field in names.INTEGERS:
        return None if type(value) is int else "は数値で入力してください。"
    if field in names.BOOLEANS:
        return None if isinstance(value, bool) else "は真偽値で入力してください。"
    if field in names.OBJECTS:
        return None if isinstance(value, dict) else "は不正な値です。"
    if field in names.LISTS or field == "department_ids":
        return _list_words(field, value, masters)
    return _text_words(field, value)


def _list_words(field: str, value: object, masters: Masters) -> str | None:
    if not isinstance(value, list):
        return "は配列で入力してください。"
    if field == "department_ids":
        # null leaves a slot empty
        known = {None, *(row["id"] for row in masters["departments"])}
        return None if known.issuperset(value) else "が見つかりません。"
    # titles are read as objects and written as names: an answer cannot be sent back as it came
    if field == "positions" and not all(isinstance(item, str) for item in value):
        return "は名称で入力してください。"
    if field == "custom_fields":
        templates = {row["id"] for row in masters["crew_custom_field_templates"]}
        for item in value:
            if not isinstance(item, dict) or item.get("template_id") not in templates:
                return "のテンプレートが見つかりません。"
    return None


def _text_words(field: str, value: object) -> str | None:
    longest = names.LENGTHS.get(field, names.LONGEST)
    if not isinstance(value, str):
        return "は文字列で入力してください。"
    if len(value) > longest:
        return f"は{longest}文字以内で入力してください。"
    if field in names.YOMI and _KATAKANA.fullmatch(value) is None:
        return "は全角カタカナで入力してください。"
    if field == "email" and _EMAIL.fullmatch(value) is None:
        return "は不正な値です。"
    return None


def _address(field: str, address: Fields) -> Iterator[Fields]:
    if not address.get("city"):
        yield complaint("city", "を入力してください。")
    yomi = address.get("literal_yomi")
    if yomi and _KATAKANA.fullmatch(str(yomi)) is None:
        yield complaint("literal_yomi", "は全角カタカナで入力してください。")
    country = address.get("country_number")
    if country is not None and _COUNTRY.fullmatch(str(country)) is None:
        # the only inner field that is named together with its address
        wrong = complaint("country_number", "はISO 3166-1の3桁の数字で入力してください。")
        yield {**wrong, "field": f"{field}.country_number"}


def emptied(values: Fields, stored: Mapping[str, object]) -> Iterator[Fields]:
    """Yield a complaint for each attribute that is filled, protected, and would be emptied."""
    for field in names.NEVER_EMPTIED & values.keys():
        if values[field] in (None, "") and stored.get(field) not in (None, ""):
            yield complaint(field, "を入力してください。")


def missing(values: Fields) -> Iterator[Fields]:
    """Yield a complaint for each attribute that a strict creation needs and does not get."""
    for field in names.STRICTLY_NEEDED:
        if values.get(field) in (None, ""):
            yield complaint(field, "を入力してください。")
