"""
The planted bugs: mistakes that programs of this kind are known to make.

Each is a story, the words of the source that it replaces, and the tests that must turn red. Take
the quickest tests that show the harm, one to three; all bugs together run in every CI run. A
process that a test starts anew is without the bug; one that it forks has it.
"""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

WRITING = (
    bug(
        "create-sent-again",
        "A create whose answer was lost is sent again at once.",
        ("renkei.http.session:Session._may_repeat", "request.idempotent or not doubt", "True"),
        tests="tests/engine/test_http_session.py::test_a_create_is_never_sent_twice",
    ),
    bug(
        "bad-gateway-did-nothing",
        "A create answered with 502 is taken for one that was not carried out.",
        ("renkei.http.session:_certain", "return error.nothing_done", "return True"),
        tests="tests/engine/test_http_session.py::test_a_create_is_never_sent_twice",
    ),
    bug(
        "limit-ends-a-doubt",
        "An update whose answer was lost counts as not sent, as its next try met a rate limit.",
        (
            "renkei.http.session:Session._perform",
            "raise InDoubtError(error) if doubt else error",
            "raise error",
        ),
        tests="tests/engine/test_http_session.py"
        "::test_an_update_stays_in_doubt_if_only_its_last_try_is_certain",
    ),
    bug(
        "doubt-is-a-failure",
        "A write in doubt is recorded as failed.",
        (
            "renkei.sync.apply:Apply._unknown",
            "item, Outcome.UNKNOWN, ",
            "item, Outcome.FAILED, ",
        ),
        tests="tests/engine/test_apply.py::test_a_create_whose_answer_was_lost_is_looked_up",
    ),
    bug(
        "no-wait-for-the-second-look",
        "A write in doubt is looked for twice at once: what shows late is sent again.",
        (
            "renkei.sync.doubt:Doubts.without_effect",
            'self.waits.pause(self.waits.settle_s, "settle")',
            "pass",
        ),
        tests="tests/engine/test_apply.py::test_a_create_that_had_no_effect_is_sent_again_once",
    ),
    bug(
        "looked-for-by-number-only",
        "A lost create from which the target left out the number is not found, and sent again.",
        (
            "renkei.sync.doubt:Doubts.without_effect",
            "self._with_number(self._late(self._absent(absent)))",
            "self._late(self._absent(absent))",
        ),
        tests="tests/e2e/test_lost_answers.py"
        "::test_a_lost_create_without_its_number_is_not_sent_again[garbage]",
    ),
    bug(
        "resume-sends-what-is-in-doubt",
        "After an interrupt a write in doubt is sent again before anybody has looked.",
        ("renkei.sync.apply:Apply.carry_out", "self.doubts.look_up()", "pass"),
        ("renkei.sync.apply:Apply._open", "if item.position not in waiting and", "if"),
        tests="tests/engine/test_apply.py::test_what_an_earlier_process_had_sent_was_created_by_us",
    ),
    bug(
        "intent-after-the-request",
        "The intent is committed when the request has already left.",
        (
            "renkei.sync.apply:Apply._request",
            "return Sending(",
            (
                "writer = self.look.writer\n    sent = type(writer).write(writer, [order])\n"
                "    writer.write = lambda _writes: sent\n    return Sending("
            ),
        ),
        tests="tests/engine/test_apply.py"
        "::test_a_process_that_dies_leaves_a_run_that_resumes[before intent-1]",
    ),
    bug(
        "outcome-before-the-request",
        "The outcome is committed before the request leaves.",
        (
            "renkei.sync.apply:Apply._leave",
            "self.doubts.sent(write)",
            (
                "done = Outcome.CREATED if sending.kind == 'create' else Outcome.UPDATED\n"
                "        self.recorder.record(sending.item, done, write=write)"
            ),
        ),
        tests="tests/engine/test_apply.py"
        "::test_a_process_that_dies_leaves_a_run_that_resumes[after send-1]",
    ),
    bug(
        "anybody-of-that-number-is-ours",
        "A create in doubt counts as done as soon as anybody carries the number.",
        (
            "renkei.sync.doubt:Doubts._settled_create",
            "len(hits) == 1 and self.look.equals(write.item, hits[0])",
            "hits",
        ),
        tests="tests/engine/test_apply.py"
        "::test_a_create_in_doubt_that_exists_with_other_values_is_failed",
    ),
    bug(
        "left-behind-when-one-came-through",
        "Whoever was refused before a lost answer stays behind in a run that is done.",
        ("renkei.sync.apply:Apply._refuse_system", "self._blame_people()", "self._row.clear()"),
        ("renkei.sync.run:Sync._final", "all(outcome in GOOD", "all(outcome is not Outcome.FAILED"),
        tests="tests/engine/test_whose_fault.py"
        "::test_whoever_was_tried_has_an_end[refused-refused-late]",
    ),
    bug(
        "no-look-before-a-create",
        "Nobody looks whether the employee has been created since the fetch.",
        (
            "renkei.sync.apply:Apply._create",
            "hits := seen.by_number.get(str(item.number), [])",
            "hits := []",
        ),
        tests="tests/engine/test_apply.py"
        "::test_a_person_created_by_somebody_else_meanwhile_is_not_created",
    ),
    bug(
        "whole-record-sent",
        "An update sends every value, not only those that differ.",
        (
            "renkei.sync.apply:Apply._update",
            "changes = {change.field: change.after for change in item.changes}",
            "changes = item.after",
        ),
        tests="tests/engine/test_runs.py::test_a_changed_employee_gets_only_what_differs",
    ),
    bug(
        "lost-update",
        "What somebody has changed since the fetch is overwritten.",
        (
            "renkei.sync.apply:Apply._update",
            "changed := self.look.changed(item, current)",
            "changed := ()",
        ),
        tests="tests/engine/test_runs.py::test_somebody_changed_since_the_fetch_is_not_overwritten",
    ),
    bug(
        "old-values-of-the-source",
        "A plan writes back what another run has meanwhile changed in its source.",
        ("renkei.sync.run:Sync._rewritten", "self.store.rewritten(run.id)", "frozenset()"),
        tests="tests/engine/test_runs.py"
        "::test_a_plan_whose_source_was_written_meanwhile_does_not_swap_values",
    ),
    bug(
        "vanished-choice",
        "A chosen value that is not offered any more is sent all the same.",
        (
            "renkei.sync.apply:Apply._create",
            "gone := vanished(item, self.offered)",
            "gone := None",
        ),
        tests="tests/engine/test_apply.py"
        "::test_a_choice_that_vanished_blocks_only_those_who_need_it",
    ),
    bug(
        "choice-by-code-alone",
        "A chosen code that means something else by now is sent all the same.",
        (
            "renkei.plan.choose:vanished",
            "offered.get(name, {}).get(choice.code) != choice.label",
            "choice.code not in offered.get(name, {})",
        ),
        tests="tests/engine/test_apply.py"
        "::test_a_choice_that_vanished_blocks_only_those_who_need_it",
    ),
    bug(
        "full-plan-is-one-refusal",
        "Every further create is sent although the system takes no more employees.",
        (
            "renkei.sync.apply:Apply._not_written",
            "self.recorder.no_creates = reason_of(error)",
            "pass",
        ),
        tests="tests/engine/test_apply.py::test_a_full_plan_stops_creates_and_not_updates",
    ),
    bug(
        "cancel-not-heard",
        "A process that syncs does not find out that its run was cancelled.",
        (
            "renkei.store.journal:Journal.intend",
            "if status == Status.CANCELLED:",
            "if False:",
        ),
        tests="tests/engine/test_apply.py"
        "::test_a_cancel_from_elsewhere_stops_after_the_employee_in_hand",
    ),
    bug(
        "retry-sends-what-was-accepted",
        "--retry-failed creates somebody again whom the system has accepted.",
        (
            "renkei.store.journal:_retriable",
            "items.c.position.not_in(accepted),",
            "",
        ),
        ("renkei.sync.run:Sync._no_creates", "if left_out else None", "if False else None"),
        tests="tests/engine/test_gaps_sync.py"
        "::test_who_was_accepted_without_a_number_is_not_created_again",
    ),
    bug(
        "nameless-created-by-the-next-run",
        "The next fetch finds somebody new who was accepted without the number.",
        (
            "renkei.plan.fetch:_unless_there",
            "if not is_new or item.number not in nameless:",
            "if True:",
        ),
        tests="tests/engine/test_apply.py"
        "::test_after_a_create_without_its_number_nobody_else_is_created",
    ),
    bug(
        "redirect-is-a-success",
        "A create that was answered with a redirect counts as done.",
        ("renkei.http.session:Session._understood", "if reply.status >= 300:", "if False:"),
        tests="tests/engine/test_http_session.py::test_a_redirected_write_is_in_doubt",
    ),
    bug(
        "answer-about-somebody-else",
        "Whoever SmartHR says it has created is taken for the one who was sent.",
        (
            "renkei_smarthr.client:Client.create",
            "if created.get(NUMBER) != values.get(NUMBER):",
            "if False:",
        ),
        tests="tests/connectors/smarthr/test_smarthr.py"
        "::test_an_answer_about_somebody_else_is_in_doubt",
    ),
    bug(
        "normalised-on-the-way",
        "Texts are normalised to NFC when they are written.",
        (
            "renkei.http.request:_encoded",
            "json.dumps(value, ensure_ascii=False, allow_nan=False)",
            (
                '__import__("unicodedata").normalize('
                '"NFC", json.dumps(value, ensure_ascii=False, allow_nan=False))'
            ),
        ),
        tests="tests/engine/test_http_session.py::test_text_is_sent_byte_for_byte",
    ),
)

STORE = (
    bug(
        "deferred-begin",
        "A writer begins as a reader, and fails at once when another one was quicker.",
        (
            "renkei.database.opening:_sqlite",
            '"begin immediate" if writes else "begin"',
            '"begin"',
        ),
        tests="tests/engine/test_gaps_store.py::test_a_writer_waits_for_the_one_before",
    ),
    bug(
        "intent-without-a-lease",
        "An intent is committed although another process has taken over.",
        ("renkei.store.journal:Journal.intend", "lease.renew(connection, held)", "pass"),
        tests="tests/engine/test_store.py::test_a_stolen_lease_stops_the_old_holder",
    ),
    bug(
        "slept-through-its-lease",
        "A process that slept does not look at its lease before the request leaves.",
        ("renkei.sync.run:Sync._open", "return taken[0].check", "return lambda: None"),
        tests="tests/e2e/test_gaps_lease.py::test_a_lease_lost_after_the_intent_sends_nothing",
    ),
    bug(
        "lease-for-ever",
        "The lease of a process on another machine never expires.",
        ("renkei.store.owner:is_alive", "and silent_s(owner, last, place) < LIFETIME_S", ""),
        tests="tests/engine/test_owner.py"
        "::test_who_cannot_be_seen_is_dead_after_twenty_silent_seconds[another machine]",
    ),
    bug(
        "lease-stolen-from-the-living",
        "A lease is taken although its process lives.",
        ("renkei.store.lease:acquire", "is_held(row)", "False"),
        tests="tests/engine/test_store.py::test_a_second_process_is_told_who_writes",
    ),
    bug(
        "any-process-of-that-number",
        "A dead process counts as alive once its number is in use again.",
        (
            "renkei.store.owner:Owner.is_dead",
            "return abs(_started(self.pid) - self.started) > 1.0",
            "return False",
        ),
        tests="tests/engine/test_store.py::test_a_process_number_used_again_is_another_process",
    ),
    bug(
        "ended-unnoticed",
        "A process that has ended keeps its lease until its parent asks for it.",
        (
            "renkei.store.owner:Owner.is_dead",
            "if psutil.Process(self.pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):",
            "if False:",
        ),
        tests="tests/engine/test_gaps_store.py::test_a_process_that_ended_unnoticed_keeps_no_lease",
    ),
    bug(
        "late-answer-wins",
        "An answer that comes after the lease was lost replaces what the successor has found.",
        ("renkei.store.journal:_record", '"held": held.token,', '"held": held.token + 1,'),
        tests="tests/engine/test_store.py"
        "::test_an_answer_that_comes_after_the_theft_is_still_recorded",
    ),
    bug(
        "open-to-everybody",
        "The store is created readable for everybody.",
        (
            "renkei.database.opening:_draft",
            "os.O_NOFOLLOW, 0o600))",
            "os.O_NOFOLLOW, 0o644))",
        ),
        ("renkei.database.opening:open_database", "path.chmod(0o600)", "pass"),
        tests="tests/engine/test_store.py::test_a_new_store_is_readable_by_its_owner_only",
    ),
    bug(
        "store-of-tomorrow",
        "A store that a newer renkei has made is used.",
        (
            "renkei.database.opening:revision_of",
            "if revision > schema.head:",
            "if False:",
        ),
        tests="tests/e2e/test_usage.py::test_a_store_that_cannot_be_used_is_left_alone[newer]",
    ),
    bug(
        "any-connection-is-a-pair",
        "A use without sides pairs the first connection of each kind, whatever company it is of.",
        ("renkei.config.pairs:_connection", "alone = len(same) == 1", "alone = len(same) >= 1"),
        tests="tests/engine/test_pairs.py::test_the_check_tells_of_pairs",
    ),
    bug(
        "pair-in-two-uses",
        "Of two uses of one pair the first one is used.",
        ("renkei.plan.pairing:Pairings._between", "== asked]", "== asked][:1]"),
        tests="tests/engine/test_pairs.py::test_a_pair_in_two_uses_is_refused_with_both_places",
    ),
    bug(
        "intent-in-a-file-that-is-gone",
        "A commit into a store that was deleted in that moment counts, and its request is sent.",
        (
            "renkei.store.database:Database._transaction",
            "is_older = False\n    self._refuse_another_file()",
            "is_older = False",
        ),
        tests="tests/engine/test_store_gone.py"
        "::test_a_commit_into_a_file_that_is_gone_does_not_count",
    ),
    bug(
        "older-copy-unnoticed",
        "A store that was overwritten by an older copy is written on as if nothing had happened.",
        ("renkei.store.database:Database._read_mark", "if mark < known:", "if False:"),
        tests="tests/engine/test_store_gone.py"
        "::test_nothing_is_sent_whose_intent_nobody_would_find[before-overwritten]",
    ),
    bug(
        "older-copy-forgotten",
        "Whom an older copy of the store has forgotten is created at once, and again.",
        (
            "renkei.store.journal:Journal._restored",
            "return connection.execute(query).scalars().all(), restored",
            "return (), None",
        ),
        tests="tests/engine/test_store_moves.py"
        "::test_an_older_copy_is_found_and_nobody_new_is_sent_too_early[sqlite]",
    ),
    bug(
        "nothing-locked-on-a-server",
        "On a server two transactions decide by what neither of them has locked.",
        ("renkei.store.database:locking", "query.with_for_update(key_share=True)", "query"),
        tests="tests/engine/test_store_server.py"
        "::test_a_choice_waits_for_the_sync_that_is_just_beginning",
    ),
    bug(
        "write-between-two-looks",
        "A fetch that sees a later write on a server never hears of an earlier one.",
        ("renkei.store.plans:Plans.journal_now", "settled=writes", ""),
        tests="tests/engine/test_store_server.py"
        "::test_a_fetch_knows_of_every_write_that_is_being_committed",
    ),
    bug(
        "moved-and-used",
        "A store that was moved is written on, and the two drift apart.",
        ("renkei.store.database:Database._refuse_moved", "if serial.MOVED in known:", "if False:"),
        tests="tests/engine/test_store_moves.py::test_a_moved_store_is_no_older_copy",
    ),
    bug(
        "recovery-code-twice",
        "On a server a recovery code that is given twice at once lets somebody in twice.",
        ("renkei_web.database:Database.writing", "self._be_the_one(connection)", "pass"),
        (
            "renkei_web.second_factor:take",
            "return db.execute(sa.delete(recovery_codes).where(*mine)).rowcount == 1",
            (
                "found = db.execute(sa.select(recovery_codes).where(*mine)).first();"
                " db.execute(sa.delete(recovery_codes).where(*mine)); return found is not None"
            ),
        ),
        tests="tests/web/test_dashboard_on_server.py"
        "::test_what_is_taken_once_is_taken_once[recovery]",
    ),
    bug(
        "two-writers-of-a-dashboard",
        "On a server two at once are let in by one link or code, or past the fifth try.",
        ("renkei_web.database:Database.writing", "self._be_the_one(connection)", "pass"),
        tests="tests/web/test_dashboard_on_server.py::test_what_is_taken_once_is_taken_once[app]",
    ),
    bug(
        "dashboard-begins-anew",
        "Where a store has moved without its people, the dashboard begins with nobody.",
        ("renkei_web.moving:refuse_left_behind", "if left is None:", "if left is left:"),
        tests="tests/web/test_dashboard_on_server.py"
        "::test_people_who_were_left_behind_are_told_and_taken_along",
    ),
    bug(
        "copied-unseen",
        "A store is moved although its copy is not like it.",
        ("renkei.database.copying:compare_rows", "if not same_rows", "if False and same_rows"),
        tests="tests/engine/test_store_moves.py"
        "::test_a_copy_that_fails_half_way_has_moved_nothing[compared]",
    ),
    bug(
        "every-command-makes-a-store",
        "A command that looks for a run makes an empty store where the old one is gone.",
        ("renkei.runs.ground:Ground.store", "create=False", "create=True"),
        tests="tests/engine/test_store_gone.py::test_only_a_fetch_makes_a_store_and_says_so",
    ),
    bug(
        "purge-leaves-names",
        "A purge leaves the names of those who were chosen.",
        ("renkei.store.purge:Purge._empty", 'name="", payload=None', "payload=None"),
        tests="tests/engine/test_store.py::test_a_purge_leaves_counts_and_outcomes_and_no_value",
    ),
    bug(
        "choice-of-somebody-else",
        "A choice that another operator has replaced is synced all the same.",
        (
            "renkei.store.journal:Journal.begin_sync",
            'selection and row["selection"] != codec.selection_out(selection)',
            "False",
        ),
        tests="tests/engine/test_safety.py::test_a_choice_made_in_the_meantime_is_not_synced",
    ),
)

READING = (
    bug(
        "shorter-wait-wins",
        "The last announced pause counts, though an earlier answer asked for a longer one.",
        (
            "renkei.http.pace:Pacer.hold",
            "max(self._held_until, self._clock.monotonic() + seconds)",
            "self._clock.monotonic() + seconds",
        ),
        tests="tests/engine/test_http_pace.py::test_the_longer_of_all_announced_waits_is_kept",
    ),
    bug(
        "first-announcement-wins",
        "Of Retry-After and the rate-limit headers of one refusal only the first one counts.",
        (
            "renkei.http.failure:announced_s",
            "return max((seconds for seconds in waits if seconds), default=None)",
            "return next((seconds for seconds in waits if seconds), None)",
        ),
        tests="tests/engine/test_http_pace.py"
        "::test_the_longer_of_what_one_refusal_announces_counts",
    ),
    bug(
        "one-more-than-allowed",
        "A window holds one request more than the limit.",
        (
            "renkei.http.pace:Pacer._full_s",
            "len(self._answered) < counted",
            "len(self._answered) <= counted",
        ),
        tests="tests/engine/test_http_pace.py::test_a_limit_is_used_up_and_not_exceeded",
    ),
    bug(
        "window-shorter-than-the-way",
        "A slot comes back as if every answer had taken no longer than the shortest: too early.",
        ("renkei.http.pace:Pacer._both_ways_s", "_LEAST * self._least_s", "2 * self._least_s"),
        tests="tests/engine/test_http_pace.py"
        "::test_no_window_holds_too_many_where_the_shortest_way_is_known",
    ),
    bug(
        "refused-at-the-same-pace",
        "A system that has refused a request for its limit is sent as many as before.",
        (
            "renkei.http.session:Session._refusal",
            'error.code == "rate_limit"',
            'error.code == "never"',
        ),
        tests="tests/engine/test_http_session.py"
        "::test_a_system_that_counts_otherwise_is_given_its_whole_window",
    ),
    bug(
        "short-list-is-the-whole",
        "A list with fewer people than its own total is compared.",
        (
            "renkei.http.paging:_Joined.is_whole",
            "return len(self.last_met) == self.total",
            "return True",
        ),
        tests="tests/engine/test_http_session.py::test_a_list_that_does_not_add_up_has_changed",
    ),
    bug(
        "moving-list-is-the-whole",
        "A list whose total changes from page to page is compared.",
        (
            "renkei.http.paging:_Joined.compare_total",
            "if self.total not in (None, total):",
            "if False:",
        ),
        tests="tests/engine/test_http_session.py::test_a_list_that_does_not_add_up_has_changed",
    ),
    bug(
        "unstable-pages-read-once",
        "People who stand on another page each time are missed for good.",
        (
            "renkei.http.paging:read_pages",
            "if not walk.repeated or joined.is_too_much():",
            "if True:",
        ),
        tests="tests/engine/test_http_session.py"
        "::test_pages_without_a_fixed_order_are_joined_until_all_are_there",
    ),
    bug(
        "empty-page-is-the-end",
        "A page that lost all its rows ends the list, though it links on.",
        (
            "renkei.http.paging:_Walk._goes_on",
            "return linked and not complete and self._empty < EMPTY_PAGES",
            "return False",
        ),
        tests="tests/engine/test_http_session.py::test_an_empty_page_that_links_on_is_not_the_end",
    ),
    bug(
        "first-gzip-member-only",
        "What follows the first part of a packed answer is left out.",
        (
            "renkei.http.wire:Reply._unpacked",
            "unpack.unconsumed_tail or unpack.unused_data",
            "unpack.unconsumed_tail",
        ),
        tests="tests/engine/test_http_session.py::test_all_members_of_a_packed_answer_are_read",
    ),
    bug(
        "label-decides",
        "JSON that calls itself a web page is refused.",
        (
            "renkei.http.decode:is_web_page",
            "(labelled and first not in _OURS)",
            "labelled",
        ),
        tests="tests/engine/test_http_session.py::test_json_is_json_whatever_its_label",
    ),
    bug(
        "unclear-is-nobody",
        "Code 100 for a number means that nobody has it: they are created again.",
        (
            "renkei_touchontime.connector:TouchOnTime._find_singly",
            "return None  # a dead token will refuse the list as well",
            "return found",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_a_refusal_that_may_mean_nobody_is_settled_by_the_list",
    ),
    bug(
        "no-gender-is-odd",
        "Touch On Time's word for no gender blocks the employee.",
        ("renkei.http.values:_text", "if raw in _NOTHING_CHOSEN:", "if False:"),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_a_gender_that_nobody_has_chosen_is_empty",
    ),
    bug(
        "bare-answer-is-empty",
        "What the short answer to a write leaves out is taken for empty.",
        (
            "renkei_touchontime.records:answered",
            "whole = not _ADDITIONAL.isdisjoint(answer)",
            "whole = True",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_a_bare_answer_tells_nothing_about_the_rest",
    ),
    bug(
        "cut-list-is-the-whole",
        "A list that is cut off in the middle is compared.",
        (
            "renkei.http.session:Session._elements",
            "except CutOff:\n        raise cut_off(self.name) from None",
            "except CutOff:\n        return",
        ),
        tests="tests/engine/test_http_session.py::test_a_stream_that_ends_early_raises",
    ),
    bug(
        "missing-is-gone",
        "Whoever a list of SmartHR leaves out counts as gone, without asking for them.",
        ("renkei_smarthr.client:Client.crews_by_id", "for identity in missing:", "for _ in ():"),
        tests="tests/connectors/smarthr/test_gaps_smarthr.py"
        "::test_whom_a_list_leaves_out_is_asked_for_directly",
    ),
    bug(
        "future-hires-are-new",
        "Whoever Touch On Time shows only at a later date is created again.",
        (
            "renkei_touchontime.connector:TouchOnTime._days",
            "return (at, last) if at < last else (at,)",
            "return (at,)",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_one_call_lists_everybody_and_another_future_hires",
    ),
    bug(
        "same-page-for-ever",
        "A system that sends the same page whatever it is asked for is read without end.",
        ("renkei.http.lists:_Heard.new", "self._refuse_endless(known)", "pass"),
        tests="tests/engine/test_http_lists.py::test_a_system_that_never_comes_to_an_end_is_left",
    ),
    bug(
        "link-followed",
        "The next page is asked for where the answer says, token included.",
        (
            "renkei.http.lists:Lists._asking",
            "    return lambda page: self.get(*path, query={**(query or {}), **page})",
            (
                "    def ask(page):\n"
                '        said = vars(self).get("_said", "") if page["page"] != "1" else ""\n'
                '        if link := __import__("re").search("<(.+?)>", said):\n'
                "            from renkei.http.request import Request\n"
                '            request = Request(method="GET", url=link[1])\n'
                "            answer = self._perform(request, self._answer)\n"
                "        else:\n"
                "            answer = self.get(*path, query={**(query or {}), **page})\n"
                '        vars(self)["_said"] = answer.headers.get("link", "")\n'
                "        return answer\n"
                "    return ask"
            ),
        ),
        tests="tests/engine/test_http_session.py::test_pages_are_read_to_the_end[True-True]",
    ),
    bug(
        "silence-of-a-proxy-is-a-doubt",
        "A create that a silent proxy never let out is told as one in doubt.",
        (
            "renkei.http.departure:Departure.never_left",
            'self.place != "left" or isinstance(error, NEVER_LEFT)',
            "isinstance(error, NEVER_LEFT)",
        ),
        tests="tests/engine/test_http_network.py"
        "::test_what_a_proxy_does_not_let_out_was_never_sent[silent]",
    ),
    bug(
        "what-left-through-a-proxy-is-certain",
        "A create whose answer was lost behind a proxy counts as never sent.",
        ("renkei.http.departure:Departure.__call__", 'self.place = "left"', "pass"),
        tests="tests/engine/test_http_network.py"
        "::test_a_create_that_left_through_the_proxy_is_in_doubt",
    ),
    bug(
        "proxy-for-this-computer",
        "A system on this computer is asked for at the company's proxy, token and all.",
        (
            "renkei.http.network:Network.towards",
            'evolve(self, proxy=None) if leads_back(urlsplit(url).hostname or "") else self',
            "self",
        ),
        tests="tests/engine/test_http_network.py"
        "::test_this_computer_is_never_reached_through_the_proxy[localhost]",
    ),
    bug(
        "name-that-cannot-be-printed",
        "A name that the terminal's encoding lacks ends a command after its writes.",
        ("renkei_runner.main:run", "forgive(sys.stdout, sys.stderr)", "pass"),
        tests="tests/runner/test_encodings.py::test_a_rare_name_is_printed[cp932]",
    ),
    bug(
        "guessing-shuts-out-who-is-known",
        "A browser in which somebody has logged in waits for what others try at its address.",
        (
            "renkei_web.tries:Tries.place",
            "if _is_there(db, sa.select(browsers).where(theirs, browsers.c.at > since)):",
            "if False:",
        ),
        tests="tests/web/test_accounts.py"
        "::test_a_known_browser_gets_in_while_somebody_guesses_at_its_address",
    ),
    bug(
        "half-requests-shut-out-others",
        "One connection too many is closed, whoever it is, while the silent ones stay.",
        (
            "renkei_web.line:Line._make_room",
            "missed_least.transport.abort()",
            "self.transport.abort()",
        ),
        tests="tests/web/test_line.py::test_connections_are_counted",
    ),
    bug(
        "redirect-followed",
        "A request goes on to wherever an answer sends it.",
        ("renkei.http.wire:Wire.__init__", "follow_redirects=False", "follow_redirects=True"),
        tests="tests/engine/test_http_session.py::test_redirects_are_not_followed",
    ),
    bug(
        "reset-is-an-epoch",
        "The seconds until a limit is reset are read as an instant, which is long over.",
        (
            "renkei_smarthr.client:rooms",
            'reset_s=said["reset"]',
            'reset_s=said["reset"] - __import__("time").time()',
        ),
        tests="tests/connectors/smarthr/test_smarthr.py"
        "::test_every_family_of_limit_headers_is_read",
    ),
    bug(
        "closed-is-a-wrong-token",
        "Every 403 of Touch On Time is a wrong token, the closed hours too.",
        (
            "renkei_touchontime.client:Client._classify",
            "if _CLOSED in codes:",
            (
                "if failure.status == 403:\n"
                "        return _no_access(failure)\n"
                "    if _CLOSED in codes:"
            ),
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_the_closed_band_is_told_by_its_code",
    ),
    bug(
        "code-as-text-not-read",
        "The flat kind of error of Touch On Time, its code a text, is not understood.",
        (
            "renkei_touchontime.client:_codes",
            "yield int(text)",
            "continue",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py::test_limits_did_nothing",
    ),
    bug(
        "closed-hours-not-kept",
        "Requests are sent in closed hours.",
        (
            "renkei.http.connection:Connection.check_open",
            "if opens := hours.reopening(now):",
            "if opens := None:",
        ),
        tests="tests/engine/test_http_session.py::test_closed_hours_stop_every_request",
    ),
    bug(
        "fetch-may-write",
        "A connection for reading sends writes.",
        (
            "renkei.http.connection:Connection._refuse_writing",
            "if self.read_only:",
            "if False:",
        ),
        tests="tests/engine/test_http_session.py::test_reading_connections_refuse_writes",
    ),
    bug(
        "any-version-overwritten",
        "A change by SCIM is sent whatever version the account has by now.",
        (
            "renkei_scim.client:Client.update",
            '**({"If-Match": version} if version else {})',
            "**{}",
        ),
        tests="tests/connectors/scim/test_scim.py"
        "::test_who_was_changed_meanwhile_is_not_overwritten",
    ),
    bug(
        "other-addresses-lost",
        "An update by SCIM drops the further addresses of an account.",
        ("renkei_scim.records:_replaced", "if _text(each) != first]", "if False]"),
        tests="tests/connectors/scim/test_scim.py"
        "::test_the_primary_address_is_synced_and_the_others_stay",
    ),
    bug(
        "no-filter-is-nobody",
        "Where a service knows no filters, everybody is called nobody, and created again.",
        (
            "renkei_scim.connector:SCIM._with_numbers",
            "found = list(self._client.everybody())",
            "found = []",
        ),
        tests="tests/connectors/scim/test_scim.py::test_without_filters_the_whole_list_is_read",
    ),
    bug(
        "twice-by-an-ignored-filter",
        "Where a service ignores filters, one account is taken for several of one number.",
        (
            "renkei_scim.connector:SCIM.read_employees",
            "yield from {person.id: person for person in people}.values()",
            "yield from people",
        ),
        tests="tests/connectors/scim/test_scim.py"
        "::test_where_a_filter_is_ignored_nobody_comes_twice",
    ),
    bug(
        "odd-version-stops-all",
        "The odd version of one account ends a whole sync by SCIM.",
        (
            "renkei_scim.records:_version",
            "version if version.isascii() and version.isprintable() else None",
            "version",
        ),
        tests="tests/connectors/scim/test_scim.py::test_a_version_that_cannot_be_sent_back_is_none",
    ),
    bug(
        "closed-account-opened",
        "An account that somebody has closed on purpose is opened again by a schedule.",
        (
            "renkei.plan.draft:Draft._note_partner",
            'elif roles.get("employed") is False and "employed" in mapped.values():',
            "elif False:",
        ),
        tests="tests/engine/test_employed.py"
        "::test_an_account_that_somebody_closed_is_not_opened_by_a_schedule",
    ),
    bug(
        "closing-everybody-is-usual",
        "Setting the accounts of all inactive is over no safety limit.",
        ("renkei.safety:leaves", "return change.after is False", "return False"),
        tests="tests/engine/test_employed.py"
        "::test_accounts_that_are_closed_and_opened_count_as_people_who_leave_and_return",
    ),
    bug(
        "refresh-token-twice",
        "Two processes use one refresh token: the second locks both out.",
        (
            "renkei.store.vault:_Kept.take_turn",
            "if taken is None or (taken != value and is_inside(turn, taken)):",
            "if False:",
        ),
        tests="tests/engine/test_oauth.py::test_two_connections_use_a_refresh_token_once",
    ),
    bug(
        "renewed-for-ever",
        "A token that is refused is renewed again and again.",
        ("renkei.http.session:Session._perform", "renewed = True", "renewed = False"),
        tests="tests/engine/test_oauth.py::test_a_right_that_is_missing_ends_after_one_more_try",
    ),
    bug(
        "next-refresh-token-lost",
        "The next refresh token is dropped with an access token that cannot be used: locked out.",
        (
            "renkei.http.oauth:AccessToken._renewed",
            "slot.write(tokens)",
            "self._usable(connection, said, tokens)",
        ),
        tests="tests/engine/test_oauth.py"
        "::test_the_next_refresh_token_is_kept_whatever_is_wrong_beside_it",
    ),
    bug(
        "basic-authentication-shown",
        "A token that is quoted in the Base64 of a header, behind a user name, is shown.",
        ("renkei.http.secret:_in_base64", "for before in range(3):", "for before in ():"),
        tests="tests/engine/test_http_session.py"
        "::test_a_token_is_hidden_as_a_part_of_basic_authentication",
    ),
    bug(
        "query-in-trace",
        "What stands alone in the query of an address is written to the trace: a key, a number.",
        ("renkei.http.trace:_shown", 'if "=" in part', "if part"),
        tests="tests/engine/test_http_trace.py::test_of_a_query_only_names_are_shown",
    ),
    bug(
        "token-endpoint-not-spared",
        "A token endpoint that asks for a pause is asked again at once.",
        (
            "renkei.http.session:Session._perform",
            "connection.wait_while_held()",
            "connection.check_open()",
        ),
        tests="tests/engine/test_oauth.py::test_a_wait_that_the_endpoint_asks_for_is_waited_for",
    ),
    bug(
        "any-post-may-read",
        "A connector that only reads may send a POST to any path, as a search.",
        ("renkei.http.session:Session.search", "if path not in self._reads:", "if False:"),
        tests="tests/engine/test_http_session.py::test_no_other_path_is_searched",
    ),
    bug(
        "last-key-wins",
        "Of two values for one key in an answer the last is taken.",
        ("renkei.http.decode:_unique", "if len(result) != len(pairs):", "if False:"),
        tests="tests/engine/test_http_decode.py::test_what_strict_json_does_not_have_is_refused",
    ),
    bug(
        "bomb-unpacked",
        "A small answer that unpacks into a huge one is read to its end.",
        (
            "renkei.http.wire:Reply.chunks",
            "if max(received, self._response.num_bytes_downloaded) > max_bytes:",
            "if False:",
        ),
        tests="tests/engine/test_http_session.py"
        "::test_a_small_answer_that_unpacks_into_a_huge_one_is_stopped",
    ),
    bug(
        "later-records-unlimited",
        "Only the first record of a list is held against the cap.",
        ("renkei.http.decode:_Text.objects", "(end - start) * 4 > self._cap or ", ""),
        tests="tests/engine/test_http_decode.py::test_later_records_have_the_limits_of_the_first",
    ),
    bug(
        "later-records-endlessly-deep",
        "Only the first record of a list is held against the limit of nesting.",
        (
            "renkei.http.decode:_Text.objects",
            "or _brackets(self._buffer, start, end) > MAX_DEPTH",
            "",
        ),
        tests="tests/engine/test_http_decode.py::test_later_records_have_the_limits_of_the_first",
    ),
    bug(
        "no-deadline-for-a-call",
        "A time limit is for the next byte, not for the whole call.",
        ("renkei.http.wire:Reply._raw", "if self.deadline.left_s() <= 0:", "if False:"),
        tests="tests/engine/test_gaps_http.py::test_no_answer_may_drip_for_ever",
    ),
)

COMPARING = (
    bug(
        "absent-is-empty",
        "What SmartHR does not show counts as empty.",
        (
            "renkei.http.records:Records.__init__",
            'ABSENT if absent == "unknown" else None',
            "None",
        ),
        tests="tests/connectors/smarthr/test_smarthr.py::test_a_key_that_is_absent_is_unknown",
    ),
    bug(
        "empty-overwrites",
        "What is empty in the source empties the target, although the mapping says keep.",
        (
            "renkei.mapping.translate:Translation.translate",
            'if value is not None or row.empty == "clear":',
            "if True:",
        ),
        tests="tests/engine/test_mapping_translate.py::test_empty_leaves_the_target_alone",
    ),
    bug(
        "way-back-rewrites",
        "What a table has made one value of several is written back over the source: 101 is 100.",
        (
            "renkei.mapping.translate:Translation.agrees",
            "or self._comes_back(row, ours, target)",
            "or False",
        ),
        tests="tests/engine/test_agreement.py::test_the_way_back_rewrites_nothing_that_agrees",
    ),
    bug(
        "clear-without-tables",
        "What is to be emptied stays where the values of the field are in a table.",
        (
            "renkei.mapping.translate:Translation.translate",
            'or row.empty == "clear"',
            'or (row.empty == "clear" and row.values is None)',
        ),
        tests="tests/engine/test_mapping_translate.py::test_clear_holds_for_a_table_too",
    ),
    bug(
        "first-stand-in-wins",
        "Of two values that stand in for one the first counts, not the last.",
        (
            "renkei.mapping.translate:Translation._stand_ins",
            "stand_ins.update(each.fields)",
            "stand_ins = {**each.fields, **stand_ins}",
        ),
        tests="tests/engine/test_mapping_translate.py"
        "::test_of_two_stand_ins_the_last_one_that_is_filled_counts",
    ),
    bug(
        "addresses-lost",
        "Of a list of addresses only the one that is replaced is kept.",
        (
            "renkei_touchontime.records:_addresses",
            "*emails[1:]",
            "*emails[:0]",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py::test_only_the_first_address_changes",
    ),
    bug(
        "new-without-what-is-needed",
        "Somebody new is sent without a field that the target needs and nothing fills.",
        (
            "renkei.plan.unfilled:blocked_if_unfilled",
            "or not fields()",
            "or True",
        ),
        tests="tests/engine/test_agreement.py::test_who_is_new_is_blocked_by_what_nothing_fills",
    ),
    bug(
        "kanji-folded",
        "Rare kanji count as their common forms.",
        (
            "renkei.text:width",
            "_full_width_kana(text.translate(_ASCII))",
            'unicodedata.normalize("NFKC", text)',
        ),
        tests="tests/engine/test_compare.py::test_kanji_case_and_inner_spaces_count",
    ),
    bug(
        "near-number-created",
        "Somebody is created whose number is there in another width or with other zeros.",
        (
            "renkei.plan.draft:Draft.note_near",
            "if in_target and not self._partners:",
            "if False:",
        ),
        tests="tests/engine/test_compare.py::test_a_near_number_blocks",
    ),
    bug(
        "shared-number-of-the-source",
        "Of two in the source with one number, both are synced.",
        ("renkei.plan.draft:Draft.note_numbers", "if not alone:", "if False:"),
        tests="tests/engine/test_compare.py::test_a_number_twice_in_the_source_blocks_both",
    ),
    bug(
        "shared-number-of-the-target",
        "Of two in the target with one number, the first is taken.",
        ("renkei.plan.draft:Draft.note_numbers", "if self._partners > 1:", "if False:"),
        tests="tests/engine/test_compare.py::test_a_number_twice_in_the_target_blocks",
    ),
    bug(
        "number-used-again",
        "Whoever carries the number is the same person, whatever the name and birth date.",
        ("renkei.identity.crowd:Crowds.judge", "if ruling is Ruling.BLOCK:", "if False:"),
        tests="tests/engine/test_identity.py::test_a_number_is_still_somebodys_or_not",
    ),
    bug(
        "mail-lifts-what-it-may-not",
        "An address that others have too is proof enough.",
        (
            "renkei.identity.crowd:Crowds._is_theirs_alone",
            "return any(",
            "return bool(shared) or any(",
        ),
        tests="tests/engine/test_identity.py"
        "::test_one_address_of_their_own_lifts_a_star_and_nothing_else",
    ),
    bug(
        "elsewhere-unseen",
        "The next one's number is taken for this one's, although the target has both.",
        ("renkei.identity.crowd:Crowds.judge", "if like.is_suspicious else ()", "if False else ()"),
        tests="tests/engine/test_identity.py"
        "::test_who_is_elsewhere_in_the_target_is_not_this_number",
    ),
    bug(
        "twin-created",
        "Somebody who is there without a number is created a second time.",
        ("renkei.identity.crowd:Crowds._is_free", "return True", "return False"),
        tests="tests/engine/test_identity.py::test_somebody_new_may_be_there_already",
    ),
    bug(
        "number-given-away",
        "Who lost the number to somebody else and got a new one is created a second time.",
        (
            "renkei.identity.crowd:Crowds._is_free",
            "not self._is_in_source(number) or moved",
            "not self._is_in_source(number)",
        ),
        tests="tests/engine/test_identity.py"
        "::test_who_lost_the_number_to_somebody_else_may_be_the_new_one",
    ),
    bug(
        "joined-after-leaving",
        "A date of joining is written beside the old date of leaving.",
        (
            "renkei.plan.draft:Draft._completed",
            "return (*others, Change(left.name, self._partner.values[left.name], None))",
            "return changes",
        ),
        tests="tests/e2e/test_right_person.py"
        "::test_who_comes_back_under_the_same_number_loses_the_old_date[to_smarthr]",
    ),
    bug(
        "looked-at-by-nobody",
        "Whoever has to be looked at first goes with all the others.",
        ("renkei.plan.choose:is_among", "(selection.look_first or not entry.look_first)", "True"),
        tests="tests/e2e/test_right_person.py"
        "::test_who_must_be_looked_at_first_is_left_for_a_person[to_touchontime]",
    ),
    bug(
        "release-for-ever",
        "A release holds whatever becomes of the two records.",
        ("renkei.plan.release:Serving._now", "if changed:", "if False:"),
        tests="tests/e2e/test_right_person.py::test_a_release_ends_with_what_was_shown[to_touchontime]",
    ),
    bug(
        "release-of-a-token",
        "With a new token all releases are forgotten.",
        (
            "renkei.store.releases:Place.is_same",
            "self.connection == other.connection or ",
            "",
        ),
        tests="tests/e2e/test_right_person.py::test_a_release_outlives_a_new_token[to_touchontime]",
    ),
    bug(
        "release-replaces-a-choice",
        "Whoever releases somebody loses the choice that was made before.",
        (
            "renkei_runner.sync:sync",
            "None if wanted.chosen or wanted.excluded else runs.selection(run_id)",
            "None",
        ),
        tests="tests/e2e/test_right_person.py"
        "::test_a_release_adds_to_a_choice_and_replaces_none[to_touchontime]",
    ),
    bug(
        "own-writes-end-a-release",
        "What renkei wrote itself counts as a change of the record.",
        (
            "renkei.plan.release:Serving._now",
            "map(shown.digest, written.get(name, ()))",
            "()",
        ),
        tests="tests/e2e/test_right_person.py::test_what_renkei_wrote_itself_ends_no_release[to_touchontime]",
    ),
    bug(
        "moved-numbers-are-sent",
        "A plan in which the numbers have moved is synced like any other.",
        (
            "renkei.plan.unusual:Judging.of",
            "unusual=(*halts, *judged.unusual)",
            "unusual=judged.unusual",
        ),
        tests="tests/e2e/test_right_person.py::test_renumbered_people_halt_the_plan[to_touchontime]",
    ),
    bug(
        "leaver-of-a-used-number",
        "The date of leaving of the one before is written to whoever has the number now.",
        (
            "renkei.plan.listing:Listing._leaver",
            "if self._count(number, self._is_on_roll):",
            "if False:",
        ),
        tests="tests/e2e/test_right_person.py"
        "::test_a_leaver_whose_number_is_used_again_is_left_alone[to_touchontime]",
    ),
    bug(
        "joiner-every-night",
        "Who was created ahead and is not shown yet is created every night.",
        ("renkei.plan.listing:Listing._may_join", "or person.id in self.created", ""),
        tests="tests/e2e/test_right_person.py::test_a_joiner_is_registered_ahead_once[to_touchontime-1-True]",
    ),
    bug(
        "leaver-in-doubt-untold",
        "A date of leaving that waits for a person to look is told to nobody.",
        ("renkei.plan.listing:Listing._leaver", "self.unsure.append(number)", "pass"),
        tests="tests/e2e/test_right_person.py"
        "::test_a_leaver_who_may_be_somebody_else_is_told[to_touchontime]",
    ),
    bug(
        "glance-without-stand-ins",
        "Whoever has a business name is the same only if the legal one is in the target.",
        (
            "renkei.plan.glance:Glance._way",
            "stand_ins.update(each.fields)",
            "pass",
        ),
        tests="tests/engine/test_agreement.py::test_a_change_still_goes_out",
    ),
    bug(
        "glance-past-an-empty-field",
        "Whatever the target has where the source is empty and clears it stays there.",
        (
            "renkei.plan.glance:Glance._way",
            'if row.empty == "keep"',
            "if row",
        ),
        tests="tests/engine/test_plain.py"
        "::test_a_glance_tells_as_much_of_whoever_says_something_odd",
    ),
    bug(
        "glance-past-a-blank",
        "A name of spaces alone is the same as one of spaces alone.",
        ("renkei.plan.glance:Glance._unsaid", "_MAYBE_BLANK.search", "(lambda _texts: None)"),
        tests="tests/engine/test_plain.py"
        "::test_a_glance_tells_as_much_of_whoever_says_something_odd",
    ),
    bug(
        "glance-past-a-future-day",
        "Whoever is hired next month is on the roll of today if both say so.",
        ("renkei.plan.glance:_Who.are_employed", "day > self.base", "False"),
        tests="tests/engine/test_plain.py"
        "::test_a_glance_tells_as_much_of_whoever_says_something_odd",
    ),
    bug(
        "stored-once-for-both",
        "Of two people who are stored once the target has what the source has, whatever it says.",
        (
            "renkei.store.codec:_alike_out",
            "[before[place] for place in fields.copies_in]",
            "[read[place] for place in fields.copied]",
        ),
        tests="tests/engine/test_plain.py",
    ),
    bug(
        "address-in-two-hands",
        "Who takes an address flies beside who gives it up.",
        (
            "renkei.sync.flight:Claims.collide",
            "or self.gives & other.takes or self.takes & other.gives",
            "",
        ),
        tests="tests/engine/test_flight.py"
        "::test_an_address_that_is_handed_on_never_flies_with_itself",
    ),
    bug(
        "first-ones-together",
        "Many new employees leave before a look has shown that the first one was stored.",
        ("renkei.sync.apply:Apply._is_barred", "first and any(", "False and any("),
        tests="tests/engine/test_flight.py::test_the_first_new_employee_flies_alone",
    ),
    bug(
        "others-not-waited-for",
        "After a refusal that may be the system's others leave before all are back.",
        (
            "renkei.sync.apply:Apply._land",
            "while odd and self._flight:",
            "while False:",
        ),
        tests="tests/engine/test_flight.py::test_nothing_leaves_after_what_may_be_the_system",
    ),
    bug(
        "forgotten-in-flight",
        "What is in flight when a sync ends is not recorded.",
        ("renkei.sync.apply:Apply._land_rest", "while self._flight and", "while False and"),
        tests="tests/engine/test_flight.py"
        "::test_whatever_ends_the_sync_those_in_flight_are_recorded",
    ),
    bug(
        "outcomes-held-back",
        "Outcomes wait for the next intents, however long nobody follows.",
        ("renkei.sync.apply:Apply._write", "self.recorder.flush()", "pass"),
        tests="tests/engine/test_flight.py::test_an_interrupt_lets_those_in_flight_finish",
    ),
    bug(
        "taken-beside-a-refusal",
        "A write that left before a refusal was back tells that it was about the person.",
        (
            "renkei.sync.apply:Apply._land",
            "odd += self._settle_taken(self._flight.take())",
            "odd += self._flight.take()",
        ),
        tests="tests/engine/test_flight.py::test_a_system_that_is_gone_in_the_middle_blames_nobody",
    ),
    bug(
        "more-than-promised",
        "A connector that was promised fifty people at a time is asked for all.",
        ("renkei.plugins.facade:Reader.at_once", "else BATCH", "else AT_ONCE"),
        tests="tests/engine/test_flight.py::test_so_many_are_read_again_at_a_time_as_was_promised",
    ),
    bug(
        "outcome-waits-for-room",
        "What has come back is not in the journal while a sync waits for room, and in doubt then.",
        ("renkei.sync.apply:Apply._wait_for_room", "if full:", "if False:"),
        tests="tests/engine/test_flight.py"
        "::test_what_has_come_back_is_committed_before_anybody_waits_for_room",
    ),
    bug(
        "waiting-with-a-wave-in-hand",
        "Who waits for room holds the slots of those who have not left.",
        ("renkei.sync.apply:Apply._wait_for_room", "self._leave()", "pass"),
        tests="tests/engine/test_flight.py::test_nobody_waits_for_room_with_others_in_hand",
    ),
    bug(
        "pages-out-of-order",
        "Of the pages that are asked for ahead, the newest is taken first.",
        ("renkei.http.ahead:ahead", "asked.popleft()", "asked.pop()"),
        tests="tests/engine/test_http_ahead.py",
    ),
    bug(
        "old-record-before-the-day",
        "The record of whoever comes back is written before the first day.",
        ("renkei.plan.listing:Listing._listed", "if ahead and draft.is_linked:", "if False:"),
        tests="tests/e2e/test_right_person.py"
        "::test_a_record_that_goes_on_waits_for_the_day[to_touchontime]",
    ),
    bug(
        "retired-without-a-date",
        "Whoever comes back stays 退職済み in SmartHR, without a date.",
        ("renkei_smarthr.records:changed", 'body[STATUS] = "employed"', "pass"),
        tests="tests/e2e/test_right_person.py"
        "::test_who_comes_back_under_the_same_number_loses_the_old_date[to_smarthr]",
    ),
    bug(
        "long-across-the-cut",
        "Two given names are one if a vowel of the family name swallows the difference.",
        ("renkei.identity.names:_is_whole_same", "== {True, False}", "== {None}"),
        tests="tests/engine/test_names.py::test_what_of_a_name_has_changed_is_told",
    ),
    bug(
        "released-and-halted",
        "Whoever was released still counts as one whose number has moved.",
        (
            "renkei.runs.releases:Releases.release",
            "self._count_moved(self.ground.store.run(run_id))",
            "pass",
        ),
        tests="tests/e2e/test_right_person.py::test_who_is_released_stops_nobody[to_touchontime]",
    ),
    bug(
        "last-day-at-work",
        "Whoever leaves on the base date is still listed.",
        ("renkei.identity.roll:has_left", "left <= base", "left < base"),
        tests="tests/engine/test_compare.py::test_listed_are_those_employed_on_the_base_date",
    ),
    bug(
        "token-without-the-right",
        "A role that the token cannot read for anybody counts as empty.",
        ("renkei.plan.fetch:refuse_unknown_roles", "if missing:", "if False:"),
        tests="tests/engine/test_compare.py::test_a_role_unknown_for_everybody_stops_the_fetch",
    ),
    bug(
        "today-in-london",
        "The base date of a fetch is the day in UTC.",
        ("renkei.clock:Clock.today", "self.now().astimezone(JST).date()", "self.now().date()"),
        tests="tests/e2e/test_base_date.py::test_today_is_the_day_in_japan",
    ),
    bug(
        "base-date-taken-anew",
        "A sync compares as of today, not as of the base date of its plan.",
        (
            "renkei.sync.run:Sync._apply",
            "self.pairing.comparison(source, writer.fields, run.base_date)",
            "self.pairing.comparison(source, writer.fields, self.clock.today())",
        ),
        tests="tests/engine/test_gaps_sync.py::test_the_base_date_of_the_plan_holds_to_its_end",
    ),
    bug(
        "numbers-in-yaml",
        "A plain number in a mapping is read as YAML reads it: 0042 is 34.",
        (
            "renkei.yamlfile.source:_Builder._take",
            "self._put(event, None if empty else event.value)",
            (
                "plain = event.implicit[0] and event.value.isdigit()\n"
                "            value = str(yaml.safe_load(event.value)) if plain else event.value\n"
                "            self._put(event, None if empty else value)"
            ),
        ),
        tests="tests/engine/test_mapping_yaml.py::test_every_scalar_is_text",
    ),
)

DECIDING = (
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
            "[choice for choice in choices if choice.code == text],",
            "",
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
        ("renkei.plan.unusual:Judging.of", "today=self._written(run, today, today),", "today=(),"),
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
            "len(now.people[kind] | before.people[kind])",
            "len(now.people[kind]) + len(before.people[kind])",
        ),
        tests="tests/engine/test_day_limits.py::test_whoever_is_changed_again_counts_once",
    ),
    bug(
        "allowed-people-take-room",
        "What a person has allowed stops the small syncs after it.",
        ("renkei.store.journal:Journal.written", ", runs.c.allowed_by.is_(None)", ""),
        tests="tests/engine/test_day_limits.py::test_what_a_person_has_allowed_is_apart",
    ),
    bug(
        "one-day-for-both-directions",
        "What was written to one system stops the syncs to the other one.",
        (
            "renkei.store.journal:Journal.written",
            "self._between(source, target), ",
            "self._of(runs), ",
        ),
        tests="tests/engine/test_day_limits.py::test_each_direction_has_a_day_of_its_own",
    ),
    bug(
        "refusals-take-room",
        "Whoever was refused takes somebody else's place.",
        ("renkei.store.journal:Journal.written", ", effect)", ")"),
        tests="tests/engine/test_day_limits.py::test_a_write_counts_unless_it_had_no_effect",
    ),
    bug(
        "doubts-take-no-room",
        "A write in doubt does not count for the limits.",
        (
            "renkei.store.journal:Journal.written",
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
        ("renkei.plan.unusual:Judging.must_allow", "not new or run.allowed_by", "run.allowed_by"),
        tests="tests/engine/test_day_limits.py::test_a_run_is_never_stopped_in_the_middle",
    ),
    bug(
        "judged-before-the-wait",
        "What another process writes while this one waits for its lease does not count.",
        (
            "renkei.sync.run:Sync._lease",
            "while True:\n        allow, expected = order.allow()",
            "allow, expected = order.allow()\n    while True:",
        ),
        tests="tests/engine/test_day_limits.py"
        "::test_the_limits_are_asked_again_after_a_wait_for_the_lease",
    ),
    bug(
        "coming-back-is-a-loss",
        "Whoever comes back counts as emptied.",
        ("renkei.safety:_lost", " and not _returns(change, roles)", ""),
        tests="tests/engine/test_boundaries.py"
        "::test_whoever_comes_back_is_not_emptied_but_for_another_value",
    ),
    bug(
        "coming-back-is-nothing",
        "Leaving that is taken away from many is not unusual.",
        ("renkei.safety:_kinds", "if any(_returns(change, roles) for", "if False and any(1 for"),
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
            "renkei.plan.unusual:Judging.of",
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
            'kept["expected"] = [codec.remark_out(each) for each in expected]',
            "pass",
        ),
        tests="tests/engine/test_expected.py::test_an_intake_passes_and_the_run_says_why",
    ),
    bug(
        "intake-of-another-choice",
        "An announcement stays in the report of a choice that did not need it.",
        ("renkei.store.plans:Plans.choose", "expected=None,", ""),
        tests="tests/engine/test_expected.py::test_it_is_said_only_of_a_choice_that_needs_it",
    ),
    bug(
        "allowed-once-allowed-for-ever",
        "What a person has allowed holds for the next choice, too.",
        ("renkei.store.plans:Plans.choose", "allowed_by=None,", ""),
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

SHOWING = (
    bug(
        "formula-in-a-cell",
        "A cell of the CSV that begins like a formula is written as it is.",
        (
            "renkei.report.csv:_guarded",
            'runs = sign or "\\t" in blanks or "\\r" in blanks',
            "runs = False",
        ),
        tests="tests/engine/test_export.py::test_no_cell_runs_as_a_formula",
    ),
    bug(
        "raw-control-characters",
        "A name can send control characters to the terminal.",
        ("renkei.words.printable:printable", "return _HIDDEN.sub(_spelt, text)", "return text"),
        tests="tests/engine/test_texts.py::test_control_characters_are_spelt_out",
    ),
    bug(
        "token-in-an-error",
        "The message about a refused token repeats it.",
        (
            "renkei_touchontime.client:Client._classify",
            "return _no_access(failure)",
            (
                "token = self._connection.token.reveal()\n"
                '        return AccessError(f"{failure.connection} refused the token {token}.")'
            ),
        ),
        tests="tests/e2e/test_vendor_switches.py::test_check_of_a_wrong_token_names_the_causes",
    ),
    bug(
        "token-in-a-choice",
        "A connector quotes its token in what it offers, and it is printed.",
        (
            "renkei.plugins.facade:Reader.new_employee_fields",
            "hidden_new_field(new, self._hide)",
            "new",
        ),
        tests="tests/engine/test_plugins.py::test_a_token_in_what_a_connector_tells_is_hidden",
    ),
    bug(
        "reports-by-utc-day",
        "The list of reports is filtered by the day in Greenwich.",
        (
            "renkei_web.views.reports:listed",
            "run.created_at.astimezone(JST).date()",
            "run.created_at.date()",
        ),
        tests="tests/web/test_everyday.py::test_reports_are_filtered_by_the_day_in_japan",
    ),
    bug(
        "deferred-is-no-doubt",
        "Whoever was deferred and is sent again as the process dies does not count as in doubt.",
        (
            "renkei.store.database:outcome_now",
            "sa.or_(items.c.outcome.is_(None), items.c.outcome == Outcome.DEFERRED.value)",
            "items.c.outcome.is_(None)",
        ),
        tests="tests/engine/test_counts.py::test_counts_add_up_whatever_was_left",
    ),
    bug(
        "wait-in-every-slice",
        "A log has a line for each slice of one wait.",
        (
            "renkei_runner.progress:Progress._is_new",
            "self._told_until[what] = until",
            "pass",
        ),
        tests="tests/runner/test_main.py::test_a_long_wait_is_one_line_of_a_log",
    ),
    bug(
        "advice-that-is-refused",
        "Whoever chooses again in a cancelled run is told to resume it.",
        (
            "renkei.runs.choosing:Choosing._same_choice",
            "refuse_over(run, standing.hours)",
            "pass",
        ),
        tests="tests/engine/test_runs.py::test_a_run_that_is_over_says_so_to_another_choice",
    ),
    bug(
        "failure-is-erased",
        "A report tells nothing of the tries before the last one.",
        ("renkei.report.csv:report_rows", "for before in item.earlier", "for before in ()"),
        tests="tests/engine/test_export.py::test_a_retry_does_not_erase_the_failure_before_it",
    ),
    bug(
        "value-in-a-log",
        "Whatever somebody puts into a log event is logged.",
        ("renkei.logs:only_allowed", "if k in ALLOWED and (", "if ("),
        tests="tests/engine/test_logs.py::test_what_is_not_on_the_list_is_dropped",
    ),
    bug(
        "name-instead-of-the-login",
        "Whoever gives a name is recorded under that name alone.",
        ("renkei.who:recorded", 'f"{given} ({_login()})" if given', "given if given"),
        tests="tests/engine/test_who.py::test_a_name_stands_beside_the_login",
    ),
    bug(
        "viewers-see-only-the-chosen",
        "The pages show those who were chosen, the files everybody.",
        ("renkei_web.reading:some", "selected=which == Group.CHOSEN", "selected=True"),
        tests="tests/web/test_reading.py::test_everybody_in_the_plan_can_be_read",
    ),
    bug(
        "one-side-of-the-blocked",
        "Of somebody who is blocked only the source's values are shown.",
        (
            "renkei.words.side_by_side:_target",
            "None if item.before is None else",
            "None if True else",
        ),
        tests="tests/engine/test_both.py::test_both_sides_stand_side_by_side_in_words",
    ),
    bug(
        "old-check-wins",
        "The last check of the connections hides what a run has met since.",
        ("renkei_web.health:Health.states", "if self._said.get(name) != word", "if False"),
        tests="tests/web/test_health.py::test_a_run_that_met_trouble_is_shown_at_once",
    ),
    bug(
        "second-signal-of-a-pause",
        "A second press on the pause cuts the employee in hand short.",
        ("renkei_web.visit:Office.pause", "if worker not in self.work.pausing:", "if True:"),
        tests="tests/web/test_everyday.py::test_a_pause_is_asked_for_once",
    ),
)

PROMISES = (
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
            "renkei.store.journal:Journal.created_elsewhere",
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
            "abs(beat() - last) if owner.shares_clock else time.monotonic() - seen.since",
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
            "self.store.account(identity)",
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
        ("renkei.sync.apply:Apply._is_of_batch", "if not sending.batch or", "if True or"),
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
        ("renkei.plugins.facade:Reader._withhold", "or type(value) is int", ""),
        tests="tests/engine/test_private.py::test_a_whole_number_counts_as_well[False]",
    ),
    bug(
        "my-number-at-a-glance",
        "Values of the right types are let through without a look for a My Number among numbers.",
        (
            "renkei.plugins.facade:_Wanted.are_plain",
            "[*long, *map(values.__getitem__, numbers)]",
            "long",
        ),
        tests="tests/engine/test_private.py::test_a_whole_number_counts_as_well[False]",
    ),
    bug(
        "my-number-kept",
        "A My Number is blocked, and kept with the plan all the same.",
        ("renkei.plugins.facade:Reader._withhold", "values.pop(name, None)", "pass"),
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
        ("renkei.sync.apply:Apply._doubtful_refusal", "Outcome.DEFERRED", "Outcome.FAILED"),
        tests="tests/engine/test_whose_fault.py::test_three_in_a_row_are_the_system[0]",
    ),
    bug(
        "system-blamed-for-one",
        "One employee whom the system refuses stops everybody behind.",
        ("renkei.sync.apply:Apply._refuse_system", "< IN_A_ROW", "< 1"),
        tests="tests/engine/test_whose_fault.py"
        "::test_one_who_is_refused_fails_alone_wherever_they_stand[2]",
    ),
    bug(
        "refused-in-their-place",
        "Whoever was refused stands in the same place of the next sync.",
        (
            "renkei.sync.apply:Apply._write_all",
            "self.recorder.store.refused_before(self.recorder.run)",
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
            "renkei.store.database:begun",
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
                "        halt = self._halt(self._run(run_id), retry_failed=False)"
            ),
        ),
        tests="tests/engine/test_boundaries.py::test_the_age_is_not_asked_inside_a_sync_that_waits",
    ),
    bug(
        "three-days-for-any-pause",
        "A run that paused for a refused token has three days.",
        ("renkei.plan.standing:Standing.hours_of", " and {*run.pauses, *reason} <= PASSING", ""),
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
        ("renkei.sync.run:Sync._rewritten", "not self._begun or", "True or"),
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
        ("renkei.sync.look:Look.changed_too", "if name not in sent and", "if False and"),
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
        ("renkei.safety:judge", "before.people[kind]) <= limit", "before.people[kind]) < limit"),
        tests="tests/engine/test_boundaries.py::test_a_limit_passes_what_is_exactly_at_it",
    ),
)

KIT = (
    bug(
        "sheet-of-another",
        "A capability sheet that speaks of another connector is shown as this one's.",
        (
            "renkei.plugins.sheet:sheet_of",
            "found if found.connector == connector else None",
            "found",
        ),
        tests="tests/runner/test_connector.py::test_a_sheet_that_is_none_is_as_if_there_were_none",
    ),
    bug(
        "skip-hidden-in-a-sheet",
        "Why a case was skipped is lost beside one that has passed.",
        (
            "renkei.plugins.sheet:summed_up",
            'told if result == "failed" else own',
            "told",
        ),
        tests="tests/testing/test_kit_plugin.py::test_a_line_keeps_why_a_case_was_skipped",
    ),
    bug(
        "token-in-a-message",
        "A check that fails repeats the token.",
        (
            "renkei.testing.kit.tenant:Tenant.holds",
            "secret_of(self.author, self.url).hidden_in(said)",
            "said",
        ),
        tests="tests/testing/test_kit_hostile.py::test_no_message_shows_the_token",
    ),
    bug(
        "source-is-skipped",
        "A source only without people passes, since every check of it is skipped.",
        (
            "renkei.testing.kit.tenant:Tenant.people",
            "missing and self.staff.is_source_only",
            "False",
        ),
        tests="tests/testing/test_kit_sources.py::test_a_source_without_add_is_red_and_not_skipped",
    ),
    bug(
        "taken-name",
        "A new connector gets the name of a package that it hides.",
        ("renkei_runner.scaffold:_check_name", 'find_spec(f"renkei_{name}") is not None', "False"),
        tests="tests/runner/test_scaffold.py::test_a_name_that_is_taken_is_refused",
    ),
)

SCOPE = (
    bug(
        "outside-is-read",
        "Whoever is outside of the scope is compared like anybody.",
        (
            "renkei.plan.fetch:_read_once",
            "if side.scope.rules else people",
            "if not side.scope.rules else people",
        ),
        tests="tests/engine/test_scope.py::test_whoever_is_outside_is_neither_listed_nor_compared",
    ),
    bug(
        "unsure-is-inside",
        "Somebody whose division cannot be read is taken for one of those inside.",
        (
            "renkei.mapping.scope:Scope.holds",
            "inside = None",
            "pass",
        ),
        tests="tests/engine/test_scope.py::test_whoever_may_be_outside_is_blocked",
    ),
    bug(
        "unsure-is-outside",
        "Somebody whose division cannot be read is left out, and may be created twice.",
        (
            "renkei.mapping.scope:Scope.holds",
            "inside = None",
            "return False",
        ),
        tests="tests/engine/test_scope.py::test_whoever_may_be_outside_is_blocked",
    ),
    bug(
        "taken-number-is-new",
        "The number of somebody outside of the scope is given to somebody new.",
        (
            "renkei.plan.draft:Draft.find_partner",
            "elif not hits and self.number in target.taken:",
            "elif False:",
        ),
        tests="tests/engine/test_scope.py::test_a_number_that_somebody_outside_has_is_taken",
    ),
    bug(
        "outside-makes-free",
        "The record of somebody outside of the source goes on as that of somebody new.",
        (
            "renkei.identity.crowd:Crowds._is_in_source",
            "or number in roster.taken",
            "",
        ),
        tests="tests/engine/test_scope.py::test_a_record_of_somebody_outside_of_the_source_is_nobodys",
    ),
    bug(
        "moved-is-written",
        "Who has moved outside of the scope since the fetch is written all the same.",
        (
            "renkei.sync.apply:Apply._update",
            "elif outside := self.look.not_for(current):",
            "elif outside := None:",
        ),
        tests="tests/engine/test_scope.py::test_who_has_moved_outside_since_is_not_written",
    ),
    bug(
        "scope-is-not-looked-at",
        "The last look before a write does not read what tells the scope.",
        (
            "renkei.sync.look:Look._fields",
            "[*asked, *self.comparison.scope.fields]",
            "asked",
        ),
        tests="tests/engine/test_scope.py::test_the_last_look_reads_what_tells_the_scope",
    ),
    bug(
        "created-beside-outside",
        "Somebody is created under a number that somebody outside has taken meanwhile.",
        (
            "renkei.sync.apply:Apply._create",
            "elif str(item.number) in seen.taken:",
            "elif False:",
        ),
        tests="tests/engine/test_scope.py::test_a_number_that_is_taken_outside_meanwhile",
    ),
    bug(
        "outside-is-ours-in-doubt",
        "A create in doubt is taken for carried out, as somebody outside has the number.",
        (
            "renkei.sync.look:Look.at",
            "if self._is_outside(person):",
            "if False:",
        ),
        tests="tests/engine/test_scope.py::test_a_number_that_is_taken_outside_meanwhile",
    ),
    bug(
        "doubt-sent-again-beside-outside",
        "A create in doubt that is found outside of the scope counts as not carried out.",
        (
            "renkei.sync.doubt:Doubts._settled",
            "if not hits and number in seen.taken:",
            "if False:",
        ),
        tests="tests/engine/test_scope.py::test_a_create_in_doubt_is_not_taken_for_somebody_outside[W2]",
    ),
    bug(
        "chosen-outside",
        "A value that puts somebody new outside of the scope is accepted.",
        (
            "renkei.plan.choose:_Desk._choice",
            "and self._scope.admits(new.name, hits[0].code)",
            "",
        ),
        tests="tests/engine/test_scope.py::test_somebody_new_has_to_be_inside_by_what_is_chosen",
    ),
    bug(
        "new-ends-outside",
        "Somebody new whom nothing can put inside of the scope is created outside.",
        (
            "renkei.plan.draft:Draft._note_outside",
            "not is_there and",
            "False and",
        ),
        tests="tests/engine/test_scope.py::test_somebody_new_who_cannot_be_inside_is_blocked",
    ),
    bug(
        "scope-of-now",
        "A resume goes by what the file says of the scope by now.",
        (
            "renkei.plan.standing:Standing.current",
            "evolve(self.pairings.between(run.source, run.target), said=run.said)",
            "self.pairings.between(run.source, run.target)",
        ),
        tests="tests/engine/test_scope.py::test_a_plan_keeps_the_scope_that_it_was_made_with",
    ),
    bug(
        "late-source-outside",
        "A late resume writes who is outside of the scope in the source by now.",
        (
            "renkei.sync.run:Sync._changed_in_source",
            "if scope.holds(person)",
            "",
        ),
        tests="tests/engine/test_scope.py::test_a_late_resume_leaves_out_who_has_moved_in_the_source",
    ),
    bug(
        "released-outside",
        "Somebody outside of the scope is said to be the same person, and written.",
        (
            "renkei.plan.release:Releasing._find",
            "if scope.holds(each)",
            "",
        ),
        tests="tests/engine/test_scope.py::test_a_person_cannot_name_a_record_outside",
    ),
    bug(
        "unknown-value-is-nobody",
        "A division that does not exist puts everybody outside, without a word.",
        (
            "renkei.config.who:resolved",
            "if problems:",
            "if False:",
        ),
        tests="tests/engine/test_scope.py::test_a_value_that_the_system_does_not_know_ends_the_fetch",
    ),
    bug(
        "glance-passes-unsure",
        "Two people who read the same are the same, though nobody knows whether they are inside.",
        (
            "renkei.plan.glance:Glance.__init__",
            "None if unsure else _Who.of",
            "_Who.of",
        ),
        tests="tests/engine/test_scope.py::test_whoever_may_be_outside_is_blocked",
    ),
)

COMPANIES = (
    bug(
        "run-of-another-company",
        "Whoever guesses the number of a run reads that of another company.",
        (
            "renkei.store.database:Database._row",
            "connection.execute(_LOCKED if lock else _RUN, asked)",
            'connection.execute(sa.select(runs).where(runs.c.id == asked["run"]))',
        ),
        tests="tests/engine/test_companies.py"
        "::test_a_run_of_another_company_is_as_if_it_did_not_exist[sqlite-run]",
    ),
    bug(
        "key-is-taken-for-given",
        "A number of a run reaches its people, whosever they are.",
        ("renkei.store.database:Database._key", "if key not in self._given:", "if False:"),
        tests="tests/engine/test_companies.py"
        "::test_a_run_of_another_company_is_as_if_it_did_not_exist[sqlite-entries]",
    ),
    bug(
        "alike-is-the-same",
        "Two companies that call their connections alike learn their usual counts of each other.",
        ("renkei.store.database:Database._between", "self._of(runs), ", ""),
        tests="tests/engine/test_companies.py"
        "::test_nothing_of_another_company_is_listed_or_learned_from[sqlite]",
    ),
    bug(
        "releases-of-all",
        "What people have said in one company counts in all.",
        ("renkei.store.releases:Releases.releases", ".where(self._of(releases))", ""),
        tests="tests/engine/test_companies.py"
        "::test_nothing_of_another_company_is_listed_or_learned_from[sqlite]",
    ),
    bug(
        "ticks-of-a-lost-run",
        "After a restore a new run has the ticks of the lost one whose number it gets.",
        ("renkei_web.companies:forget_ticks", "if database is None:", "if database is not None:"),
        tests="tests/e2e/test_store_command.py::test_a_restored_store_is_said_by_command",
    ),
    bug(
        "second-token-opens-it",
        "Two companies may open one account, if each has a token of its own.",
        ("renkei.plan.shared:refuse_told", "if theirs and (", "if False and ("),
        tests="tests/engine/test_whose.py::test_two_tokens_of_one_account_are_refused",
    ),
    bug(
        "one-id-for-all-systems",
        "An id that another installation gives to its company, too, counts as the same account.",
        ("renkei.plan.shared:refuse_told", "if theirs and (", "if True or ("),
        tests="tests/engine/test_whose.py::test_an_id_is_one_systems",
    ),
    bug(
        "two-companies-one-account",
        "Two companies may write to one account.",
        (
            "renkei.store.accounts:Accounts.others_of",
            "accounts.c.company != self.company",
            "sa.false()",
        ),
        tests="tests/engine/test_companies.py"
        "::test_two_companies_of_one_account_are_refused[sqlite]",
    ),
    bug(
        "taken-over-from-another-company",
        "A company takes the lease of another one over, and is told who had it.",
        ("renkei.store.lease:acquire", 'alive and row["company"] != company', "False"),
        tests="tests/engine/test_companies.py"
        "::test_one_account_has_one_writer_whatever_the_company[sqlite]",
    ),
    bug(
        "paused-is-fetched",
        "A paused company is fetched all the same.",
        ("renkei.runs.fetching:Fetching.fetch", "refuse_paused(ground.config)", "pass"),
        tests="tests/engine/test_companies.py::test_a_paused_company_is_left_alone",
    ),
    bug(
        "numbers-used-again",
        "After a removal the next run has the number of one that is gone.",
        ("renkei.store.companies:Companies.remove", "_keep_numbers(connection)", "pass"),
        tests="tests/engine/test_company_list.py"
        "::test_a_company_is_removed_whole_and_the_other_stays[sqlite]",
    ),
    bug(
        "certificate-of-nothing",
        "Whoever is killed after a removal gets a certificate that says nothing was there.",
        (
            "renkei.store.companies:Companies.remove",
            "before.rows if before else {}",
            "{}",
        ),
        tests="tests/engine/test_company_list.py::test_a_removal_that_was_cut_off_goes_on",
    ),
    bug(
        "removed-while-at-work",
        "A company is removed while a sync of it writes.",
        ("renkei.store.companies:Companies._at_rest", "if lease.is_held(row):", "if False:"),
        tests="tests/engine/test_company_list.py"
        "::test_nobody_at_work_is_adopted_or_removed[sqlite-remove]",
    ),
)

RIGHTS = (
    bug(
        "foreign-run-is-shown",
        "A run of another company is shown to whoever guesses its id below their own company.",
        (
            "renkei.store.database:Database._row",
            "connection.execute(_LOCKED if lock else _RUN, asked)",
            'connection.execute(sa.select(runs).where(runs.c.id == asked["run"]))',
        ),
        tests="tests/web/test_companies.py::test_no_id_leads_to_a_run_of_another_company",
    ),
    bug(
        "one-right-for-all-companies",
        "Whoever has a right on one company has it on every company.",
        (
            "renkei_web.rights:Held.of",
            "self.by_company.get(company, Role.NONE)",
            "next(iter(self.by_company.values()), Role.NONE)",
        ),
        tests="tests/web/test_companies.py::test_no_address_leads_to_another_company",
    ),
    bug(
        "role-of-the-only-company-counts-for-all",
        "A viewer of the days of one company reads every company.",
        ("renkei_web.rights:Rights.of", "if user.is_admin or not company:", "if True:"),
        tests="tests/web/test_companies.py::test_whoever_has_no_right_sees_no_company",
    ),
    bug(
        "role-is-not-asked-for",
        "Whoever has any right on a company may do everything there.",
        ("renkei_web.users:Role.includes", ">=", "!= -1 or"),
        tests="tests/web/test_companies.py::test_a_right_is_on_one_company",
    ),
    bug(
        "another-company-answers",
        "Whoever learns the key of a question answers it for another company.",
        (
            "renkei_web.processes:Work.answer",
            "asked.company == company",
            "asked.company != company or True",
        ),
        tests="tests/web/test_companies.py::test_a_question_is_answered_in_its_own_company_only",
    ),
    bug(
        "rights-outlive-a-company",
        "A new company is open to those who had rights on a removed one of the same name.",
        ("renkei_web.companies:forget", "for table in (rights, drafts):", "for table in ():"),
        tests="tests/web/test_companies.py::test_the_rights_on_a_removed_company_are_gone",
    ),
    bug(
        "counts-only-sees-a-name",
        "Whoever may see counts only reads the names of those who failed.",
        (
            "renkei_web.reading:seen",
            "elif role.includes(Role.VIEWER):",
            "elif role is Role.COUNTS:\n        yield from people\n    else:",
        ),
        tests="tests/web/test_sight.py::test_counts_have_no_person",
    ),
    bug(
        "counts-only-sees-numbers-in-notices",
        "Whoever may see counts only reads numbers of employees in what is said of a run.",
        ("renkei_web.reading:told", "role.includes(Role.VIEWER) and", "True and"),
        tests="tests/web/test_sight.py::test_counts_have_no_person",
    ),
    bug(
        "births-are-shown-to-viewers",
        "Viewers read when somebody was born.",
        ("renkei_web.reading:Sight.of", "paired(*PRIVATE)", 'paired("gender")'),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
    bug(
        "planned-leaving-is-shown-to-viewers",
        "Viewers read who is going to leave.",
        (
            "renkei_web.reading:Sight._hides",
            "if self.all_leave or any(map(self._will_leave, values)):",
            "if False:",
        ),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
    bug(
        "files-say-more-than-pages",
        "The spreadsheet and the printed page have for viewers what the pages hide.",
        (
            "renkei_web.reading:everybody",
            "seen(runs, run, found, role)",
            "found",
        ),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
    bug(
        "a-candidates-birth-is-shown",
        "Viewers read the birth of somebody who may be the same person.",
        (
            "renkei_web.reading:Sight._candidate",
            "hides = self._hides(other.values)",
            "hides = lambda _name: False",
        ),
        tests="tests/web/test_sight.py::test_nothing_that_hangs_on_somebody_tells_more",
    ),
    bug(
        "leavers-of-a-day-to-come-are-listed",
        "A list of a day to come shows viewers who will have left by then.",
        ("renkei_web.reading:Sight.of", "base = run.base_date > today", "base = False"),
        tests="tests/web/test_sight.py::test_whoever_leaves_by_a_base_date_to_come_is_not_listed",
    ),
    bug(
        "words-of-a-system-quote-a-birth",
        "Viewers read a birth date in the words with which a system has refused it.",
        (
            "renkei_web.reading:Sight.item",
            "detail=None,  # a",
            "detail=item.detail,  # a",
        ),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
)

KEEPING = (
    bug(
        "in-doubt-is-removed",
        "A run in doubt is purged by retention: nothing can tell any more whether it created.",
        (
            "renkei.store.purge:Purge._disposable",
            "*more, sa.not_(in_doubt.exists())",
            "*more",
        ),
        tests="tests/engine/test_retention.py::test_a_run_in_doubt_stays_with_its_record[sqlite]",
    ),
    bug(
        "name-is-given-again",
        "A new company finds the runs of another one, whose file was deleted by hand.",
        ("renkei.companies:Companies._free_place", "count := self._count(name)", "count := 0"),
        tests="tests/e2e/test_walls.py::test_the_name_of_somebody_elses_runs_is_not_given_again",
    ),
    bug(
        "rights-of-before",
        "A new company is seen by whoever had a right on one whose file was deleted by hand.",
        ("renkei.companies:Companies.add", "also(name)", "also"),
        tests="tests/web/test_companies.py::test_a_new_company_is_nobodys_whose_name_had_another",
    ),
    bug(
        "one-scope-is-enough",
        "Two companies share an account though a pair of one of them is for everybody.",
        ("renkei.plan.shared:_refuse_without_scope", " and is_scoped(other, theirs)", ""),
        tests="tests/engine/test_companies.py"
        "::test_two_companies_share_an_account_where_both_say_whom_of_it_they_are_for",
    ),
    bug(
        "open-record-is-removed",
        "Retention removes a run that can still be resumed.",
        (
            "renkei.retention:let_go",
            "store.remove_runs(min(rules.records.before(now), over))",
            "store.remove_runs(rules.records.before(now))",
        ),
        tests="tests/engine/test_retention.py::test_an_open_record_stays_however_short_the_rule",
    ),
    bug(
        "open-plan-is-purged",
        "Retention takes the values of a plan that can still be chosen.",
        (
            "renkei.retention:let_go",
            "min(rules.values.before(now), over)",
            "rules.values.before(now)",
        ),
        tests="tests/engine/test_retention.py::test_an_open_plan_stays_however_short_the_rule",
    ),
    bug(
        "nameless-is-forgotten",
        "A record goes that tells whom a target took in without a number; they are created again.",
        (
            "renkei.store.purge:Purge._needed",
            "found.update(connection.execute(taken).scalars())",
            "pass",
        ),
        tests="tests/engine/test_retention.py"
        "::test_whom_a_target_took_in_without_a_number_is_never_forgotten",
    ),
    bug(
        "retention-beside-a-sync",
        "The store is written anew while another company's sync waits for it.",
        ("renkei.retention:is_due", "not is_in_use(store)", "True"),
        tests="tests/engine/test_retention.py::test_it_is_never_in_the_way_of_a_sync[sqlite]",
    ),
    bug(
        "tokens-outlive-their-company",
        "The refresh tokens of a company that is removed stay in the store.",
        (
            "renkei.store.companies:Companies.remove",
            "let_go_of_tokens(connection, company)",
            "0",
        ),
        tests="tests/engine/test_vault.py::test_the_tokens_of_a_company_go_with_it[sqlite]",
    ),
    bug(
        "one-place-for-two-tokens",
        "A token of company a, of its connection b-c, is written over that of company a-b.",
        (
            "renkei.config.setup:_token_place",
            "{config.company.name}.{name}",
            "{config.company.name}-{name}",
        ),
        tests="tests/engine/test_setup.py::test_no_company_writes_over_the_token_of_another",
    ),
    bug(
        "any-file-of-the-service",
        "An administrator of one company has the service open files of another one.",
        ("renkei_web.views.setup:_may_say_more", "return visit.user.is_admin or", "return True or"),
        tests="tests/web/test_companies.py::test_no_connection_leads_to_a_file_of_another_company",
    ),
    bug(
        "token-file-for-everybody",
        "The file of a token that was entered in the browser is readable by others.",
        (
            "renkei.config.setup:_keep_token",
            r'files.replace(place, [token, "\n"])',
            r'files.replace(place, [token, "\n"], 0o644)',
        ),
        tests="tests/engine/test_setup.py::test_a_token_is_in_a_file_that_nobody_else_reads",
    ),
    bug(
        "refused-setup-is-noted",
        "The audit log has a connection that was refused.",
        (
            "renkei.config.setup:add_connection",
            "refuse(config.settings, config.path)",
            "refuse(config.settings, config.path), note()",
        ),
        tests="tests/web/test_setup.py::test_what_is_refused_has_no_line_in_the_audit_log",
    ),
    bug(
        "setup-without-leave",
        "A browser changes a configuration that does not allow it.",
        ("renkei.config.setup:refuse", 'settings.setup != "web"', "False"),
        tests="tests/engine/test_setup.py::test_only_where_the_file_says_so",
    ),
    bug(
        "company-without-leave",
        "A browser adds a company where the installation does not allow it.",
        (
            "renkei_web.views.companies:add",
            "setup.refuse(door.main.settings, door.main.path)",
            "pass",
        ),
        tests="tests/web/test_new_company.py::test_only_where_the_installation_allows_it",
    ),
    bug(
        "runs-taken-back",
        "A company that has runs is taken back with one click.",
        ("renkei.companies:Companies.take_back", "or self._count(name)", ""),
        tests="tests/web/test_new_company.py::test_a_company_with_runs_is_not_taken_back",
    ),
    bug(
        "undo-over-a-hand",
        "Putting back the last change loses what somebody has written since.",
        (
            "renkei.config.edit:before_now",
            "if each.name.endswith(suffix)",
            "",
        ),
        tests="tests/engine/test_setup.py::test_each_change_can_be_put_back",
    ),
    bug(
        "board-before-code",
        "The board tells of a company that requires a second factor to somebody who has none.",
        ("renkei_web.visit:Office.shut_to", "elif code and not has_code:", "elif False:"),
        tests="tests/web/test_second_factor.py::test_a_company_that_requires_it_is_a_name_before",
    ),
    bug(
        "all-before-code",
        "Without a second factor an administrator gives away rights on a company that asks for it.",
        ("renkei_web.app:_lacks_code", "or (of_all and office.asks_code_of(user))", ""),
        tests="tests/web/test_second_factor.py"
        "::test_whoever_administers_all_needs_what_one_company_requires",
    ),
    bug(
        "code-without-password",
        "Whoever finds an open browser turns a second factor of theirs on.",
        (
            "renkei_web.views.second_factor:change",
            'not visit.office.entrance.knows(user, visit.field("password"))',
            "False",
        ),
        tests="tests/web/test_second_factor.py::test_an_open_browser_is_not_the_person",
    ),
    bug(
        "sign-on-past-the-proxy",
        "With several companies the single sign-on leaves past the proxy.",
        (
            "renkei_runner.web:sign_on_of",
            "SignOn(provider, network_of(main.settings, main.path.parent))",
            "SignOn(provider)",
        ),
        tests="tests/web/test_single_sign_on.py"
        "::test_with_companies_the_main_file_says_the_way_to_the_provider",
    ),
    bug(
        "ticks-outlive-values",
        "Who was ticked in the dashboard stays after the values have gone.",
        ("renkei_web.companies:_let_go", "if gone:", "if False:"),
        tests="tests/web/test_companies.py::test_ticks_go_with_the_values",
    ),
    bug(
        "ticks-of-others-go",
        "A purge of one company forgets what is ticked in another one.",
        (
            "renkei_web.companies:_let_go",
            "drafts.c.company == runs.config.company.name",
            'drafts.c.company != ""',
        ),
        tests="tests/web/test_companies.py::test_ticks_go_with_the_values",
    ),
    bug(
        "token-replaced-unnoted",
        "Another token is in use, and the log does not tell.",
        ("renkei.systems:Systems._declare", "if self.used is not None:", "if False:"),
        tests="tests/engine/test_audit.py::test_another_token_is_noted_and_never_shown",
    ),
    bug(
        "code-taken-twice",
        "A code of a second factor is taken twice.",
        (
            "renkei_web.second_factor:take_code",
            "if last is None or each > last",
            "",
        ),
        tests="tests/web/test_second_factor.py::test_a_code_is_taken_once",
    ),
    bug(
        "codes-without-end",
        "Codes may be tried without end.",
        (
            "renkei_web.entrance:Entrance.finish",
            "self._tries.count(db, user.name, Place.of_code(user.id))",
            "pass",
        ),
        tests="tests/web/test_second_factor.py::test_codes_are_throttled",
    ),
    bug(
        "password-is-enough",
        "Whoever has a second factor gets in with the password alone.",
        (
            "renkei_web.entrance:Entrance._log_in",
            "second_factor.is_on(db, known.id)",
            "False",
        ),
        tests="tests/web/test_second_factor.py::test_a_password_alone_lets_nobody_in",
    ),
)

SCHEDULED = (
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
        ("renkei.schedule.times:ripe", "if now - start >= LATE:", "if False:"),
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
        "scheduled-into-closed-hours",
        "A worker does not ask for closed hours.",
        ("renkei.worker:Worker._what_is_ahead", "closed=closed, takes", "takes"),
        tests="tests/engine/test_schedules.py"
        "::test_a_run_in_the_way_of_closed_hours_begins_after_them",
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
            "Wanted()",
            "Wanted(allow_unusual=True)",
        ),
        tests="tests/engine/test_schedules.py::test_what_needs_a_person_stops_there",
    ),
    bug(
        "paused-schedule-begun",
        "A schedule that somebody has paused goes on.",
        ("renkei.worker:Worker._keep", "kept.paused_by is not None or ", ""),
        (
            "renkei.store.due:Due.claim",
            'kept is None or kept["paused_by"] is not None',
            "kept is None",
        ),
        tests="tests/engine/test_schedules.py::test_a_paused_schedule_is_not_begun",
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
        ("renkei.worker:Worker._keep", " or kept.since > now", ""),
        tests="tests/engine/test_schedules.py::test_a_clock_that_was_wrong_at_first_is_forgotten",
    ),
)

TELLING = (
    bug(
        "told-twice",
        "Two processes that have both looked tell the same, as nobody asks who was first.",
        (
            "renkei.store.alerts:Alerts._tell",
            "alerts.c.ended_at.is_(None), untold)",
            "alerts.c.ended_at.is_(None))",
        ),
        tests="tests/engine/test_alerts.py::test_nobody_tells_what_another_has_claimed[sqlite]",
    ),
    bug(
        "told-all-day",
        "A system that comes and goes rings whenever it is looked at.",
        (
            "renkei.store.alerts:Alerts._tell",
            "alerts.c.told_on < today",
            "alerts.c.told_on <= today",
        ),
        tests="tests/engine/test_alerts.py"
        "::test_a_state_is_told_once_a_day_and_once_when_it_is_over",
    ),
    bug(
        "told-again-though-it-may-have-arrived",
        "A message whose answer was lost is sent a second time.",
        (
            "renkei.alerts.telling:Telling._tell",
            'each.fate == "refused"',
            'each.fate != "sent"',
        ),
        tests="tests/engine/test_alerts.py::test_what_has_reached_nobody_is_told_again",
    ),
    bug(
        "over-though-nobody-heard",
        "What came back and reached nobody is told to be over.",
        (
            "renkei.store.alerts:Alerts.give_back",
            "before.told and before.ended_at is None",
            "before.told",
        ),
        tests="tests/engine/test_alerts.py"
        "::test_what_came_back_and_has_reached_nobody_is_not_told_to_be_over",
    ),
    bug(
        "label-in-a-coded-message",
        "The link of a message names the company for which a code should stand.",
        ("renkei.alerts.words:Names.link", "self.coded or not run", "not run"),
        tests="tests/engine/test_alerts.py"
        "::test_a_code_stands_for_a_company_if_somebody_wants_it_so",
    ),
    bug(
        "values-in-a-message",
        "Whoever is told gets the reason of a run in the system's own words.",
        (
            "renkei.alerts.words:_facts",
            '"count": state.count,',
            '"count": state.count, "why": "秘密院 himitsu@example.jp",',
        ),
        tests="tests/engine/test_alerts.py::test_a_message_holds_nothing_of_anybody_and_no_secret",
    ),
    bug(
        "telling-harms-a-run",
        "What goes wrong with a message ends the command, though the run has ended well.",
        (
            "renkei.alerts.telling:Telling.tell",
            "except Exception as error:",
            "except ZeroDivisionError as error:",
        ),
        tests="tests/engine/test_alerts.py::test_whatever_telling_does_the_run_is_as_it_is[error0]",
    ),
    bug(
        "over-while-at-work",
        "A run that is being gone on with is told to be over.",
        ("renkei.alerts.telling:Telling._tell", "unknown=unknown", "unknown=()"),
        tests="tests/engine/test_alerts.py::test_while_a_process_is_at_work_nothing_is_over",
    ),
    bug(
        "told-of-what-goes-on",
        "Whoever is told hears of each run that only waits for a system.",
        ("renkei.alerts.states:_of_run", " and not stood.goes_on", ""),
        tests="tests/engine/test_alerts_scheduled.py::test_what_a_worker_goes_on_with_needs_nobody",
    ),
    bug(
        "inbox-over-the-walls",
        "The inbox lists companies on which somebody has no right.",
        ("renkei_web.views.inbox:show", "held.of(name).sees", "True"),
        tests="tests/web/test_inbox.py"
        "::test_nobody_sees_what_is_about_a_company_without_a_right[counts]",
    ),
    bug(
        "inbox-of-a-shut-company",
        "The inbox tells of a company whose pages ask for a second factor first.",
        (
            "renkei_web.views.inbox:show",
            "each for each in mine if each.company.name not in shut",
            "mine",
        ),
        tests="tests/web/test_inbox.py"
        "::test_a_company_whose_pages_are_shut_is_not_in_the_inbox[second_factor]",
    ),
)

ERRANDS = (
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
        ("renkei.scheduled:at_work", "if store.still_at_job(claim):", "if False:"),
        tests="tests/engine/test_errands.py::test_a_stop_reaches_the_worker_that_does_it",
    ),
    bug(
        "stopped-and-gone-on-with",
        "What a person has stopped goes on when the worker at it is killed.",
        ("renkei.worker:Worker._take_up", "job.stopped_by is not None or now", "now"),
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

CLUSTER = (
    bug(
        "claim-taken-twice",
        "A job that is delivered twice is done twice.",
        ("renkei.store.schedules:Schedules.take", 'jobs.c.state == "queued"', "sa.true()"),
        tests="tests/engine/test_schedules.py::test_a_claim_that_is_delivered_twice_is_done_once",
    ),
    bug(
        "late-delivery-ends-another",
        "A delivery that came too late takes the job from whoever is at it.",
        ("renkei.store.due:Due.let_wait", " or not (ours or job_in(row).free)", ""),
        tests="tests/engine/test_schedules.py::test_a_claim_that_is_delivered_twice_is_done_once",
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
        ("renkei.cluster.place:prepare", "if _one(connection, _LIVING, SILENT_S):", "if False:"),
        tests="tests/engine/test_cluster.py::test_workers_of_another_version_are_refused",
    ),
)

OPERATED = (
    bug(
        "ready-with-a-broken-store",
        "/readyz says yes though the store is damaged.",
        ("renkei.operation.ready:unready", "return error.code", "return None"),
        tests="tests/web/test_probes.py::test_a_broken_store_is_not_ready",
    ),
    bug(
        "metrics-for-everybody",
        "Figures are given to whoever asks.",
        (
            "renkei.operation.metrics:Scrapes.answer",
            "if not hmac.compare_digest(given, token.encode()):",
            "if False:",
        ),
        tests="tests/web/test_metrics.py::test_figures_are_off_until_the_file_says_so",
    ),
    bug(
        "metrics-name-companies",
        "The figures name the companies though nobody has asked for it.",
        ("renkei.operation.metrics:exposition", "by_company=by_company)", "by_company=True)"),
        tests="tests/web/test_metrics.py::test_companies_are_named_only_if_asked",
    ),
    bug(
        "line-without-its-run",
        "What is logged in the middle of a fetch does not say of which run it is.",
        ("renkei.runs.fetching:Fetching.fetch", "with about(run=str(run_id)), self", "with self"),
        tests="tests/engine/test_logs.py::test_each_line_says_of_which_run_and_company_it_is",
    ),
    bug(
        "label-in-the-bundle",
        "What stands in a configuration goes into the bundle for support as it is.",
        (
            "renkei.operation.bundle:redacted",
            'return f"{scheme[1]}:{REMOVED}" if scheme else REMOVED',
            "return text",
        ),
        tests="tests/web/test_doctor.py::test_a_bundle_names_nobody",
    ),
    bug(
        "value-in-the-bundle",
        "The bundle for support has the lines of the log as they are, whoever has written them.",
        ("renkei.operation.bundle:_line", "elif _may_be_told(key, value):", "else:"),
        tests="tests/web/test_doctor.py::test_a_bundle_names_nobody",
    ),
    bug(
        "doctor-overlooks-people",
        "The doctor finds nothing wrong where the dashboard will refuse to start.",
        ("renkei_runner.web:dashboard_stands", "refuse_left_behind(main)", "pass"),
        tests="tests/web/test_dashboard_on_server.py"
        "::test_people_who_were_left_behind_are_told_and_taken_along",
    ),
    bug(
        "doctor-migrates",
        "The doctor brings a store of an older renkei up to date, without being asked.",
        ("renkei.operation.doctor:Doctor._store", "if found != HEAD:", "if False:"),
        tests="tests/web/test_doctor.py::test_an_older_store_is_told_of_and_left",
    ),
)

BUGS: tuple[Bug, ...] = (
    *(*WRITING, *PROMISES, *STORE, *READING, *COMPARING, *DECIDING, *SHOWING, *KIT),
    *SCOPE,
    *COMPANIES,
    *RIGHTS,
    *KEEPING,
    *SCHEDULED,
    *ERRANDS,
    *CLUSTER,
    *TELLING,
    *OPERATED,
)
