"""Very many employees, very large values, very many who cannot be synced."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e import conftest as e2e
from tests.pair import NOON
from tests.reliability.test_reading_faults import measured

from renkei_sandbox import Sandbox

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

office, empty_store, direction = e2e.office, e2e.empty_store, e2e.direction
collect = e2e._collect
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)


def many(office: Office, direction: Direction, people: int, most_kb: int) -> float:
    """Fetch and sync that many; require the memory to stay below; return the time, in seconds."""
    with Sandbox(people=people, now=NOON) as box:
        for system in box.systems.values():
            system.switches.rate_limit = False
        office.box = box
        office.configure()
        began = time.monotonic()
        code, out, peak = measured(office, "fetch", *direction, within_s=400)
        seconds = time.monotonic() - began
        assert code == 0, out
        document = json.loads(out)
        assert sum(document["counts"].values()) > people * 0.9
        assert peak < most_kb, f"{peak} kB in the fetch"
        some = office.numbers(document["run"], "changed")[:40]
        words = [word for number in some for word in ("--number", number)]
        # of so many people a few have the names and dates of birth of others
        code, out, peak = measured(
            office, "sync", document["run"], *words, "--allow-unusual", within_s=400
        )
        assert (code, json.loads(out)["outcomes"]["updated"]) == (0, len(some)), out
        assert peak < most_kb, f"{peak} kB in the sync"
    return seconds


@pytest.mark.fault("F71")
def test_a_thousand_need_hardly_more_memory_than_few(office: Office) -> None:
    """Read, compared, stored and synced, in less than 100 MB."""
    many(office, ("touchontime", "smarthr"), 1_000, 100_000)


@pytest.mark.fault("F71")
@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_hundred_thousand_are_synced(office: Office, direction: Direction) -> None:
    """In less than 512 MiB; the fetch in minutes, of which the sandbox needs a good part."""
    assert many(office, direction, 100_000, 512 * 1024) < 300


# --- large values ------------------------------------------------------------------------------


BORN = "1984-06-07"
"""With one date of birth, another name is the same person's."""


def big(office: Office, direction: Direction, characters: int) -> None:
    """Put somebody with such a given name into the source, and their twin into the target."""
    for system in direction:
        text = "大" * characters if system == direction[0] else "小"
        values: dict[str, Any] = {
            "smarthr": {"emp_code": "BIG", "last_name": "名", "first_name": text, "birth_at": BORN},
            "touchontime": {"code": "BIG", "lastName": "名", "firstName": text, "birthDate": BORN},
        }[system]
        office.system(system).add(**values, gender="male")


@pytest.mark.fault("F72")
def test_a_value_too_long_for_the_target_concerns_one_employee(
    office: Office, direction: Direction
) -> None:
    """300 kB in one name: compared, refused by the target, failed with its field; others go on."""
    big(office, direction, 100_000)
    run = office.fetched(*direction)
    assert office.plan(run)["BIG"]["difference"] == "changed"
    result = office.ask("sync", run, *office.everybody(direction[1]))
    assert (result.code, result.json["outcomes"]["failed"]) == (1, 1)
    assert office.outcomes(run)["BIG"] == ("failed", "refused")
    counts, outcomes = result.json["counts"], result.json["outcomes"]
    assert outcomes["created"] + outcomes["updated"] == counts["new"] + counts["changed"] - 1


@pytest.mark.fault("F72")
def test_a_record_of_megabytes_ends_a_streamed_list(office: Office) -> None:
    """Touch On Time sends one person of 1.2 MB: exit 4 with the place, before it is taken in."""
    big(office, ("touchontime", "smarthr"), 1_000_000)
    result = office.ask("fetch", "touchontime", "smarthr")
    assert (result.code, result.error["code"]) == (4, "too_large")
    assert "byte" in result.error["message"]
    assert office.sent() == []


@pytest.mark.fault("F72")
def test_a_page_of_megabytes_is_read(office: Office) -> None:
    """SmartHR's pages may be large: one person of 1.2 MB is compared and refused by the target."""
    big(office, ("smarthr", "touchontime"), 400_000)
    run = office.fetched("smarthr", "touchontime")
    office.ask("sync", run, *office.everybody("touchontime"))
    assert office.outcomes(run)["BIG"] == ("failed", "refused")


@pytest.mark.fault("F72")
def test_ten_thousand_fields_nobody_asked_for_are_passed_over(
    office: Office, direction: Direction
) -> None:
    """A record with very many further fields is compared like any other."""
    big(office, direction, 1)
    for system in direction:
        [record] = office.system(system).find("BIG")
        more = {f"custom_{index}": "値" for index in range(10_000)}
        office.system(system).edit(record[office.system(system).id_field], **more)
    assert office.plan(office.fetched(*direction))["BIG"]["difference"] == "changed"


# --- very many who cannot be synced ------------------------------------------------------------


@pytest.mark.fault("F73")
@pytest.mark.parametrize("people", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_very_many_blocked_do_not_hide_the_others(office: Office, people: int) -> None:
    """Each has a line with the reason where it is asked for; result and report stay short."""
    usual = office.ask("fetch", "smarthr", "touchontime").json["counts"]
    for index in range(people):
        office.box.smarthr.add(last_name="番号", first_name=f"無{index}", gender="male")
    run = office.fetched("smarthr", "touchontime")
    counts = office.ask("plan", run).json["counts"]
    assert counts == {**usual, "blocked": usual["blocked"] + people}
    blocked = office.renkei("plan", run, "--difference", "blocked").out
    assert blocked.count("No employee number") >= people
    wanted = office.renkei("plan", run, "--difference", "new,changed").out
    assert len(wanted.splitlines()) < 100
    done = office.renkei("sync", run, *office.everybody("touchontime"))
    assert done.code == 0
    assert len(done.out.splitlines()) < 30
    assert len(office.renkei("report", run).out.splitlines()) < 60
