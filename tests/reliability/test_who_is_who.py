"""Numbers that look alike, are shared, missing or used again; names that must not lose a byte."""

from __future__ import annotations

import datetime as dt
import random
import unicodedata
import zlib
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e import conftest as e2e
from tests.pair import NEW

from renkei.text import SPACES

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

office, empty_store, direction = e2e.office, e2e.empty_store, e2e.direction

FAMILY = {"smarthr": "last_name", "touchontime": "lastName"}
GIVEN = {"smarthr": "first_name", "touchontime": "firstName"}
BIRTH = {"smarthr": "birth_at", "touchontime": "birthDate"}


def employ(office: Office, system: str, number: str | None, **more: Any) -> str:
    """Put somebody into one system; *more* has family, given and birth."""
    born = dt.date(1950, 1, 1) + dt.timedelta(zlib.crc32(str(number).encode()) % 18_000)
    values = {"family": "同姓", "given": f"名{number}", "birth": born.isoformat(), **more}
    theirs = office.system(system)
    named = {
        theirs.number_field: number,
        FAMILY[system]: values["family"],
        GIVEN[system]: values["given"],
        BIRTH[system]: values["birth"],
    }
    return theirs.add(**{k: v for k, v in named.items() if v is not None}, gender="male")


def written(office: Office, target: str) -> set[str]:
    """Return the numbers of everybody in *target* about whom something was written."""
    system = office.system(target)
    return {
        str(system.people[str(entry.person)].get(system.number_field))
        for entry in office.box.writes(target)
    }


# --- numbers that look alike -------------------------------------------------------------------

HYPHENS = "-‐‑‒–—―⁃−﹣－ー"
WIDE = {ord(char): ord(char) + 0xFEE0 for char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def disguised(number: str, chance: random.Random) -> str:
    """Return *number* as a person may have typed it somewhere else."""
    text = number
    while text == number:
        for way in chance.sample(range(6), chance.randint(1, 3)):
            at = chance.randint(0, len(text))
            text = (
                "0" * chance.randint(1, 3) + text,
                text[:at] + chance.choice(SPACES + "\u00ad\u200e") + text[at:],
                text.translate(WIDE),
                text.translate(SUPERSCRIPT),
                text.replace("-", chance.choice(HYPHENS)),
                text.lower(),
            )[way]
    return text


@pytest.mark.fault("F42", "F43")
@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 40))]
)
def test_a_number_in_disguise_is_never_created(
    office: Office, direction: Direction, seed: int
) -> None:
    """Width, spaces of any kind, zeros, case, hyphens: blocked, also beside the right number."""
    source, target = direction
    chance = random.Random(seed)
    near = {}
    for index in range(100):
        number = f"{chance.choice('1QZ')}{index:02d}-{chance.randint(1, 99)}"
        near[disguised(number, chance)] = number
        employ(office, target, number)
        if index % 2:
            employ(office, source, number)
    for text in near:
        employ(office, source, text)
    employ(office, source, "NEW1")
    run = office.fetched(*direction)
    plan = office.plan(run)
    for text, number in near.items():
        item = plan[text]
        assert (item["difference"], item["reasons"]) == ("blocked", ["near_number"]), (text, number)
    assert plan["NEW1"]["difference"] == "new"
    office.ask("sync", run, *office.everybody(target), "--allow-unusual")
    assert not office.creates(target).keys() & near.keys()
    assert office.creates(target)["NEW1"] == 1


@pytest.mark.fault("F43")
def test_two_new_numbers_that_look_alike_are_pointed_out(
    office: Office, direction: Direction
) -> None:
    """`0042X` and `42X` on the source alone: nobody can know, so both have a note and a choice."""
    source, _ = direction
    for number in ("0042X", "42X"):
        employ(office, source, number)
    plan = office.plan(office.fetched(*direction))
    for number in ("0042X", "42X"):
        assert plan[number]["difference"] == "new"
        assert plan[number]["notes"][0] == "near_number_in_source"


# --- numbers that are shared or missing --------------------------------------------------------


@pytest.mark.fault("F40", "F41")
def test_a_shared_number_is_written_to_nobody(office: Office, direction: Direction) -> None:
    """Twice or three times on either side: all are blocked with the reason, nothing is sent."""
    source, target = direction
    for here, there in product(range(4), range(4)):
        for system, times in ((source, here), (target, there)):
            for index in range(times):
                employ(office, system, f"S{here}{there}", given=f"{system[0]}{index}")
    run = office.fetched(*direction)
    items = office.ask("plan", run).json["items"]
    for here, there in product(range(1, 4), range(4)):
        mine = [item for item in items if item["number"] == f"S{here}{there}"]
        assert len(mine) == here, "everybody of the source is shown"
        reasons = ["duplicate_in_source"] * (here > 1) + ["duplicate_in_target"] * (there > 1)
        for item in mine:
            assert item["reasons"] == reasons
            assert (item["difference"] == "blocked") == bool(reasons)
    assert office.ask("sync", run, *office.everybody(target)).code == 0
    touched = {number for number in written(office, target) if number.startswith("S")}
    assert touched == {"S10", "S11"}


@pytest.mark.fault("F45")
@pytest.mark.parametrize("number", [None, "", " ", "\u3000", "\u200b", "\ufeff \u00a0"])
def test_without_a_number_nobody_is_synced(
    office: Office, direction: Direction, number: str | None
) -> None:
    """Blocked and counted, whatever nothing looks like; the target's numberless are no partners."""
    source, target = direction
    usual = office.ask("fetch", *direction).json["counts"]
    for system in (source, source, target):
        employ(office, system, number)
    run = office.fetched(*direction)
    counts = office.ask("plan", run).json["counts"]
    assert counts == {**usual, "blocked": usual["blocked"] + 2}
    assert "No employee number" in office.renkei("plan", run, "--difference", "blocked").out


# --- who is behind a number --------------------------------------------------------------------


@pytest.mark.fault("F44")
def test_a_number_used_again_for_somebody_else_is_blocked(
    office: Office, direction: Direction
) -> None:
    """Family name, given name and birth date, equal or not, as the table of the rules says."""
    source, target = direction
    other = {"family": "別人", "given": "違", "birth": ""}
    expected = {
        (False, False, False): ("same", []),
        (True, False, False): ("changed", []),
        (False, True, False): ("changed", ["identity_changed"]),
        (True, True, False): ("changed", ["identity_changed"]),
        (False, False, True): ("changed", ["identity_changed"]),
        (True, False, True): ("blocked", ["other_person"]),
        (False, True, True): ("blocked", ["other_person"]),
        (True, True, True): ("blocked", ["other_person"]),
    }
    for index, differing in enumerate(expected):
        employ(office, source, f"P{index}")
        differs = {n: other[n] for n, is_other in zip(other, differing, strict=True) if is_other}
        if "birth" in differs:
            differs["birth"] = f"1949-12-{10 + index}"  # a day that many carry would be nobody's
        employ(office, target, f"P{index}", **differs)
    run = office.fetched(*direction)
    plan = office.plan(run)
    for index, (difference, said) in enumerate(expected.values()):
        item = plan[f"P{index}"]
        assert (item["difference"], [*item["reasons"], *item["notes"]]) == (difference, said)


@pytest.mark.fault("F44")
def test_a_number_that_was_changed_on_one_side_is_a_new_employee(
    office: Office, direction: Direction
) -> None:
    """The number is all that pairs: change it on both sides; the old partner is left as it is."""
    source, target = direction
    employ(office, source, "R2")
    old = employ(office, target, "R1")
    before = dict(office.system(target).people[old])
    run = office.fetched(*direction)
    assert office.plan(run)["R2"]["difference"] == "new"
    assert "R1" not in office.plan(run)
    assert office.ask("sync", run, "--number", "R2", *NEW[target]).code == 0
    assert dict(office.system(target).people[old]) == before


# --- names -------------------------------------------------------------------------------------

COMPATIBLE = [
    chr(code)
    for code in (*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA1E))
    if unicodedata.category(chr(code)) == "Lo"
]
AWKWARD = (
    "髙﨑", "𠮷野", "葛\U000e0100城", "辻\U000e0101", "邉邊辺", "か\u3099く", "ｱｲｳﾞ", "ㇰㇱㇲ",
    "O’Brien", "Å\u030a\u0323", "ﬁ㍻Ⅱ①", "a\u0301e\u0300", "\u202eabc", "山　田", "\u0e01\u0e33",
    "🧑\u200d🚒", "한글", "\u1112\u1161\u11ab", "𰻞𪜈", "々〆ヶ", "'; drop--", "=1+1", "<b>&amp;",
    "%s{0}\\n",
)  # fmt: skip


def names() -> list[tuple[str, str]]:
    """Return pairs of names that hold every compatibility ideograph and all that is awkward."""
    parts = (COMPATIBLE[start : start + 40] for start in range(0, len(COMPATIBLE), 40))
    texts = [*map("".join, parts), *AWKWARD]
    return [(text, f"名{text}") for text in texts]


@pytest.mark.fault("F46")
def test_no_byte_of_a_name_is_lost_on_its_way(office: Office, direction: Direction) -> None:
    """Created and updated, through both systems' real HTTP: stored as they were, byte for byte."""
    source, target = direction
    everybody = names()
    assert len(COMPATIBLE) > 900
    for index, (family, given) in enumerate(everybody):
        employ(office, source, f"N{index:03d}", family=family, given=given)
        if index % 2:
            employ(office, target, f"N{index:03d}", family="旧姓", given="旧名")
    run = office.fetched(*direction)
    words = [word for index in range(len(everybody)) for word in ("--number", f"N{index:03d}")]
    result = office.ask("sync", run, *words, *NEW[target], "--allow-unusual")
    assert result.code == 0, office.outcomes(run)
    for index, (family, given) in enumerate(everybody):
        [record] = office.system(target).find(f"N{index:03d}")
        assert (record[FAMILY[target]], record[GIVEN[target]]) == (family, given)
    back = office.plan(office.fetched(target, source))
    assert {back[f"N{index:03d}"]["difference"] for index in range(len(everybody))} == {"same"}


@pytest.mark.fault("F12", "F46")
@pytest.mark.parametrize("text", ["\ud83d", "佐\udc00倉", "佐\0倉"])
@pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
def test_text_that_no_system_can_store_blocks_one_employee(
    office: Office, direction: Direction, side: int, text: str
) -> None:
    """Half a character or a NUL: blocked by the name of the field, on either side; no traceback."""
    for system in direction:
        family = text if system == direction[side] else "佐倉"
        employ(office, system, "T1", family=family)
    run = office.fetched(*direction)
    assert office.plan(run)["T1"]["reasons"] == ["unreadable"]
    assert FAMILY[direction[side]] in office.renkei("plan", run, "--number", "T1").out
    assert office.ask("sync", run, *office.everybody(direction[1])).code == 0
    assert "T1" not in written(office, direction[1])
