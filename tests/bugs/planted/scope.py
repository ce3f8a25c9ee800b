"""Bugs in whom a pair is for."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "outside-is-read",
        "Whoever is outside of the scope is compared like anybody.",
        (
            "renkei.plan.reading:_read_once",
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
            "renkei.plan.draft:Draft._find_known",
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
            "elif number in seen.taken:",
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
            "renkei.sync.run:Sync._in_source",
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
