"""Bugs in showing: words, reports, and who may see what."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
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
            "renkei_web.views.reports:_Wanted.has",
            "run.created_at.astimezone(JST).date()",
            "run.created_at.date()",
        ),
        tests="tests/web/test_everyday.py::test_reports_are_filtered_by_the_day_in_japan",
    ),
    bug(
        "deferred-is-no-doubt",
        "Whoever was deferred and is sent again as the process dies does not count as in doubt.",
        (
            "renkei.store.views:outcome_now",
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
            "renkei.runs.choosing:Choosing._refuse_another",
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
        ("renkei_web.office:Office.pause", "if worker not in self.work.pausing:", "if True:"),
        tests="tests/web/test_everyday.py::test_a_pause_is_asked_for_once",
    ),
)
