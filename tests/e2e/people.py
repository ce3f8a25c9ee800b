"""People of a test, in words that do not depend on the system that holds them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.office import Office

FIELDS = {
    "smarthr": {
        "number": "emp_code", "family": "last_name", "given": "first_name",
        "family_kana": "last_name_yomi", "given_kana": "first_name_yomi", "birth": "birth_at",
        "hired": "entered_at", "left": "resigned_at", "gender": "gender", "mail": "email",
    },
    "touchontime": {
        "number": "code", "family": "lastName", "given": "firstName",
        "family_kana": "lastNamePhonetics", "given_kana": "firstNamePhonetics",
        "birth": "birthDate", "hired": "hiredDate", "left": "resignationDate", "gender": "gender",
        "mail": "emailAddresses",
    },
}  # fmt: skip
HANAKO = {
    "family": "見本", "family_kana": "ミホン", "given": "花子", "given_kana": "ハナコ",
    "birth": "1975-02-14", "gender": "female", "hired": "2010-04-01",
}  # fmt: skip
GAKU = {
    "family": "見本", "family_kana": "ミホン", "given": "岳", "given_kana": "ガク",
    "birth": "2001-07-09", "gender": "male", "hired": "2026-04-01",
}  # fmt: skip
SURNAMES = (
    "青木 石井 上野 遠藤 岡本 加藤 木村 工藤 小林 斎藤"
    " 清水 高橋 田中 中村 西田 野口 原田 福田 松本 森田"
)


def person(index: int, **more: str) -> dict[str, str]:
    """Return somebody who is nobody else."""
    family = SURNAMES.split()[index % 20]
    born = dt.date(1970, 1, 10) + dt.timedelta(days=397 * index)
    given = f"{'一二三四五六七八九十'[index % 10]}{'郎太助平男'[index // 10 % 5]}"
    return {
        "family": family, "given": given, "birth": born.isoformat(), "gender": "male",
        "hired": "2015-04-01", **more,
    }  # fmt: skip


def put(office: Office, system: str, number: str | None, who: dict[str, str], **more: str) -> str:
    """Put *who* into a system; return their id there."""
    names, theirs = FIELDS[system], office.system(system)
    values: dict[str, Any] = {names[key]: value for key, value in {**who, **more}.items()}
    if system == "touchontime" and "emailAddresses" in values:
        values["emailAddresses"] = [values["emailAddresses"]]
    return theirs.add(**({} if number is None else {names["number"]: number}), **values)


def read(office: Office, system: str, identity: str) -> dict[str, Any]:
    """Return somebody of a system in the words of this page."""
    held = office.system(system).people[identity]
    return {key: held.get(name) for key, name in FIELDS[system].items()}
