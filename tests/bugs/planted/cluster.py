"""Bugs in what several machines share."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "claim-taken-twice",
        "A job that is delivered twice is done twice.",
        ("renkei.store.schedules:Schedules.take", 'jobs.c.state == "queued"', "sa.true()"),
        tests="tests/engine/test_schedules.py::test_a_claim_that_is_delivered_twice_is_done_once",
    ),
    bug(
        "late-delivery-ends-another",
        "A delivery that came too late takes the job from whoever is at it.",
        ("renkei.store.due:Due.let_wait", "not is_ours and not job_in(row).free", "False"),
        tests="tests/engine/test_schedules.py::test_a_claim_that_is_delivered_twice_is_done_once",
    ),
    bug(
        "frozen-fetch-becomes-a-plan",
        "A process that wakes in its fetch makes a plan of a run that was declared failed.",
        ("renkei.store.plans:Plans._end_fetch", ".where(*one, *mine)", ".where(*one)"),
        tests="tests/engine/test_store.py"
        "::test_a_fetch_that_was_declared_failed_does_not_become_a_plan\n"
        "tests/engine/test_schedules.py"
        "::test_a_process_frozen_in_its_fetch_does_nothing_when_it_wakes",
    ),
    bug(
        "lost-job-begins-a-run",
        "A process whose job was taken over before its fetch begins a run of its own.",
        ("renkei.store.schedules:keep_at_job", "if row is None:", "if row == ():"),
        tests="tests/engine/test_schedules.py::test_a_process_that_comes_back_has_no_say",
    ),
    bug(
        "lost-job-synced",
        "A job that was given up while its process stood still is synced when that wakes.",
        ("renkei.scheduled:carry_on", "mine()", "pass"),
        tests="tests/engine/test_schedules.py"
        "::test_what_was_given_up_for_a_process_is_not_synced_when_it_wakes",
    ),
    bug(
        "lost-job-goes-on",
        "A process whose job another one has by now fetches on to the end.",
        ("renkei.scheduled:at_work", "work.lost = error", "raise"),
        tests="tests/engine/test_schedules.py::test_a_fetch_is_interrupted_at_once[lost]",
    ),
    bug(
        "lock-of-the-dead",
        "Whoever takes a job over waits for the frozen worker that has it in the queue.",
        (
            "renkei.cluster.dispatcher:Cluster._take_out",
            "theirs.is_before(claim)",
            "False",
        ),
        tests="tests/engine/test_cluster.py::test_whoever_takes_over_does_not_wait_for_the_dead",
    ),
    bug(
        "stalled-for-ever",
        "What a dead worker was given stays in the queue.",
        (
            "renkei.cluster.dispatcher:Cluster._take_out_stalled",
            "await self._remove(each)",
            "pass",
        ),
        tests="tests/engine/test_cluster.py::test_what_a_dead_worker_was_given_is_taken_out",
    ),
    bug(
        "mixed-versions",
        "A worker of another version takes the queue from those at work.",
        ("renkei.cluster.place:prepare", "if _one(connection, _LIVING, LIFETIME_S):", "if False:"),
        tests="tests/engine/test_cluster.py::test_workers_of_another_version_are_refused",
    ),
    bug(
        "queue-lost-for-long",
        "A worker that has lost the queue takes up nothing until its longest job has ended.",
        (
            "renkei.cluster.dispatcher:Cluster._work",
            "shutdown_graceful_timeout=LET_GO_S",
            "shutdown_graceful_timeout=None",
        ),
        tests="tests/engine/test_cluster.py"
        "::test_a_worker_that_lost_the_queue_waits_for_no_job_at_work",
    ),
)
