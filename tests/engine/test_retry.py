"""Those who failed are tried again once, when somebody asks for it; what went wrong stays told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import repeat
from typing import TYPE_CHECKING

import pytest

from renkei.errors import ClosedError, ListChangedError, RecordError, RenkeiError, UnavailableError
from renkei.model import Outcome, Status, Try
from renkei.people import JST

if TYPE_CHECKING:
    from tests.engine.world import World

    from renkei.people import Values

PAUSES = 3


def maintenance(_world: World) -> RenkeiError:
    return UnavailableError("later", code="maintenance", again=False, nothing_done=True)


def closed(world: World) -> RenkeiError:
    with world.runs() as runs:
        return ClosedError("closed", opens=runs.clock.now().astimezone(JST))


@pytest.mark.parametrize("pause", [maintenance, closed])
def test_waiting_sends_refused_people_once(
    world: World, monkeypatch: pytest.MonkeyPatch, pause: Callable[[World], RenkeiError]
) -> None:
    """`--wait --retry-failed`: after each pause only those go on who have not been tried yet."""
    monkeypatch.setattr("renkei.sync.course.waiting_times", lambda: repeat(0.0))
    for number in ("001", "002", "003"):
        world.in_clinic(number)
    run = world.fetch()
    sent: Counter[object] = Counter()
    pauses, down = [0], list[RenkeiError]()

    def refuse(hook: str, values: Values) -> None:
        if hook == "create_employee":
            sent[values["id_no"]] += 1
            raise RecordError("no", detail=f"refused for the {sent[values['id_no']]}. time")

    def refuse_or_pause(hook: str, values: Values) -> None:
        if hook == "create_employee" and values["id_no"] == "003" and pauses[0] < PAUSES:
            pauses[0] += 1
            down.append(pause(world))
            raise down[0]
        if hook == "read_employees" and down:
            raise down.pop()  # it is the system, not the person
        refuse(hook, values)

    world.rosta.trouble = refuse
    assert world.sync(run).status is Status.DONE_WITH_ERRORS
    assert sent == {"001": 1, "002": 1, "003": 1}
    world.rosta.trouble = refuse_or_pause
    with world.runs() as runs:
        ended = runs.sync(run.id, wait=True, retry_failed=True)
    assert pauses == [PAUSES]
    assert ended.status is Status.DONE_WITH_ERRORS
    assert sent == {"001": 2, "002": 2, "003": 2}
    first = Try(Outcome.FAILED, world.item(run, "001").outcome_reason, "refused for the 1. time")
    for refused in ("001", "002", "003"):
        item = world.item(run, refused)
        assert (item.outcome, item.detail) == (Outcome.FAILED, "refused for the 2. time")
        assert item.earlier == (first,)


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("pause", [maintenance, closed, lambda _world: ListChangedError("cut off")])
def test_a_fetch_waits_for_a_system_out_of_reach(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    pause: Callable[[World], RenkeiError],
    wait: bool,
) -> None:
    """`--wait`: each try is a run of its own, and the last one has the plan."""
    monkeypatch.setattr("renkei.runs.fetching.waiting_times", lambda: repeat(0.0))
    world.in_clinic("001")
    down = [pause(world) for _ in range(9)]

    def out_of_reach(hook: str, _values: Values) -> None:
        if hook == "list_employees" and down:
            raise down.pop()

    world.clinic.trouble = out_of_reach
    with world.runs() as runs:
        if not wait:
            with pytest.raises(type(down[0])):
                runs.fetch("clinic", "rosta")
            return
        assert runs.fetch("clinic", "rosta", wait=True).status is Status.READY
        *before, _last = reversed(runs.reports(20))
        assert {each.status for each in before} == {Status.FAILED}
    assert down == []
