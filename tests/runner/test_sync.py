from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from renkei.errors import BusyError, UsageError
from renkei.model import Difference, Item, Outcome, OwnValues, Remark, Run, Selection, Status
from renkei.retention import Gone

if TYPE_CHECKING:
    from tests.runner.fakes import FakeRuns, Renkei

BOTH = frozenset({Difference.NEW, Difference.CHANGED})


def ended(status: Status, reason: Remark | None = None, **outcomes: int) -> dict[str, Any]:
    counts = {Outcome(name): count for name, count in outcomes.items()}
    return {"status": status, "outcomes": counts, "reason": reason}


def test_without_a_choice_and_a_terminal_nobody_is_guessed(renkei: Renkei, runs: FakeRuns) -> None:
    """A script has to say who is to be synced: the message names the options."""
    result = renkei("sync", "7")
    assert result.code == 2
    assert all(option in result.err for option in ("--difference", "--number", "--yes"))
    assert "sync" not in runs.calls


def test_the_options_become_the_choice(renkei: Renkei, runs: FakeRuns) -> None:
    """Differences, numbers, exceptions and new values reach the engine as they are."""
    result = renkei(
        "sync", "7", "--difference", "new", "--difference", "changed,same", "--number", "0042",
        "--except", "0417", "--new", "divisionCode=1000", "--new", "typeCode=a=b",
    )  # fmt: skip
    assert result.code == 0
    assert runs.chosen == Selection(
        differences=frozenset({*BOTH, Difference.SAME}),
        numbers=("0042",),
        excluded=("0417",),
        new={"divisionCode": "1000", "typeCode": "a=b"},
    )


def test_yes_means_all_new_and_changed(renkei: Renkei, runs: FakeRuns) -> None:
    """`--yes` alone chooses all new and changed employees and asks nothing."""
    renkei("sync", "7", "--yes", answers="")
    assert runs.chosen == Selection(differences=BOTH)


def test_yes_does_not_widen_a_choice(renkei: Renkei, runs: FakeRuns) -> None:
    """With `--number`, `--yes` only says that nothing is to be asked."""
    renkei("sync", "7", "--yes", "--number", "0417")
    assert runs.chosen == Selection(numbers=("0417",))


def test_blocked_employees_cannot_be_chosen(renkei: Renkei, runs: FakeRuns) -> None:
    """Choosing blocked employees is refused with a hint where the reasons are."""
    result = renkei("sync", "7", "--difference", "blocked")
    assert result.code == 2
    assert "renkei plan" in result.err


def test_a_person_is_asked_with_the_counts(renkei: Renkei, runs: FakeRuns) -> None:
    """On a terminal all new and changed are offered, then the values new employees need."""
    result = renkei("sync", "7", answers="y\n2\n1\n")
    assert result.code == 0
    assert "1 new and 1 changed" in result.err
    assert "divisionCode" in result.err
    assert "2) 2000  大阪支店" in result.err
    assert runs.chosen == Selection(differences=BOTH, new={"divisionCode": "2000", "typeCode": "1"})


def test_a_no_sends_nothing(renkei: Renkei, runs: FakeRuns) -> None:
    """After a no, nothing has been sent, and the person is told so."""
    result = renkei("sync", "7", answers="n\n")
    assert result.code == 0
    assert "Nothing was sent." in result.out
    assert runs.calls == ["closed"]


def test_the_end_of_the_answers_is_an_interrupt(renkei: Renkei, runs: FakeRuns) -> None:
    """Ctrl-D at a question ends the command with 130; nothing was sent."""
    result = renkei("sync", "7", answers="")
    assert result.code == 130
    assert "Nothing was sent." in result.err


def test_only_missing_values_are_asked(renkei: Renkei, runs: FakeRuns) -> None:
    """A value given as an option is not asked again."""
    result = renkei("sync", "7", "--difference", "new", "--new", "divisionCode=1000", answers="1\n")
    assert "divisionCode" not in result.err
    assert runs.chosen is not None
    assert runs.chosen.new == {"divisionCode": "1000", "typeCode": "1"}


def test_a_stored_choice_is_carried_out(renkei: Renkei, runs: FakeRuns) -> None:
    """Without options `sync` goes on with what was chosen before, as `resume` does."""
    runs.chosen = Selection(numbers=("0417",))
    assert renkei("sync", "7").code == 0
    assert runs.calls == ["sync", "closed"]


def test_a_done_run_sends_nothing(renkei: Renkei, runs: FakeRuns) -> None:
    """On a run that is done `sync` neither chooses nor asks, and ends with 0."""
    runs.state = evolve(runs.state, **ended(Status.DONE, created=1))
    assert renkei("sync", "7", "--yes").code == 0
    assert "choose" not in runs.calls


def test_failed_employees_give_exit_code_1(renkei: Renkei, runs: FakeRuns) -> None:
    """Everybody who failed is named with the reason, and what to do next is a command."""
    runs.after = ended(Status.DONE_WITH_ERRORS, failed=1, created=1)
    bad: Item = evolve(
        runs.people[0],
        outcome=Outcome.FAILED,
        outcome_reason=Remark("changed_since_fetch", ("lastName",)),
    )
    runs.people = (bad, *runs.people[1:])
    result = renkei("sync", "7", "--yes")
    assert result.code == 1
    assert "0417" in result.out
    assert "lastName" in result.out
    assert "renkei sync 7 --retry-failed" in result.out
    assert "鈴木" not in result.out
    assert runs.noted == [("details_opened", "7", {"what": "sync"})], "they are named"


def test_failed_employees_are_no_error_in_json(renkei: Renkei, runs: FakeRuns) -> None:
    """With exit code 1 the document has all outcomes and no error."""
    runs.after = ended(Status.DONE_WITH_ERRORS, failed=1, created=1)
    result = renkei("sync", "7", "--yes", "--output", "json")
    assert result.code == 1
    assert result.json == {
        "schema_version": 1,
        "run": "7",
        "status": "done_with_errors",
        "source": "smarthr",
        "target": "touchontime",
        "base_date": "2026-11-22",
        "left_for_you": [],
        "counts": {"new": 1, "changed": 1, "same": 1, "blocked": 1},
        "outcomes": {
            "created": 1, "updated": 0, "unchanged": 0, "not_selected": 0,
            "failed": 1, "unknown": 0, "deferred": 0,
        },
        "notices": [],
    }  # fmt: skip
    assert runs.noted == [], "a document names nobody"


def test_a_paused_run_tells_when_and_how_to_go_on(renkei: Renkei, runs: FakeRuns) -> None:
    """A paused run ends with 4, its reason as the code, the hour and the exact command."""
    runs.after = ended(Status.PAUSED, Remark("closed", ("10:00",)), deferred=2)
    result = renkei("--output", "json", "sync", "7", "--yes")
    assert result.code == 4
    assert result.json["status"] == "paused"
    assert result.json["outcomes"]["deferred"] == 2
    assert result.json["error"]["code"] == "closed"
    assert "10:00" in result.json["error"]["message"]
    assert "renkei" not in result.json["error"]["message"]
    assert "renkei resume 7" in result.json["error"]["hint"]


def test_the_command_to_resume_names_the_configuration(renkei: Renkei, runs: FakeRuns) -> None:
    """The command to go on can be pasted: a configuration given by option is part of it."""
    runs.after = ended(Status.PAUSED, Remark("access"))
    result = renkei("--config", "renkei.yaml", "sync", "7", "--yes")
    assert "renkei --config renkei.yaml resume 7" in result.err


def test_another_run_is_writing(renkei: Renkei, runs: FakeRuns) -> None:
    """A busy connection ends with 5, and the run's fields stand beside the error."""
    runs.after = BusyError("Run 6 is writing.", where="touchontime")
    result = renkei("sync", "7", "--yes", "--output", "json")
    assert result.code == 5
    assert result.json["run"] == "7"
    assert result.json["error"] == {
        "code": "busy",
        "message": "Run 6 is writing.",
        "where": "touchontime",
        "hint": None,
    }


def test_ctrl_c_ends_after_the_employee_in_hand(
    renkei: Renkei, runs: FakeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first signal lets the engine stop in order; the end is 130 and how to go on."""

    def sync(*args: object, **options: object) -> Run:
        os.kill(os.getpid(), signal.SIGTERM)
        runs.state = evolve(runs.state, **ended(Status.PAUSED, Remark("interrupted"), created=1))
        return runs.state

    monkeypatch.setattr(type(runs), "sync", sync)
    result = renkei("sync", "7", "--yes")
    assert result.code == 130
    assert "interrupt" in runs.calls
    assert "renkei resume 7" in result.err


def test_an_interrupt_in_the_middle_is_one_sentence(renkei: Renkei, runs: FakeRuns) -> None:
    """A hard interrupt still gives one document with the run and how to go on."""
    runs.after = KeyboardInterrupt()
    result = renkei("sync", "7", "--yes", "--output", "json")
    assert result.code == 130
    assert result.json["error"]["code"] == "interrupted"
    assert "renkei resume 7" in result.json["error"]["hint"]


def test_the_file_for_new_employees_is_read(renkei: Renkei, runs: FakeRuns, tmp_path: Path) -> None:
    """Rows of --new-file reach the engine with the place they come from."""
    (tmp_path / "new.csv").write_text("number,divisionCode\n0500,2000\n")
    assert renkei("sync", "7", "--yes", "--new-file", "new.csv").code == 0
    assert runs.chosen is not None
    assert runs.chosen.own_values == (
        OwnValues(number="0500", values={"divisionCode": "2000"}, where="new.csv:2:1"),
    )


def test_a_mistake_in_the_file_is_a_usage_error(
    renkei: Renkei, runs: FakeRuns, tmp_path: Path
) -> None:
    """A wrong column stops the command before anything is chosen; the message has its place."""
    (tmp_path / "new.csv").write_text("number,divisioncode\n0500,2000\n")
    result = renkei("sync", "7", "--yes", "--new-file", "new.csv", "--output", "json")
    assert result.code == 2
    assert result.json["error"]["where"] == "new.csv:1:2"
    assert "choose" not in runs.calls


@pytest.mark.parametrize("value", ["divisionCode", "=1000", "divisionCode="])
def test_a_new_value_needs_a_field(renkei: Renkei, value: str) -> None:
    """`--new` without FIELD= or VALUE is refused with an example."""
    result = renkei("sync", "7", "--yes", "--new", value)
    assert result.code == 2
    assert "FIELD=VALUE" in result.err


def test_two_values_for_one_field_are_refused(renkei: Renkei) -> None:
    """Two different values for one field are a mistake that names the field."""
    result = renkei("sync", "7", "--yes", "--new", "typeCode=1", "--new", "typeCode=2")
    assert result.code == 2
    assert "typeCode" in result.err


def test_resume_continues_and_waits(renkei: Renkei, runs: FakeRuns) -> None:
    """`resume --wait` carries out what is stored, and waits for a system that is closed."""
    assert renkei("resume", "7", "--wait").code == 0
    assert runs.calls == ["sync wait", "closed"]


def test_retry_failed_is_passed_on(renkei: Renkei, runs: FakeRuns) -> None:
    """`--retry-failed` keeps the stored choice."""
    runs.chosen = Selection(differences=BOTH)
    renkei("sync", "7", "--retry-failed")
    assert runs.calls == ["sync retry", "closed"]


def test_cancel_says_what_stays(renkei: Renkei, runs: FakeRuns) -> None:
    """A cancelled run says that what was written stays written."""
    assert "stays written" in renkei("cancel", "7").out
    assert renkei("cancel", "7", "--output", "json").json["status"] == "cancelled"


def test_an_expired_plan_is_a_usage_error(renkei: Renkei, runs: FakeRuns) -> None:
    """What the engine refuses is told in its own sentence."""
    runs.after = UsageError("The plan is older than 24 hours. Fetch again.", code="expired")
    result = renkei("sync", "7", "--yes")
    assert (result.code, result.err) == (2, "The plan is older than 24 hours. Fetch again.\n")


def test_run_fetches_and_syncs(renkei: Renkei, runs: FakeRuns) -> None:
    """`run` is one command for schedules: fetch, choose, sync, one document."""
    result = renkei("run", "smarthr", "touchontime", "--yes", "--output", "json")
    assert result.code == 0
    assert runs.calls[:3] == ["fetch smarthr touchontime None", "choose", "sync"]
    assert result.json["outcomes"]["created"] == 1


def test_run_needs_a_choice_before_it_fetches(renkei: Renkei, runs: FakeRuns) -> None:
    """Without a terminal `run` refuses to guess before it asks any system."""
    assert renkei("run", "smarthr", "touchontime").code == 2
    assert runs.calls == []


def test_dry_run_only_fetches(renkei: Renkei, runs: FakeRuns) -> None:
    """`run --dry-run` compares and shows the counts; it chooses and sends nothing."""
    result = renkei("run", "smarthr", "touchontime", "--dry-run", "--output", "json")
    assert result.code == 0
    assert "outcomes" not in result.json
    assert "choose" not in runs.calls


def test_run_looks_for_whoever_is_named(renkei: Renkei, runs: FakeRuns) -> None:
    """Also where nobody is new or changed: a number that is not there is a mistake to be told."""
    runs.state = evolve(runs.state, counts={Difference.SAME: 4})
    renkei("run", "smarthr", "touchontime", "--difference", "new,changed")
    assert runs.chosen is None
    renkei("run", "smarthr", "touchontime", "--number", "9999")
    assert runs.chosen is not None
    assert runs.chosen.numbers == ("9999",)


@pytest.mark.fault("F99")
def test_what_is_old_goes_however_a_command_ends(
    renkei: Renkei, runs: FakeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure as after a success; only Ctrl-C does not wait for it."""
    looked: list[str] = []

    def retain(_self: object) -> Gone:
        looked.append("retain")
        return Gone()

    monkeypatch.setattr(type(runs), "retain", retain)
    for after, times in (
        (ended(Status.DONE, created=1), 1),
        (BusyError("somebody else writes"), 2),
        (KeyboardInterrupt(), 2),
    ):
        runs.after = after
        renkei("sync", "7", "--yes")
        assert len(looked) == times
