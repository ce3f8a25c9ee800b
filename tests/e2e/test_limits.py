from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.waiting import Waiting

if TYPE_CHECKING:
    from tests.e2e.office import Office

    from renkei_sandbox.messages import Kind

Direction = tuple[str, str]


@pytest.fixture
def waiting() -> Waiting:
    """Time as it is: the systems count requests by the real clock."""
    return Waiting()


def refusals(office: Office) -> int:
    """Return how often a system had to complain."""
    return sum(entry.status == 429 for entry in office.box.journal)


def test_smarthr_never_has_to_complain(office: Office) -> None:
    """Ten requests a second, as declared: no 429 in the journal, and not slower than the limit."""
    office.configure(smarthr="limits: [{count: 10, seconds: 1}]")
    office.box.smarthr.switches.rate_limit = True
    run = office.fetched("touchontime", "smarthr")
    office.box.clear_journal()
    began = time.monotonic()
    result = office.ask("sync", run, *office.everybody("smarthr"))
    took = time.monotonic() - began
    assert result.code == 0
    assert refusals(office) == 0
    requests = len(office.box.journal)
    assert took < requests / 10 + 2.5


def test_touchontime_never_has_to_complain(office: Office) -> None:
    """A sliding window: full speed while there is room, then as fast as the window allows."""
    switches = office.box.touchontime.switches
    switches.rate_limit, switches.limit, switches.limit_window_s = True, 12, 1.0
    office.configure(touchontime="limits: [{count: 12, seconds: 1}]")
    run = office.fetched("smarthr", "touchontime")
    time.sleep(1.0)
    office.box.clear_journal()
    began = time.monotonic()
    result = office.ask("sync", run, *office.everybody("touchontime"))
    took = time.monotonic() - began
    assert result.code == 0, result.out
    assert refusals(office) == 0
    requests = Counter(entry.system for entry in office.box.journal)["touchontime"]
    assert requests > 12
    assert took < (requests / 12 + 1) + 1.5


@pytest.mark.fault("F02")
@pytest.mark.long
def test_two_processes_share_what_an_account_may_do(office: Office) -> None:
    """Two fetches at the same time ask together no more than one may: hardly any is refused."""
    office.box.smarthr.switches.rate_limit = True
    for place in range(1100):
        office.box.smarthr.add(
            emp_code=f"9{place:05}", last_name="山本", first_name=f"{place}", emp_status="employed"
        )
    office.configure(smarthr="limits: [{count: 10, seconds: 1}]")
    office.fetched("touchontime", "smarthr")
    time.sleep(1.0)
    office.box.clear_journal()
    fetches = [office.start("fetch", "touchontime", "smarthr") for _each in range(2)]
    assert [office.finished(each).code for each in fetches] == [0, 0]
    asked = [entry for entry in office.box.journal if entry.system == "smarthr"]
    assert len(asked) > 20
    assert refusals(office) < 4  # of two that do not share, ten and more; a busy machine is late


def test_full_speed_while_there_is_room(office: Office) -> None:
    """With the vendor's own 500 in five minutes a small run does not wait at all."""
    switches = office.box.touchontime.switches
    switches.rate_limit = True
    office.configure(touchontime="limits: [{count: 500, seconds: 300}]")
    began = time.monotonic()
    office.synced("smarthr", "touchontime")
    assert time.monotonic() - began < 4
    assert refusals(office) == 0


PLAIN = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1"}
INTENSIVE = {"x-intensive-rate-limit-remaining": "0", "x-intensive-rate-limit-reset": "1"}


@pytest.mark.fault("F02")
@pytest.mark.parametrize(
    ("kind", "headers"),
    [("read", PLAIN), ("create", INTENSIVE), ("update", {"retry-after": "1"})],
    ids=["plain", "intensive", "retry-after"],
)
def test_a_429_with_a_reset_is_waited_for(
    office: Office, kind: Kind, headers: dict[str, str]
) -> None:
    """Somebody else used the token: the announced second is waited, nobody fails, nothing twice."""
    run = office.fetched("touchontime", "smarthr")
    office.box.smarthr.faults.add("status", status=429, kind=kind, headers=headers)
    began = time.monotonic()
    result = office.ask("sync", run, *office.everybody("smarthr"))
    assert (result.code, result.json["status"]) == (0, "done")
    assert time.monotonic() - began >= 0.9
    assert refusals(office) == 1
    assert set(office.creates("smarthr").values()) == {1}


@pytest.mark.fault("F03")
@pytest.mark.parametrize(("status", "code"), [(429, 303), (429, 308), (403, 105)])
def test_touchontime_asks_for_a_pause_without_saying_how_long(
    office: Office, status: int, code: int
) -> None:
    """Either shape and any of its codes is a pause, not a refusal; tried again a moment later."""
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add("status", status=status, code=code, kind="create")
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert (result.code, result.json["status"]) == (0, "done")
    assert set(office.creates("touchontime").values()) == {1}


def test_the_wait_is_shown_nowhere_but_on_stderr(office: Office) -> None:
    """A JSON document stays alone on standard output while a limit is waited for."""
    office.configure(smarthr="limits: [{count: 2, seconds: 1}]")
    result = office.ask("fetch", "smarthr", "touchontime")
    assert result.code == 0
    assert result.out.count("\n") == 1
