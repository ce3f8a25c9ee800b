from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from renkei.errors import AccessError, ConfigurationError, RenkeiError, UsageError
from renkei.model import Choice, Finding, Outcome, Remark, Status
from renkei.runs import Checked

if TYPE_CHECKING:
    from tests.runner.conftest import FakeRuns, Renkei

RUN = {
    "schema_version": 1,
    "run": "7",
    "status": "ready",
    "source": "smarthr",
    "target": "touchontime",
    "base_date": "2026-11-22",
    "counts": {"new": 1, "changed": 1, "same": 1, "blocked": 1},
}


def test_fetch_prints_the_run_and_its_counts(renkei: Renkei, runs: FakeRuns) -> None:
    """The document of a fetch is the contract with scripts, its order included."""
    result = renkei("fetch", "smarthr", "touchontime", "--date", "2026-04-01", "--output", "json")
    assert result.json == RUN
    assert list(result.json) == list(RUN)
    assert runs.calls[0] == "fetch smarthr touchontime 2026-04-01"


def test_plan_shows_what_was_chosen_for_a_new_employee(renkei: Renkei, runs: FakeRuns) -> None:
    """Among the other fields, by the label of the choice; a blank in a number can be seen."""
    chosen = {"typeCode": Choice("1", "正社員")}
    runs.people = (evolve(runs.people[1], number="0500\u3000", new_values=chosen),)
    out = renkei("plan", "7").out
    assert "0500␣" in out
    assert "    typeCode: 正社員\n" in out
    assert "typeCode" in renkei("plan", "7", "--csv").out


def test_a_hint_stands_behind_the_sentence_and_apart_in_json(
    renkei: Renkei, runs: FakeRuns
) -> None:
    """A person reads what to type; a program can leave it out."""
    runs.after = UsageError("Nobody has been chosen.", code="nothing_chosen", hint="Type this.")
    assert renkei("resume", "7").err == "Nobody has been chosen. Type this.\n"
    error = renkei("resume", "7", "--output", "json").json["error"]
    assert (error["message"], error["hint"]) == ("Nobody has been chosen.", "Type this.")


def test_fetch_tells_what_to_do_next(renkei: Renkei) -> None:
    """The screen of a fetch ends with the commands that look at it and write it."""
    out = renkei("fetch", "smarthr", "touchontime").out
    assert "smarthr → touchontime" in out
    assert "renkei plan 7" in out
    assert "renkei sync 7" in out


def test_notices_stand_beside_the_document(renkei: Renkei, runs: FakeRuns) -> None:
    """A notice is on the screen; in JSON mode it goes to standard error."""
    notice = Remark("left_before_base", ("2", "2026-11-14", "0042", "0043"))
    runs.state = evolve(runs.state, notices=(notice,))
    assert "base date 2026-11-14" in renkei("fetch", "smarthr", "touchontime").out
    result = renkei("fetch", "smarthr", "touchontime", "--output", "json")
    assert result.json == RUN
    assert "0042, 0043" in result.err


@pytest.mark.parametrize("date", ["2026-02-30", "20260401", "tomorrow", "２０２６-０４-０１"])
def test_a_date_that_is_none(renkei: Renkei, date: str) -> None:
    """A base date is written YYYY-MM-DD; anything else is a usage error that repeats it."""
    result = renkei("fetch", "smarthr", "touchontime", "--date", date)
    assert result.code == 2
    assert date in result.err


def test_plan_shows_each_field_before_and_after(renkei: Renkei) -> None:
    """Number, name and every field are readable; control characters of a name are spelt out."""
    out = renkei("plan", "7").out
    assert "changed  0417  山田 \\x1b[31m太郎" in out
    assert "    lastName: 佐藤 → 山田" in out
    assert "    resignationDate: (empty) → 2026-03-31" in out
    assert "    lastName: 鈴木" in out
    assert "No employee number" in out


def test_those_without_a_difference_do_not_fill_the_screen(renkei: Renkei) -> None:
    """The screen leaves out who is the same, and tells the command that shows them."""
    out = renkei("plan", "7").out
    assert "0600" not in out
    assert "renkei plan 7 --difference same" in out
    assert "0600" in renkei("plan", "7", "--difference", "same").out


def test_plan_as_a_document(renkei: Renkei) -> None:
    """The document of a plan has the target's fields, codes as reasons and no names."""
    items = renkei("plan", "7", "--output", "json").json["items"]
    assert items[0] == {
        "number": "0417",
        "difference": "changed",
        "changes": [
            {"field": "lastName", "before": "佐藤", "after": "山田"},
            {"field": "resignationDate", "before": None, "after": "2026-03-31"},
        ],
        "reasons": [],
        "notes": [],
    }
    assert items[1]["notes"] == ["wanted_missing"]
    assert items[3] == {
        "number": None, "difference": "blocked", "changes": [], "reasons": ["no_number"],
        "notes": [],
    }  # fmt: skip


def test_plan_can_be_filtered(renkei: Renkei) -> None:
    """`--difference` and `--number` narrow the plan."""
    document = renkei("plan", "7", "--difference", "new,same", "--output", "json").json
    assert [item["number"] for item in document["items"]] == ["0500", "0600"]
    out = renkei("plan", "7", "--number", "0500").out
    assert "0500" in out
    assert "0417" not in out


def test_an_unknown_difference_is_named(renkei: Renkei) -> None:
    """A misspelt difference is repeated beside those that exist."""
    result = renkei("plan", "7", "--difference", "changd")
    assert result.code == 2
    assert "changd" in result.err
    assert "blocked" in result.err


def test_plan_as_a_spreadsheet(renkei: Renkei) -> None:
    """`plan --csv` has one row for every changed field, and a mark that Excel understands."""
    out = renkei("plan", "7", "--csv").out
    assert out.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(out.removeprefix("\ufeff"))))
    assert rows[0][0] == "number"
    assert rows[1] == ["0417", "山田 \\x1b[31m太郎", "changed", "lastName", "佐藤", "山田", ""]
    assert len(rows) == 6


def test_a_csv_is_no_json(renkei: Renkei) -> None:
    """Two formats at once are refused."""
    result = renkei("plan", "7", "--csv", "--output", "json")
    assert (result.code, result.json["error"]["code"]) == (2, "usage")


def test_report_as_a_document(renkei: Renkei, runs: FakeRuns) -> None:
    """A report has each employee's outcome and reason, and exits 0 for any status."""
    reason = Remark("refused", ("emailAddresses",))
    failed = evolve(runs.people[0], outcome=Outcome.FAILED, outcome_reason=reason)
    runs.people = (failed, evolve(runs.people[1], outcome=Outcome.CREATED))
    runs.state = evolve(
        runs.state, status=Status.PAUSED, outcomes={Outcome.FAILED: 1, Outcome.CREATED: 1}
    )
    result = renkei("report", "7", "--output", "json")
    assert result.code == 0
    assert result.json["outcomes"]["failed"] == 1
    assert result.json["items"] == [
        {"number": "0417", "outcome": "failed", "reason": "refused"},
        {"number": "0500", "outcome": "created", "reason": None},
    ]


def test_report_on_the_screen(renkei: Renkei, runs: FakeRuns) -> None:
    """The screen has the run's facts and only those who need attention."""
    failed = evolve(runs.people[0], outcome=Outcome.FAILED, outcome_reason=Remark("gone"))
    runs.people = (failed, evolve(runs.people[1], outcome=Outcome.CREATED))
    runs.state = evolve(runs.state, status=Status.DONE_WITH_ERRORS, outcomes={Outcome.FAILED: 1})
    out = renkei("report", "7").out
    assert "keiko@pc" in out
    assert "2026-11-22 12:00 JST" in out
    assert "0417" in out
    assert "鈴木" not in out


def test_report_as_a_page(renkei: Renkei, tmp_path: Path) -> None:
    """`report --html` writes a page that only its owner can read."""
    assert renkei("report", "7", "--html", "report.html").code == 0
    page = tmp_path / "report.html"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "0417" in page.read_text()


def test_an_unknown_run(renkei: Renkei) -> None:
    """A run that does not exist is a usage error, whatever is asked of it."""
    for command in ("plan", "sync", "resume", "cancel", "report"):
        result = renkei(command, "99", "--output", "json")
        assert result.code == 2
        assert result.json["error"]["where"] == "99"


def test_reports_lists_the_latest(renkei: Renkei) -> None:
    """`reports` shows a table and the command for more; as a document it has the runs."""
    out = renkei("reports").out
    assert "smarthr → touchontime" in out
    assert "renkei report 7" in out
    parts = {key: value for key, value in RUN.items() if key != "schema_version"}
    assert renkei("reports", "--output", "json").json["reports"] == [parts]


def test_purge_tells_how_many(renkei: Renkei, runs: FakeRuns) -> None:
    """`reports purge` takes an age in days, 90 by default, and says what is kept."""
    assert "3 runs" in renkei("reports", "purge", "--older-than", "90d").out
    assert "purge 90" in runs.calls
    assert renkei("reports", "purge", "--older-than", "90").code == 2
    assert "3 runs" in renkei("reports", "purge").out


def test_choices_as_a_document(renkei: Renkei) -> None:
    """The document of choices has the vendor's names, both labels and the codes."""
    document = renkei("choices", "touchontime", "--output", "json").json
    assert document["connection"] == "touchontime"
    assert document["fields"][1] == {
        "name": "typeCode",
        "label": {"ja": "雇用区分", "en": "Employment type"},
        "choices": [{"code": "1", "label": "正社員"}],
    }


def test_choices_show_how_to_use_them(renkei: Renkei) -> None:
    """The screen ends with options that can be pasted."""
    out = renkei("choices", "touchontime").out
    assert "大阪支店" in out
    assert "--new divisionCode=1000 --new typeCode=1" in out


def test_a_template_is_written_once(renkei: Renkei, tmp_path: Path) -> None:
    """`--template` writes a file to fill in, and never replaces one that may be filled in."""
    assert renkei("choices", "touchontime", "--template", "new.csv").code == 0
    text = (tmp_path / "new.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == '"number","divisionCode","typeCode"'
    assert "大阪支店" in text
    result = renkei("choices", "touchontime", "--template", "new.csv")
    assert result.code == 2
    assert "new.csv" in result.err


def test_check_passes_with_warnings(renkei: Renkei) -> None:
    """A warning does not stop the work: exit code 0, and what to do next."""
    result = renkei("check")
    assert result.code == 0
    assert "may not write" in result.out
    assert "renkei fetch smarthr touchontime" in result.out


@pytest.mark.parametrize(
    ("subject", "error", "code"),
    [
        ("smarthr", AccessError("refused"), 4),
        ("smarthr", None, 4),
        ("smarthr", ConfigurationError("refused"), 3),
        ("smarthr-touchontime", ConfigurationError("refused"), 3),
    ],
)
def test_check_fails_with_a_problem(
    renkei: Renkei, runs: FakeRuns, subject: str, error: RenkeiError | None, code: int
) -> None:
    """A refused token gives 4, a missing variable or a bad mapping 3; the subject is named."""
    findings = (Finding("problem", "refused"),)
    runs.checks = (Checked(subject=subject, findings=findings, error=error),)
    result = renkei("check", "--output", "json")
    assert result.code == code
    assert result.json["ok"] is False
    assert result.json["error"] == {
        "code": "check",
        "message": "refused",
        "where": subject,
        "hint": None,
    }
    assert "refused" in renkei("check").out


def test_explain_shows_each_step(renkei: Renkei) -> None:
    """`mapping explain` shows the line of the mapping and what it made of a value."""
    out = renkei("mapping", "explain", "7", "0417").out
    assert "last_name" in out
    assert "佐藤" in out
    (step,) = renkei("mapping", "explain", "7", "0417", "--output", "json").json["steps"]
    assert step["line"] == 9


def test_the_schema_is_json(renkei: Renkei) -> None:
    """`mapping schema` prints a JSON Schema for editors."""
    assert "$schema" in json.loads(renkei("mapping", "schema").out)


def test_a_wrong_mapping_is_told_line_by_line(renkei: Renkei, tmp_path: Path) -> None:
    """Each mistake of a mapping stands alone as PATH:LINE:COLUMN: message, and the code is 3."""
    (tmp_path / "bad.yaml").write_text("sides: [smarthr, touchontime]\nfeilds: []\n")
    result = renkei("mapping", "check", "./bad.yaml")
    assert result.code == 3
    assert any(":2:1: " in line and "feilds" in line for line in result.err.splitlines())


def test_all_mistakes_of_a_mapping_are_told_in_one_go(renkei: Renkei, tmp_path: Path) -> None:
    """An unknown key hides no misspelt field."""
    lines = [
        "sides: [smarthr, touchontime]",
        "fields:",
        "  - {pair: [emp_code, code]}",
        "  - {pair: [last_nam, lastName], optonal: true}",
        "  - {pair: [email, emailAddress]}",
    ]
    (tmp_path / "bad.yaml").write_text("\n".join(lines))
    result = renkei("mapping", "check", "./bad.yaml")
    assert result.code == 3
    told = "\n".join(result.err.splitlines())
    assert all(f'"{word}"' in told for word in ("last_nam", "optonal", "emailAddress"))


def test_what_a_mapping_leaves_unfilled_is_told_and_is_no_mistake(
    renkei: Renkei, tmp_path: Path
) -> None:
    """Without the gender nobody new can be created in Touch On Time: said, and the code is 0."""
    lines = [
        "sides: [smarthr, touchontime]",
        "fields:",
        "  - {pair: [emp_code, code]}",
        "  - {pair: [last_name, lastName]}",
        "  - {pair: [first_name, firstName]}",
    ]
    (tmp_path / "thin.yaml").write_text("\n".join(lines))
    result = renkei("mapping", "check", "./thin.yaml")
    assert result.code == 0
    assert "gender" in result.out
    assert "divisionCode" not in result.out
    (warning,) = renkei("mapping", "check", "./thin.yaml", "--output", "json").json["warnings"]
    assert "gender" in warning
    built_in = renkei("mapping", "check", "smarthr-touchontime", "--output", "json").json
    assert built_in["warnings"] == []


def test_wide_characters_keep_tables_straight(renkei: Renkei, runs: FakeRuns) -> None:
    """A choice with full-width characters does not shift the columns."""
    lines = renkei("choices", "touchontime").out.splitlines()
    rows = [line for line in lines if line.startswith((" 1000", "1000", " 2000", "2000"))]
    assert (
        len({line.index(word) for line, word in zip(rows, ("本社", "大阪支店"), strict=True)}) == 1
    )
