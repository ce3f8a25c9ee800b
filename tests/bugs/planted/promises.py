"""Bugs against what is promised of writes, accounts, files and the audit log."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "create-in-doubt-sent-at-once",
        "A create in doubt is sent again while the system may still be at work on it.",
        ("renkei.sync.doubt:Doubts._left_s", 'if write.kind != "create":', "if True:"),
        tests="tests/engine/test_apply.py::test_a_create_that_had_no_effect_is_sent_again_once",
    ),
    bug(
        "created-for-another-run",
        "A new run sends a create that the system may still be carrying out for the old one.",
        (
            "renkei.sync.doubt:Doubts.is_created_elsewhere",
            "return self._rest_s(number, self.elsewhere[number]) > 0",
            "return False",
        ),
        tests="tests/engine/test_stamps.py::test_a_new_run_waits_for_the_stamp_of_the_old_one",
    ),
    bug(
        "created-under-another-name",
        "A create that was lost under another name of the same account is forgotten.",
        (
            "renkei.store.history:History.created_elsewhere",
            'runs.c.target == row["target"], runs.c.target_account == row["target_account"]',
            'runs.c.target == row["target"]',
        ),
        tests="tests/engine/test_stamps.py::test_two_names_of_one_account_wait_for_each_other",
    ),
    bug(
        "stamp-of-the-intent",
        "A request that waited for room keeps the stamp of its intent.",
        (
            "renkei.store.hold:Hold.check",
            "writes and self._stamped[writes[0]].age_s() >= SENT_S",
            "False",
        ),
        tests="tests/engine/test_stamps.py::test_a_request_that_was_held_up_gets_a_new_stamp",
    ),
    bug(
        "stamp-of-the-future",
        "A stamp that a wrong clock has set ahead is taken at its word.",
        ("renkei.sync.doubt:Doubts._rest_s", "sent_at is None or age_s < 0", "sent_at is None"),
        tests="tests/engine/test_stamps.py"
        "::test_what_is_left_of_the_longest_request_is_waited_for[-86400-51]",
    ),
    bug(
        "no-stamp-is-an-old-one",
        "A write of 0.1.0, which has no stamp, counts as sent long ago.",
        ("renkei.sync.doubt:Doubts._rest_s", "if sent_at is None or age_s < 0", "if age_s < 0"),
        tests="tests/engine/test_stamps.py"
        "::test_what_is_left_of_the_longest_request_is_waited_for[None-51]",
    ),
    bug(
        "calendar-moves-the-wait",
        "RENKEI_NOW decides whether a create in doubt may be sent again.",
        (
            "renkei.sync.doubt:Doubts._rest_s",
            "self.recorder.clock.real_now()",
            "self.recorder.clock.now()",
        ),
        tests="tests/engine/test_stamps.py::test_the_calendar_does_not_move_the_wait[12]",
    ),
    bug(
        "lease-without-a-pulse",
        "The lease is not renewed while a request runs or something is waited for.",
        ("renkei.store.hold:Hold.__init__", "Pulse(self._renew)", "Pulse(lambda: None)"),
        tests="tests/engine/test_stamps.py::test_a_lease_lives_as_long_as_its_block",
    ),
    bug(
        "pulse-ends-with-one-error",
        "A store that is locked for a moment ends the signs of life.",
        ("renkei.store.hold:Pulse._beat", "continue  # in a moment", "return  # in a moment"),
        tests="tests/engine/test_stamps.py"
        "::test_a_pulse_outlives_a_store_that_cannot_be_written_for_a_moment[store]",
    ),
    bug(
        "dead-by-its-number-alone",
        "A process of before a restart is looked for by its number.",
        (
            "renkei.store.owner:Owner.is_here",
            "(self.boot, self.pids) == place",
            "self.pids == place[1]",
        ),
        tests="tests/engine/test_store.py::test_a_process_number_used_again_is_another_process",
    ),
    bug(
        "dead-in-our-namespace",
        "A process of another PID namespace is looked for in ours.",
        (
            "renkei.store.owner:Owner.is_here",
            "(self.boot, self.pids) == place",
            "self.boot == place[0]",
        ),
        tests="tests/engine/test_store.py::test_a_process_number_used_again_is_another_process",
    ),
    bug(
        "stamps-of-two-machines",
        "The sign of life of another machine is subtracted from our own clock.",
        (
            "renkei.store.owner:silent_s",
            "abs(beat() - last) if owner.shares_clock else now - seen.since",
            "abs(beat() - last)",
        ),
        tests="tests/engine/test_owner.py"
        "::test_who_cannot_be_seen_is_dead_after_twenty_silent_seconds[another machine]",
    ),
    bug(
        "lease-on-a-name",
        "Two names of one account are written to at the same time.",
        (
            "renkei.sync.run:Sync._open",
            "self.store.account(writer.connection.identity)",
            "run.target",
        ),
        tests="tests/engine/test_accounts.py"
        "::test_two_names_of_one_account_write_one_after_the_other",
    ),
    bug(
        "customers-of-one-address",
        "All customers of a system, who share its address, are one account.",
        ("renkei.http.connection:Connection.identity", "self.token.account if", "'' if"),
        tests="tests/engine/test_accounts.py"
        "::test_an_account_is_connector_address_and_token[token]",
    ),
    bug(
        "batch-blamed",
        "A batch that was refused as a whole fails all of its people.",
        ("renkei.sync.apply:Apply._is_of_batch", "if not is_refusal:", "if True:"),
        tests="tests/engine/test_batches.py"
        "::test_a_batch_that_is_refused_goes_one_by_one[RecordError]",
    ),
    bug(
        "file-overwritten",
        "What somebody has saved meanwhile is lost under a file that was read before.",
        ("renkei_csv.connector:CSV._replace", "path.read_bytes() != table.data", "False"),
        tests="tests/connectors/csv/test_table.py"
        "::test_a_file_that_has_changed_is_not_written[at the last moment]",
    ),
    bug(
        "file-made-unreadable",
        "A character is written with which the whole file is refused from then on.",
        ("renkei_csv.connector:CSV._cells", "lacking(text, table.encoding) is not None", "False"),
        tests="tests/connectors/csv/test_table.py"
        "::test_what_would_make_the_file_unreadable_is_not_written[\\uf8f0-cp932]",
    ),
    bug(
        "merged-is-empty",
        "Who shares a merged cell with others in a workbook has nothing in it.",
        ("renkei_csv.workbook:Workbook.require", "if touched and", "if False and"),
        tests="tests/connectors/xlsx/test_workbook.py"
        "::test_merged_cells_are_refused_where_they_are_read[B2:B3-merged in row 2, column 2]",
    ),
    bug(
        "japanese-dates-are-numbers",
        "A date of joining is a number of five digits: openpyxl knows English dates only.",
        ("renkei_csv.cells:_formats", '| dict.fromkeys(JAPANESE_DATES, "y")', ""),
        tests="tests/connectors/xlsx/test_workbook.py::test_a_cell_is_read_as_what_it_shows",
    ),
    bug(
        "workbook-defines",
        "A workbook of a kilobyte defines a text of gigabytes, and it is built.",
        ("renkei_csv.workbook:_Parts._refuse", "raise ValueError(", "str("),
        tests="tests/connectors/xlsx/test_workbook.py::test_a_small_file_does_not_become_huge",
    ),
    bug(
        "workbook-rows-twice",
        "A row that a workbook has twice moves everybody below it by one.",
        ("renkei_csv.workbook:Workbook._read", "not last < at <= MAX_ROWS", "at > MAX_ROWS"),
        tests="tests/connectors/xlsx/test_workbook.py"
        "::test_rows_that_are_not_in_order_are_no_sheet",
    ),
    bug(
        "rights-of-another-group",
        "A file of salaries is readable by another group once it was written.",
        ("renkei_csv.connector:_write", "mode &= 0o707", "pass"),
        tests="tests/connectors/csv/test_table.py"
        "::test_a_group_that_cannot_be_kept_takes_its_rights_with_it",
    ),
    bug(
        "changed-account-goes-on",
        "A connection that opens the account of another company is fetched all the same.",
        ("renkei.plan.whose:_after", "set(before.ids).isdisjoint(after.ids)", "False"),
        tests="tests/engine/test_whose.py"
        "::test_a_changed_account_is_refused_until_a_person_accepts_it",
    ),
    bug(
        "no-is-ignored",
        "Whoever says that two accounts are of two companies is not heard.",
        ("renkei.plan.whose:Whose.confirmed", "if not answer:", "if False:"),
        tests="tests/engine/test_whose.py::test_after_a_no_nothing_is_read_and_nothing_kept",
    ),
    bug(
        "unanswered-is-yes",
        "Where nobody can be asked an account counts as confirmed.",
        ("renkei.plan.whose:Whose.confirmed", "if answer is None:", "if False:"),
        tests="tests/engine/test_whose.py::test_where_nobody_can_be_asked_it_goes_on_unconfirmed",
    ),
    bug(
        "refused-and-asked-on",
        "A token that the system does not know is sent again, for the list.",
        ("renkei.plan.whose:told", "error.for_all", "False"),
        tests="tests/engine/test_whose.py::test_a_refused_token_ends_the_fetch_at_the_question",
    ),
    bug(
        "nicety-hammers",
        "A system that is in trouble at a question is asked for the list at once.",
        ("renkei.http.session:Session._perform", "retries.put_off(error)", "pass"),
        tests="tests/engine/test_http_session.py::test_what_is_asked_once_puts_off_what_comes_next",
    ),
    bug(
        "audit-chain-open",
        "A line of the audit log is hashed without the line before: whole lines can be swapped.",
        ("renkei.store.audit:hashed", "[before, *parts", '["", *parts'),
        tests="tests/engine/test_audit.py::test_any_single_change_is_found",
    ),
    bug(
        "audit-end-open",
        "Lines that are cut off at the end of the audit log are missed by nobody.",
        ("renkei.store.audit:checked", "if (number, last) != (end or (0, FIRST)):", "if False:"),
        tests="tests/engine/test_audit.py::test_any_single_change_is_found",
    ),
    bug(
        "audit-without-who",
        "A line does not vouch for who has done it.",
        ("renkei.store.audit:hashed", 'row["at"], row["who"]', 'row["at"]'),
        tests="tests/engine/test_audit.py::test_what_is_wrong_is_told_by_line",
    ),
    bug(
        "audit-optional",
        "Somebody logs in though the audit log cannot be written.",
        ("renkei_web.views.entrance:note_session", "        raise", "        return"),
        tests="tests/web/test_audit.py::test_what_cannot_be_noted_is_not_done",
    ),
    bug(
        "audit-tells-passwords",
        "What was typed in place of a name stands in the audit log.",
        (
            "renkei_web.views.entrance:log_in",
            "user = office.people.known(name)",
            "user = name",
        ),
        tests="tests/web/test_audit.py::test_log_ins_are_noted_and_what_was_typed_is_not",
    ),
    bug(
        "audit-any-fact",
        "Whatever a call hands over stands in the audit log.",
        (
            "renkei.store.audit:unknown",
            "set(facts) - set(ACTS[act].facts)",
            "set(ACTS[act].label[:0])",
        ),
        tests="tests/engine/test_audit.py::test_only_known_facts_can_be_noted",
    ),
    bug(
        "audit-line-lost",
        "A choice is stored though its line in the audit log is not.",
        ("renkei.store.database:Database._transaction", "if noted:", "if noted and self.is_older:"),
        tests="tests/engine/test_audit.py::test_each_step_of_a_run_has_its_line[sqlite]",
    ),
    bug(
        "asked-each-time",
        "Each fetch asks both systems whose accounts they are.",
        ("renkei.plan.whose:_look", "kept.account == account", "False"),
        tests="tests/engine/test_whose.py::test_a_system_is_asked_once_and_again_for_a_new_token",
    ),
    bug(
        "accepted-unseen",
        "A press on an old page accepts an account that nobody has seen.",
        ("renkei.runs.accounts:Accounts.accept", "if seen is not None and", "if False and"),
        tests="tests/engine/test_whose.py::test_only_the_account_that_was_shown_is_accepted",
    ),
    bug(
        "own-double",
        "Whoever is read twice by one look counts as two people.",
        ("renkei.sync.look:Look.at", "in by_id.values()", "in people"),
        tests="tests/engine/test_apply.py::test_who_is_told_twice_is_one_person",
    ),
    bug(
        "my-number-as-integer",
        "A My Number in a field of whole numbers goes through.",
        ("renkei.plugins.sieve:Sieve._withhold", "or type(value) is int", ""),
        tests="tests/engine/test_private.py::test_a_whole_number_counts_as_well[False]",
    ),
    bug(
        "my-number-at-a-glance",
        "Values of the right types are let through without a look for a My Number among numbers.",
        (
            "renkei.plugins.sieve:Wanted.are_plain",
            "any(looks_like_my_number(values[name]) for name in numbers)",
            "False",
        ),
        tests="tests/engine/test_private.py::test_a_whole_number_counts_as_well[False]",
    ),
    bug(
        "my-number-kept",
        "A My Number is blocked, and kept with the plan all the same.",
        ("renkei.plugins.sieve:Sieve._withhold", "values.pop(name, None)", "pass"),
        tests="tests/engine/test_private.py"
        "::test_a_value_that_looks_like_one_blocks_and_is_kept_nowhere[True-clinic]",
    ),
    bug(
        "gone-in-silence",
        "An optional pair whose field is gone is left out without a word.",
        ("renkei.mapping.check:_Check._pair_names", "or name in self._beyond(side).gone", ""),
        tests="tests/engine/test_own_fields.py"
        "::test_a_pair_whose_field_is_gone_is_a_mistake[, optional: true]",
    ),
    bug(
        "take-over-unsaid",
        "No report says that a lease was taken from a process that may live.",
        ("renkei.store.journal:Journal.begin_sync", "if from_another:", "if False:"),
        tests="tests/engine/test_owner.py"
        "::test_whoever_knows_better_takes_over_and_it_stands_in_the_report",
    ),
    bug(
        "blamed-at-once",
        "Somebody is failed before any write has shown that the system takes others.",
        ("renkei.sync.verdict:Verdict._defer", "Outcome.DEFERRED", "Outcome.FAILED"),
        tests="tests/engine/test_whose_fault.py::test_three_in_a_row_are_the_system[0]",
    ),
    bug(
        "system-blamed-for-one",
        "One employee whom the system refuses stops everybody behind.",
        ("renkei.sync.verdict:Verdict.refuse_system", "< IN_A_ROW", "< 1"),
        tests="tests/engine/test_whose_fault.py"
        "::test_one_who_is_refused_fails_alone_wherever_they_stand[2]",
    ),
    bug(
        "refused-in-their-place",
        "Whoever was refused stands in the same place of the next sync.",
        (
            "renkei.sync.apply:Apply.carry_out",
            "before.refused",
            "frozenset()",
        ),
        tests="tests/engine/test_whose_fault.py::test_those_who_were_refused_come_last[resume]",
    ),
    bug(
        "four-sendings",
        "One employee is sent four times in one sync.",
        ("renkei.sync.apply:Apply._may_send", "< SENDINGS", "< SENDINGS + 1"),
        tests="tests/engine/test_whose_fault.py::test_three_sendings_of_one_employee_at_most",
    ),
    bug(
        "outcome-is-a-beginning",
        "Whoever needed nothing counts as a beginning: the plan has no age any more.",
        (
            "renkei.store.views:begun",
            'connection.execute(_SENT, {"run": run_id})',
            (
                "connection.execute(sa.select(items.c.position)"
                ".where(items.c.run_id == run_id, items.c.outcome.is_not(None)))"
            ),
        ),
        tests="tests/engine/test_old_plans.py::test_who_needed_nothing_can_be_chosen_away",
    ),
    bug(
        "age-asked-while-waiting",
        "A sync that was told to wait is refused by the age of its plan.",
        (
            "renkei.sync.course:Course.follow",
            "self.systems.start_over()",
            (
                "self.systems.start_over()\n"
                "        halt = self._halt(self._start(run_id), retry_failed=False)"
            ),
        ),
        tests="tests/engine/test_boundaries.py::test_the_age_is_not_asked_inside_a_sync_that_waits",
    ),
    bug(
        "three-days-for-any-pause",
        "A run that paused for a refused token has three days.",
        ("renkei.plan.standing:Standing.hours_of", " and {*run.pauses, *reason} <= HELD_UP_BY", ""),
        tests="tests/engine/test_old_plans.py"
        "::test_a_paused_run_lasts_a_day_and_one_that_was_only_held_up_three",
    ),
    bug(
        "old-doubts-sent-again",
        "The rest of an expired run is sent after its doubts are settled.",
        ("renkei.sync.course:Course._order", "send=halt is None and", "send="),
        tests="tests/engine/test_old_plans.py::test_what_is_in_doubt_is_settled_in_an_old_run",
    ),
    bug(
        "source-not-read-again",
        "A late resume sends what was corrected in the source since.",
        ("renkei.sync.run:Sync._apply", "if send and before.has_begun:", "if False:"),
        tests="tests/engine/test_old_plans.py::test_a_late_resume_reads_the_source_again",
    ),
    bug(
        "changed-carried-over",
        "`fetch --again` chooses people for whom something has changed.",
        (
            "renkei.plan.again:_is_same",
            "(now.changes, now.reasons, now.notes) == (then.changes, then.reasons, then.notes)",
            "True",
        ),
        tests="tests/engine/test_old_plans.py"
        "::test_a_choice_is_carried_over_where_nothing_has_changed",
    ),
    bug(
        "values-not-carried-over",
        "`fetch --again` forgets the values that were chosen for new employees.",
        ("renkei.plan.again:carry_over", "if waiting[key].new_values", "if False"),
        tests="tests/engine/test_old_plans.py"
        "::test_a_choice_is_carried_over_where_nothing_has_changed",
    ),
    bug(
        "base-date-not-kept",
        "`fetch --again` compares as of today, whatever date a person had chosen.",
        (
            "renkei.runs.fetching:Fetching.again",
            "run.base_date if base_was_chosen(run) else None",
            "None",
        ),
        tests="tests/engine/test_old_plans.py::test_a_base_date_stays_if_a_person_chose_it",
    ),
    bug(
        "taken-at-its-word",
        "An answered write counts as done, whatever the system shows.",
        (
            "renkei.sync.apply:Apply._answered",
            "write=write, result=ANSWERED, answer_id=answer.id)",
            "write=write); return",
        ),
        tests="tests/engine/test_answers.py::test_a_swallowed_refusal_is_found_out",
    ),
    bug(
        "answered-not-journalled",
        "After a kill an answered write counts as lost, and is sent again.",
        (
            "renkei.sync.apply:Apply._answered",
            "self.recorder.record(item, done, write=write, result=ANSWERED, answer_id=answer.id)",
            "pass",
        ),
        tests="tests/engine/test_answers.py"
        "::test_an_answered_write_is_looked_at_after_a_kill_and_not_sent_again",
    ),
    bug(
        "stale-answer-is-a-failure",
        "What shows a moment later counts as not stored.",
        (
            "renkei.sync.doubt:Answers.confirm",
            "seen = self.look.at(self.refs)\n    self.see(seen)",
            "seen = self.look.at(self.refs)",
        ),
        tests="tests/engine/test_answers.py::test_a_person_who_only_shows_later_is_stored",
    ),
    bug(
        "changed-too-unnoticed",
        "A connector that empties what it was not asked to goes unnoticed.",
        ("renkei.sync.look:Look.changed_too", "if name in sent or", "if True or"),
        tests="tests/engine/test_answers.py::test_a_change_of_more_than_was_sent_is_found_out",
    ),
    bug(
        "retry-erases",
        "--retry-failed forgets what became of the try before.",
        (
            "renkei.store.journal:_forget_failed",
            'earlier=[*(row["earlier"] or []), last]',
            'earlier=row["earlier"]',
        ),
        tests="tests/engine/test_apply.py::test_a_retry_keeps_every_try_before_it",
    ),
    bug(
        "limit-one-too-low",
        "What is exactly at a safety limit is refused.",
        ("renkei.safety:judge", "len(of_the_day) <= limit", "len(of_the_day) < limit"),
        tests="tests/engine/test_boundaries.py::test_a_limit_passes_what_is_exactly_at_it",
    ),
)
