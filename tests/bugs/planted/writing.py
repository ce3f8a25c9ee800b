"""Bugs in writing: what is sent, sent again, and known of afterwards."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
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
        "doubt-not-counted",
        "What has just left is not among the writes that may be in doubt: nobody is looked up.",
        ("renkei.sync.record:Recorder._settle", "self._open.update(intended)", "pass"),
        tests="tests/engine/test_apply.py::test_a_create_whose_answer_was_lost_is_looked_up",
    ),
    bug(
        "doubt-is-a-failure",
        "A write in doubt is recorded as failed.",
        (
            "renkei.sync.verdict:Verdict.unknown",
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
            "self._with_number(self._late(still_absent))",
            "self._late(still_absent)",
        ),
        tests="tests/e2e/test_lost_answers.py"
        "::test_a_lost_create_without_its_number_is_not_sent_again[garbage]",
    ),
    bug(
        "resume-sends-what-is-in-doubt",
        "After an interrupt a write in doubt is sent again before anybody has looked.",
        ("renkei.sync.apply:Apply.carry_out", "self.doubts.look_up()", "pass"),
        ("renkei.sync.apply:Apply._open", "item.position in waiting or", ""),
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
        "::test_a_create_whose_answer_was_lost_is_looked_up[InDoubtError]",
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
        ("renkei.sync.verdict:Verdict.refuse_system", "self.blame_people()", "self._row.clear()"),
        (
            "renkei.store.journal:_done",
            'connection.execute(_UNDONE, {"run": run_id})',
            (
                "connection.execute(sa.select(items.c.position)"
                '.where(items.c.run_id == run_id, items.c.outcome == "failed"))'
            ),
        ),
        tests="tests/engine/test_whose_fault.py"
        "::test_whoever_was_tried_has_an_end[refused-refused-late]",
    ),
    bug(
        "no-look-before-a-create",
        "Nobody looks whether the employee has been created since the fetch.",
        (
            "renkei.sync.apply:Apply._create",
            "hits = seen.by_number.get(number, [])",
            "hits = []",
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
            "changed = self.look.changed(item, current)",
            "changed = ()",
        ),
        tests="tests/engine/test_runs.py::test_somebody_changed_since_the_fetch_is_not_overwritten",
    ),
    bug(
        "old-values-of-the-source",
        "A plan writes back what another run has meanwhile changed in its source.",
        ("renkei.sync.run:Sync._apply", "rewritten = before.rewritten", "rewritten = frozenset()"),
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
        (
            "renkei.sync.record:Recorder.__attrs_post_init__",
            "if left_out else None",
            "if False else None",
        ),
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
