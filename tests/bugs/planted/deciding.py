"""Bugs in deciding: limits, choices, and who lets what pass."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "blocked-can-be-chosen",
        "Somebody who is blocked can be chosen by number.",
        (
            "renkei.plan.choose:pick",
            "if named and entry.difference is Difference.BLOCKED:",
            "if False:",
        ),
        tests="tests/engine/test_choose.py::test_unknown_and_blocked_numbers_are_refused",
    ),
    bug(
        "equal-labels-look-equal",
        "Two establishments of one name cannot be told apart.",
        ("renkei.plugins.choices:told_apart", "if alike[label] == 1:", "if True:"),
        tests="tests/engine/test_choices.py::test_equal_labels_are_told_apart_by_address_or_code",
    ),
    bug(
        "code-as-similar-as-a-label",
        "A label is taken although it is the code of another choice.",
        (
            "renkei.plugins.choices:meant",
            "return by_code or by_label or alike",
            "return by_label or alike",
        ),
        tests="tests/engine/test_choices.py"
        "::test_a_choice_is_meant_by_code_by_label_or_by_what_reads_alike",
    ),
    bug(
        "plan-of-any-age",
        "A plan of last week is synced.",
        (
            "renkei.plan.standing:Standing.is_too_old",
            "return run.planned_at is None or self.clock.now() - run.planned_at > age",
            "return False",
        ),
        tests="tests/engine/test_store.py::test_a_plan_expires_after_a_day",
    ),
    bug(
        "plan-of-another-mapping",
        "A plan is synced although the mapping has changed since.",
        ("renkei.plan.standing:Standing.current", "if same and", "if True or"),
        tests="tests/engine/test_choose.py::test_a_plan_of_another_mapping_is_not_synced",
    ),
    bug(
        "no-safety-limits",
        "Nobody looks at the safety limits.",
        (
            "renkei.plan.unusual:Judging.must_allow",
            "found = verdict.unusual",
            "found = ()",
        ),
        tests="tests/engine/test_safety.py::test_five_pass_and_six_do_not",
    ),
    bug(
        "emptied-fields-not-counted",
        "A field that empties for many is not unusual.",
        (
            "renkei.safety:_kinds",
            "if _lost(item, roles):",
            "if False:",
        ),
        tests="tests/engine/test_safety.py::test_a_field_that_empties_for_many",
    ),
    bug(
        "shrinking-source",
        "A source that has lost most of its people is not unusual.",
        (
            "renkei.safety:shrinking",
            '("unusual_shrink", heads.listed, heads.usual),',
            "",
        ),
        tests="tests/engine/test_safety.py::test_a_source_that_shrinks",
    ),
    bug(
        "shrinking-target",
        "A target that has lost most of its people is not unusual.",
        (
            "renkei.safety:shrinking",
            '("unusual_shrink_target", heads.there, heads.usual_there),',
            "",
        ),
        tests="tests/engine/test_day_limits.py::test_a_target_that_shrinks",
    ),
    bug(
        "allowed-target-stays-unusual",
        "What a person has allowed of a smaller target is unusual again the next day.",
        (
            "renkei.store.journal:_let_pass",
            '"usual_target": row["target_count"]',
            '"usual_target": None',
        ),
        tests="tests/engine/test_day_limits.py::test_a_target_that_shrinks",
    ),
    bug(
        "each-sync-a-day-of-its-own",
        "A schedule that is over the limit passes in two halves.",
        (
            "renkei.plan.unusual:Judging._judged",
            "today=self._written(run, today, today),",
            "today=(),",
        ),
        tests="tests/engine/test_day_limits.py::test_the_second_sync_of_a_day_is_stopped",
    ),
    bug(
        "day-of-greenwich",
        "The day of the limits begins at nine in Japan.",
        ("renkei.clock:span", "dt.time(), JST", "dt.time(), dt.UTC"),
        tests="tests/engine/test_day_limits.py::test_the_day_is_that_of_japan",
    ),
    bug(
        "corrected-twice-is-two",
        "Whoever is written twice in a day counts twice.",
        (
            "renkei.safety:judge",
            "of_the_day = now.people[kind] | before.people[kind]",
            "of_the_day = [*now.people[kind], *before.people[kind]]",
        ),
        tests="tests/engine/test_day_limits.py::test_whoever_is_changed_again_counts_once",
    ),
    bug(
        "allowed-people-take-room",
        "What a person has allowed stops the small syncs after it.",
        ("renkei.store.history:History.written", ", runs.c.allowed_by.is_(None)", ""),
        tests="tests/engine/test_day_limits.py::test_what_a_person_has_allowed_is_apart",
    ),
    bug(
        "one-day-for-both-directions",
        "What was written to one system stops the syncs to the other one.",
        (
            "renkei.store.history:History.written",
            "self._between(source, target), ",
            "self._of(runs), ",
        ),
        tests="tests/engine/test_day_limits.py::test_each_direction_has_a_day_of_its_own",
    ),
    bug(
        "refusals-take-room",
        "Whoever was refused takes somebody else's place.",
        ("renkei.store.history:History.written", ", effect)", ")"),
        tests="tests/engine/test_day_limits.py::test_a_write_counts_unless_it_had_no_effect",
    ),
    bug(
        "doubts-take-no-room",
        "A write in doubt does not count for the limits.",
        (
            "renkei.store.history:History.written",
            "sa.or_(writes.c.result.is_(None), writes.c.result.not_in(WITHOUT_EFFECT))",
            "writes.c.result.not_in(WITHOUT_EFFECT)",
        ),
        tests="tests/engine/test_day_limits.py::test_each_result_of_a_write_counts_or_not",
    ),
    bug(
        "otherwise-is-refused",
        "Somebody who reads otherwise after a lost answer counts as refused.",
        ("renkei.sync.doubt:Doubts._otherwise", "result=OTHERWISE", "result=None"),
        tests="tests/engine/test_day_limits.py"
        "::test_who_reads_otherwise_after_a_lost_answer_may_have_been_written",
    ),
    bug(
        "stopped-in-the-middle",
        "A run that goes on is stopped by its own people.",
        ("renkei.plan.unusual:Judging.must_allow", "self.standing.store.has_begun(run_id) or", ""),
        tests="tests/engine/test_day_limits.py::test_a_run_is_never_stopped_in_the_middle",
    ),
    bug(
        "judged-once",
        "A choice that was judged is not judged again, whatever has happened since.",
        ("renkei.plan.unusual:Permission.__call__", " or self._said[0] != mark", ""),
        tests="tests/engine/test_day_limits.py::test_a_permission_is_read_under_the_lease",
    ),
    bug(
        "judged-before-the-lease",
        "What others do right before a sync takes its lease does not count for the limits.",
        (
            "renkei.sync.run:Sync._lease",
            "allow=order.allow,",
            "allow=lambda: (False, None),",
        ),
        tests="tests/engine/test_day_limits.py::test_the_limits_are_judged_under_the_lease",
    ),
    bug(
        "coming-back-is-a-loss",
        "Whoever comes back counts as emptied.",
        ("renkei.safety:_lost", " if not _returns(change, roles)", ""),
        tests="tests/engine/test_boundaries.py"
        "::test_whoever_comes_back_is_not_emptied_but_for_another_value",
    ),
    bug(
        "coming-back-is-nothing",
        "Leaving that is taken away from many is not unusual.",
        (
            "renkei.safety:_kinds",
            "if not item.was_ahead and any(_returns(change, roles) for",
            "if False and any(1 for",
        ),
        tests="tests/engine/test_safety.py::test_few_may_come_back_at_once",
    ),
    bug(
        "first-registration-of-a-tenth",
        "A target that has a tenth of the people is taken for an empty one.",
        (
            "renkei.safety:_over",
            "heads.there * FIRST < heads.listed",
            "heads.there * FIRST <= heads.listed",
        ),
        tests="tests/engine/test_day_limits.py"
        "::test_a_target_with_less_than_a_tenth_is_only_being_filled",
    ),
    bug(
        "intake-without-an-end",
        "An announced intake holds after its last day, too.",
        ("renkei.safety:Expected.holds", "<= day <= self.to", "<= day"),
        tests="tests/engine/test_expected.py::test_it_holds_from_the_first_to_the_last_day",
    ),
    bug(
        "intake-from-the-second-day",
        "An announced intake does not hold on its first day.",
        ("renkei.safety:Expected.holds", "self.from_ <= day", "self.from_ < day"),
        tests="tests/engine/test_expected.py::test_it_holds_from_the_first_to_the_last_day",
    ),
    bug(
        "intake-on-each-day",
        "As many as were announced in all pass on each of the days.",
        (
            "renkei.plan.unusual:Judging._judged",
            "period=self._written(run, expected.from_, today) if expected else (),",
            "",
        ),
        tests="tests/engine/test_expected.py::test_the_people_of_all_its_days_are_counted",
    ),
    bug(
        "intake-without-a-number",
        "Whatever the number that was announced, all pass.",
        ("renkei.safety:_announced", "if count <= number:", "if True:"),
        tests="tests/engine/test_expected.py::test_one_more_than_announced_is_stopped",
    ),
    bug(
        "intake-unspoken-of",
        "The report does not say that an announcement let a run pass.",
        (
            "renkei.store.journal:_let_pass",
            'kept["expected"] = codec.remarks_out(expected)',
            "pass",
        ),
        tests="tests/engine/test_expected.py::test_an_intake_passes_and_the_run_says_why",
    ),
    bug(
        "intake-of-another-choice",
        "An announcement stays in the report of a choice that did not need it.",
        ("renkei.store.selections:Selections.choose", "expected=None,", ""),
        tests="tests/engine/test_expected.py::test_it_is_said_only_of_a_choice_that_needs_it",
    ),
    bug(
        "allowed-once-allowed-for-ever",
        "What a person has allowed holds for the next choice, too.",
        ("renkei.store.selections:Selections.choose", "allowed_by=None,", ""),
        tests="tests/engine/test_safety.py::test_allowing_is_for_one_choice_only",
    ),
    bug(
        "schedule-allows-the-unusual",
        "A schedule writes what is over the safety limits.",
        (
            "renkei_runner.run:run",
            "allow_unusual=allow_unusual",
            "allow_unusual=True",
        ),
        tests="tests/e2e/test_safety_limits.py::test_a_schedule_keeps_the_limits",
    ),
    bug(
        "yes-allows-the-unusual",
        "--yes also allows what is over the safety limits.",
        (
            "renkei_runner.sync:sync",
            "allow_unusual=allow_unusual,",
            "allow_unusual=allow_unusual or wanted.yes,",
        ),
        tests="tests/e2e/test_safety_limits.py::test_many_new_employees_wait_for_a_person",
    ),
)
