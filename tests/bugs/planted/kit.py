"""Bugs in the kit that proves connectors."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
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
            "renkei.plugins.sheet:_one_line",
            'told if result == "failed" else cases',
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
