"""The built-in mapping of SmartHR and Touch On Time says what the official integration does."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from pathlib import Path

import pytest

from renkei.mapping import (
    FieldMapping,
    Translation,
    check_mapping,
    compile_translation,
    load_mapping,
    unfilled,
)
from renkei.people import FieldSpec, Label, Values
from renkei.plugins.offline import offline_fields

OFFICIAL = [
    ("emp_code", "code"),
    ("last_name", "lastName"),
    ("first_name", "firstName"),
    ("last_name_yomi", "lastNamePhonetics"),
    ("first_name_yomi", "firstNamePhonetics"),
    ("gender", "gender"),
    ("birth_at", "birthDate"),
    ("entered_at", "hiredDate"),
    ("resigned_at", "resignationDate"),
    ("email", "emailAddresses"),
]
DATES = {"birth_at", "entered_at", "resigned_at", "birthDate", "hiredDate", "resignationDate"}
REQUIRED = {"code", "lastName", "firstName", "gender", "divisionCode", "typeCode"}


def spec(name: str) -> FieldSpec:
    return FieldSpec(
        name=name,
        label=Label(name, name),
        type="date" if name in DATES else "text",
        role="number" if name in {"emp_code", "code"} else None,
        required=name in REQUIRED,
        clearable=name not in REQUIRED,
        allowed=("male", "female") if name == "gender" else None,
    )


BUSINESS = [f"business_{part}_name{kana}" for part in ("last", "first") for kana in ("", "_yomi")]
CHOSEN = ["divisionCode", "typeCode"]
FIELDS = {
    "smarthr": [spec(name) for name in [ours for ours, _ in OFFICIAL] + BUSINESS],
    "touchontime": [spec(name) for name in [theirs for _, theirs in OFFICIAL] + CHOSEN],
}
FILE = Path(str(files("renkei_mappings"))) / "smarthr-touchontime.yaml"


@pytest.fixture
def mapping() -> FieldMapping:
    return load_mapping(FILE.name, FILE.parent)


def towards(target: str, mapping: FieldMapping, **settings: bool) -> Translation:
    source = mapping.other(target)
    return compile_translation(mapping, source, target, settings, FIELDS[source], FIELDS[target])


def export(mapping: FieldMapping, **settings: bool) -> Translation:
    return towards("touchontime", mapping, **settings)


def test_it_pairs_the_ten_official_items(mapping: FieldMapping) -> None:
    """In the order of the help page, the employee number first."""
    assert [pair.pair for pair in mapping.pairs] == OFFICIAL
    check_mapping(mapping, FIELDS)


def test_affiliation_and_working_type_are_chosen_per_run(mapping: FieldMapping) -> None:
    """What the mapping does not fill becomes a required new-record field."""
    chosen = unfilled(mapping, "touchontime", FIELDS)
    assert [each.name for each in chosen] == CHOSEN
    assert unfilled(mapping, "smarthr", FIELDS) == ()


def test_only_the_leaving_date_is_cleared(mapping: FieldMapping) -> None:
    """A resignation taken back in SmartHR is taken back there too; nothing else is emptied."""
    empty: Values = {ours: None for ours, _ in OFFICIAL}
    assert export(mapping).translate(empty).values == {"resignationDate": None}
    back = towards("smarthr", mapping)
    assert back.translate({theirs: None for _, theirs in OFFICIAL}).values == {}


def test_smarthr_gets_full_width_katakana(mapping: FieldMapping) -> None:
    """It refuses anything else; Touch On Time gets SmartHR's text as it is."""
    back = towards("smarthr", mapping)
    made = back.translate({"lastNamePhonetics": "ﾔﾏﾀﾞ", "firstNamePhonetics": "たろう"}).values
    assert made == {"last_name_yomi": "ヤマダ", "first_name_yomi": "タロウ"}
    there = export(mapping).translate({"last_name_yomi": "ﾔﾏﾀﾞ"}).values
    assert there == {"lastNamePhonetics": "ﾔﾏﾀﾞ"}


PERSON: Values = {
    "last_name": "山田", "last_name_yomi": "ヤマダ",
    "first_name": "花子", "first_name_yomi": "ハナコ",
    "business_last_name": "佐藤", "business_last_name_yomi": "サトウ",
    "business_first_name": None, "business_first_name_yomi": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("on", "family"), [(False, ("山田", "ヤマダ")), (True, ("佐藤", "サトウ"))]
)
def test_business_names_are_a_setting(
    mapping: FieldMapping, *, on: bool, family: tuple[str, str]
) -> None:
    """On: the registered part is used, the other falls back to the legal name. Off by default."""
    assert mapping.switches({}) == {"business_names": False}
    made = export(mapping, business_names=on).translate(PERSON).values
    assert (made["lastName"], made["lastNamePhonetics"]) == family
    assert (made["firstName"], made["firstNamePhonetics"]) == ("花子", "ハナコ")


def test_names_stay_alone_where_business_names_cannot_be_read(mapping: FieldMapping) -> None:
    """A token without the right to read business names never pushes legal names in their place."""
    legal = {k: v for k, v in PERSON.items() if not k.startswith("business")}
    assert export(mapping, business_names=True).translate(legal).values == {}


def test_rare_kanji_and_dates_arrive_as_they_are(mapping: FieldMapping) -> None:
    """髙, 﨑, 𠮷 and variation selectors are written byte for byte."""
    day = dt.date(2024, 2, 29)
    made = export(mapping).translate({"last_name": "髙﨑𠮷葛\U000e0100", "entered_at": day}).values
    assert made == {"lastName": "髙﨑𠮷葛\U000e0100", "hiredDate": day}


def test_comments_speak_both_languages() -> None:
    """An HR engineer finds each line explained in Japanese and in English."""
    comments = [
        line for line in FILE.read_text("utf-8").splitlines() if line.strip().startswith("#")
    ]
    assert sum(line.isascii() for line in comments) >= 10
    assert sum(not line.isascii() for line in comments) >= 10


def test_the_mapping_for_accounts_goes_one_way_where_it_has_to() -> None:
    """User name and activity are worked out, so they only go to SCIM; the rest goes both ways."""
    fields = {name: offline_fields(name) for name in ("smarthr", "scim")}
    mapping = load_mapping("smarthr-scim", FILE.parent).at(fields)
    check_mapping(mapping, fields)
    ways = {side: {way.target for way in mapping.ways(side)} for side in mapping.sides}
    assert ways["scim"] - {"userName", "active"} == {
        "employeeNumber", "email", "name.familyName", "name.givenName"
    }  # fmt: skip
    assert ways["smarthr"] == {"emp_code", "email", "last_name", "first_name"}
    assert unfilled(mapping, "scim", fields) == ()
