"""Bugs in what people have a worker do."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "errand-asked-twice",
        "Two people who press the button, or one twice, have a run synced by two workers.",
        ("renkei.runs.errands:Errands.ask", "is not None and job.is_open:", "is None and False:"),
        ("renkei.store.errands:Errands.ask_for", "if writes_in is not None:", "if False:"),
        tests="tests/engine/test_errands.py"
        "::test_what_a_person_asks_for_is_done_once_in_their_name",
    ),
    bug(
        "errand-of-nobody",
        "The audit log names the worker in place of the person who has asked for a sync.",
        ("renkei.runs.errands:Errands.carry_out", "ground.act_for(job.asked_by)", "pass"),
        tests="tests/engine/test_errands.py"
        "::test_what_a_person_asks_for_is_done_once_in_their_name",
    ),
    bug(
        "stop-does-not-arrive",
        "A stop in the dashboard does not reach the worker that does the sync.",
        ("renkei.scheduled:at_work", "if work.stopped:", "if False:"),
        tests="tests/engine/test_errands.py::test_a_stop_reaches_the_worker_that_does_it",
    ),
    bug(
        "stopped-and-gone-on-with",
        "What a person has stopped goes on when the worker at it is killed.",
        ("renkei.worker:_how_over", "if job.stopped_by is not None:", "if False:"),
        tests="tests/engine/test_errands.py::test_what_is_stopped_before_it_begins_does_not_begin",
    ),
    bug(
        "another-choice-synced",
        "A worker syncs what somebody else has chosen after the button was pressed.",
        ("renkei.runs.errands:Errands._done", "stored is not None and", "False and"),
        tests="tests/engine/test_errands.py::test_only_what_was_chosen_is_synced",
    ),
    bug(
        "unseen-accounts-confirmed",
        "A worker takes accounts for those of one company which nobody has confirmed.",
        (
            "renkei.runs.errands:Confirming.same_company",
            "== self._errand.seen",
            "!= ()",
        ),
        tests="tests/engine/test_errands.py::test_a_question_is_answered_by_a_person",
    ),
)
