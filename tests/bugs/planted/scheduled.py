"""Bugs in what is begun at set times."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "due-begun-twice",
        "A worker begins a run that another one has taken up.",
        (
            "renkei.worker:Worker._keep",
            "if mine and told is None:",
            "if told is None:",
        ),
        tests="tests/engine/test_schedules.py::test_two_workers_never_take_up_the_same",
    ),
    bug(
        "late-without-end",
        "A run is begun however late it is.",
        ("renkei.schedule.times:ripe", "if now - max(start, last) >= LATE:", "if False:"),
        tests="tests/engine/test_schedules.py::test_what_is_late_is_made_up_for_once_or_told",
    ),
    bug(
        "late-job-has-a-say",
        "A process that comes back after its job was taken over keeps how it ended.",
        (
            "renkei.store.schedules:Schedules._mine_of",
            "jobs.c.attempt == claim.attempt",
            "sa.true()",
        ),
        tests="tests/engine/test_schedules.py::test_a_process_that_comes_back_has_no_say",
    ),
    bug(
        "turned-round-and-synced",
        "A run that waits goes on in the direction that its schedule no longer has.",
        ("renkei.scheduled:carry_on", "(before.source, before.target) != way", "False"),
        tests="tests/engine/test_schedules.py"
        "::test_a_schedule_changed_while_its_run_waits_goes_no_way",
    ),
    bug(
        "choice-of-before-synced",
        "A run that waits sends what its schedule no longer says.",
        ("renkei.scheduled:carry_on", "chosen(run.id) not in (None, selection)", "False"),
        tests="tests/engine/test_schedules.py"
        "::test_a_choice_changed_while_its_run_waits_is_not_sent",
    ),
    bug(
        "fetch-deaf",
        "A stop does not reach a fetch: it reads to its end.",
        ("renkei.plan.reading:stop_if", "if interrupted():", "if False:"),
        tests="tests/engine/test_schedules.py::test_a_fetch_is_interrupted_at_once[asked]",
    ),
    bug(
        "scheduled-into-closed-hours",
        "A worker does not ask for closed hours.",
        ("renkei.scheduled:ahead_of", "closed=closed, takes", "takes"),
        tests="tests/engine/test_schedules.py"
        "::test_a_run_in_the_way_of_closed_hours_begins_after_them",
    ),
    bug(
        "closed-hours-near-enough",
        "Of a run that lasts until the closed hours it is not asked how long it takes.",
        ("renkei.schedule.times:Ahead.met", "AHEAD + spare", "spare"),
        tests="tests/engine/test_schedule_times.py"
        "::test_how_long_a_run_takes_is_asked_only_where_closed_hours_are_near",
    ),
    bug(
        "schedule-looks-at-nobody",
        "A schedule syncs those whom a person has to look at first.",
        ("renkei.scheduled:carry_on", "new=schedule.new)", "new=schedule.new, look_first=True)"),
        tests="tests/engine/test_schedules.py::test_who_has_to_be_looked_at_first_is_left",
    ),
    bug(
        "schedule-over-limits",
        "The safety limits do not hold for a schedule.",
        (
            "renkei.runs.schedules:Schedules.keep",
            "Wanted(selection=choice)",
            "Wanted(selection=choice, allow_unusual=True)",
        ),
        tests="tests/engine/test_schedules.py::test_what_needs_a_person_stops_there",
    ),
    bug(
        "paused-schedule-begun",
        "A schedule that somebody has paused goes on.",
        ("renkei.schedule.foresight:Foresight.due_now", "kept.paused_by is not None or ", ""),
        (
            "renkei.store.due:Due.claim",
            'kept is None or kept["paused_by"] is not None',
            "kept is None",
        ),
        tests="tests/engine/test_schedules.py::test_a_paused_schedule_is_not_begun",
    ),
    bug(
        "worker-lives-on",
        "A worker that an error has ended is taken for alive for minutes, and its chores go on.",
        ("renkei.worker:Worker.__exit__", "self._store.forget_worker()", "pass"),
        tests="tests/engine/test_schedules.py::test_a_worker_that_breaks_off_is_gone_at_once",
    ),
    bug(
        "signs-on-any-clock",
        "A worker on a computer whose clock is late is taken for dead by the others.",
        ("renkei.store.database:keepers_now", 'connection.dialect.name == "sqlite"', "True"),
        tests="tests/engine/test_store_server.py::test_workers_live_by_the_clock_of_the_server",
    ),
    bug(
        "gathered-for-nobody",
        "A worker of which nothing was killed or missed never tells what is gathered.",
        ("renkei.worker:Worker.run", "self.chores.start()", "pass"),
        tests="tests/engine/test_alerts_scheduled.py"
        "::test_a_worker_tells_what_is_gathered_though_nothing_was_missed",
    ),
    bug(
        "kept-by-nobody",
        "Nobody is told that no worker keeps the schedules.",
        ("renkei.runs.schedules:Schedules.all", "alone = not any(", "alone = False and any("),
        tests="tests/engine/test_schedules.py::test_it_is_told_that_no_worker_is_running",
    ),
    bug(
        "run-on-payroll-days",
        "Runs are begun on days without runs.",
        ("renkei.schedule.rule:Schedule.rests", "return any(", "return False and any("),
        tests="tests/engine/test_schedule_times.py::test_a_schedule_may_have_no_days_left",
    ),
    bug(
        "clock-back-loses",
        "A clock that is set back makes a schedule wait until it has caught up.",
        ("renkei.schedule.job:Kept.holds", " and self.since - now <= SKEW", ""),
        tests="tests/engine/test_schedules.py::test_a_clock_that_was_wrong_at_first_is_forgotten",
    ),
    bug(
        "paused-schedule-goes-on",
        "What is at work when its schedule is paused, and has to wait then, goes on.",
        ("renkei.worker:_how_over", "if is_paused and", "if False and"),
        tests="tests/engine/test_schedules.py"
        "::test_what_waits_is_left_out_when_somebody_pauses[running-schedule]",
    ),
    bug(
        "paused-schedule-in-line",
        "What is in line when its schedule is paused is begun.",
        (
            "renkei.store.schedules:Schedules.pause_schedule",
            'connection.execute(idle.values(**given_up(at, "skipped")))',
            "pass",
        ),
        tests="tests/engine/test_schedules.py"
        "::test_what_waits_is_left_out_when_somebody_pauses[queued-schedule]",
    ),
    bug(
        "payroll-day-after-a-wait",
        "What has waited goes on on a day without runs.",
        ("renkei.worker:_rests", "return job.asked_by is None and", "return False and"),
        tests="tests/engine/test_schedules.py::test_a_day_without_runs_has_none_that_has_waited",
    ),
    bug(
        "missed-by-a-clock-ahead",
        "What a clock that was ahead has told as missed never begins.",
        ("renkei.store.due:Due.claim", "jobs.c.started_at > now", "sa.false()"),
        tests="tests/engine/test_schedules.py"
        "::test_what_a_clock_that_was_ahead_has_missed_begins_all_the_same",
    ),
    bug(
        "hanging-job-is-silent",
        "A job that hangs keeps its schedule from running, and nobody is told.",
        ("renkei.schedule.job:Job.hangs", "return self.is_open", "return False and self.is_open"),
        tests="tests/engine/test_schedules.py::test_a_job_that_hangs_keeps_no_due_time_quiet",
    ),
)
