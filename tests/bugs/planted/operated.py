"""Bugs in what keeps an installation in order."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
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
        ("renkei.runs.fetching:Fetching._once", "with about(run=str(run_id)), self", "with self"),
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
        ("renkei_runner.dashboard:stands", "refuse_left_behind(main)", "pass"),
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
