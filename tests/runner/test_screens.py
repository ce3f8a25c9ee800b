from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from tests.runner.fakes import ITEMS, finished

from renkei.errors import (
    AccessError,
    ConfigurationError,
    RenkeiError,
    Said,
    SeveralErrors,
    UnusualError,
    UsageError,
)
from renkei.model import Item, Outcome, Remark, Status, Try
from renkei.people import Choice, Finding
from renkei.runs import Checked
from renkei.words.i18n import speaking
from renkei.words.sentences import outcome_text
from renkei_runner import output

if TYPE_CHECKING:
    from tests.runner.fakes import FakeRuns, Renkei

RUN = {
    "schema_version": 1,
    "run": "7",
    "status": "ready",
    "source": "smarthr",
    "target": "touchontime",
    "base_date": "2026-11-22",
    "notices": [],
    "counts": {"new": 1, "changed": 1, "same": 1, "blocked": 1},
}
HISTORY = {
    "fetched_at": "2026-11-22T12:00:00+09:00",
    "sync_started_at": None,
    "finished_at": None,
    "fetched_by": "keiko@pc",
    "chosen_by": None,
    "synced_by": None,
    "allowed_by": None,
    "taken_over_by": None,
    "again_of": None,
}
LEFT = Remark("left_before_base", ("2", "2026-11-14", "0042", "0043"))


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


def test_each_hint_stands_behind_its_own_message(renkei: Renkei, runs: FakeRuns) -> None:
    """What helps against two mistakes is said with the first; JSON keeps messages and hints."""
    said = [Said("A.", "do a"), Said("B."), Said("C.", "do c"), Said("D.", "do a")]
    runs.after = SeveralErrors(said, code="new_values")
    assert renkei("resume", "7").err == "A. do a\nB.\nC. do c\nD.\n"
    error = renkei("resume", "7", "--output", "json").json["error"]
    assert (error["message"], error["hint"]) == ("A.\nB.\nC.\nD.", "do a\ndo c")
    assert error["code"] == "new_values"


def test_fetch_tells_what_to_do_next(renkei: Renkei) -> None:
    """The screen of a fetch ends with the commands that look at it and write it."""
    out = renkei("fetch", "smarthr", "touchontime").out
    assert "smarthr → touchontime" in out
    assert "renkei plan 7" in out
    assert "renkei sync 7" in out


ABOUT_A_RUN = (
    ("fetch", "smarthr", "touchontime"),
    ("run", "smarthr", "touchontime", "--dry-run"),
    ("run", "smarthr", "touchontime", "--yes"),
    ("plan", "7"),
    ("sync", "7", "--yes"),
    ("resume", "7"),
    ("report", "7"),
    ("cancel", "7"),
)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("words", ABOUT_A_RUN, ids=" ".join)
def test_every_document_about_a_run_has_its_notices(
    renkei: Renkei, runs: FakeRuns, words: tuple[str, ...], language: str
) -> None:
    """As a code for programs with what it is about, and as a sentence in the language asked for."""
    runs.state = evolve(runs.state, notices=(LEFT,))
    [notice] = renkei("--lang", language, *words, "--output", "json").json["notices"]
    assert (notice["code"], notice["about"]) == (LEFT.code, list(LEFT.about))
    assert "2026-11-14" in notice["message"]
    assert "0042, 0043" in notice["message"].replace("、", ", ")
    assert bool(re.search("[ぁ-ん]", notice["message"])) == (language == "ja")


@pytest.mark.parametrize("words", ABOUT_A_RUN[:4], ids=" ".join)
def test_notices_are_seen_before_anything_is_written(
    renkei: Renkei, runs: FakeRuns, words: tuple[str, ...]
) -> None:
    """On the screen; in JSON mode a person finds them on standard error too."""
    runs.state = evolve(runs.state, notices=(LEFT,))
    assert "base date 2026-11-14" in renkei(*words).out
    assert "0042, 0043" in renkei(*words, "--output", "json").err


def test_a_run_that_is_refused_keeps_its_notices(renkei: Renkei, runs: FakeRuns) -> None:
    """What the fetch has found is told together with why nothing was sent."""
    runs.state = evolve(runs.state, notices=(LEFT,))
    runs.after = UnusualError("Too many.")
    document = renkei("run", "smarthr", "touchontime", "--yes", "--output", "json").json
    assert document["error"]["code"] == "unusual"
    assert document["notices"][0]["code"] == "left_before_base"


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
    """Each employee's outcome, reason, the system's words and earlier tries; exit 0 always."""
    reason = Remark("refused", ("emailAddresses",))
    failed = evolve(
        runs.people[0],
        outcome=Outcome.FAILED,
        outcome_reason=reason,
        detail="E-mail is wrong",
        earlier=(Try(Outcome.FAILED, Remark("gone"), "Not there"), Try(Outcome.FAILED)),
    )
    runs.people = (failed, evolve(runs.people[1], outcome=Outcome.CREATED))
    runs.state = evolve(
        runs.state, status=Status.PAUSED, outcomes={Outcome.FAILED: 1, Outcome.CREATED: 1}
    )
    result = renkei("report", "7", "--output", "json")
    assert result.code == 0
    assert result.json["outcomes"]["failed"] == 1
    assert result.json["items"] == [
        {
            "number": "0417",
            "outcome": "failed",
            "reason": "refused",
            "detail": "E-mail is wrong",
            "earlier": [
                {"outcome": "failed", "reason": "gone", "detail": "Not there"},
                {"outcome": "failed", "reason": None, "detail": None},
            ],
        },
        {"number": "0500", "outcome": "created", "reason": None, "detail": None, "earlier": []},
    ]


def an_outcome(number: str, outcome: Outcome | None, **more: Any) -> Item:
    """Return somebody of a report."""
    return evolve(ITEMS[0], number=number, name=f"name {number}", outcome=outcome, **more)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_report_on_the_screen_has_everybody(renkei: Renkei, runs: FakeRuns, language: str) -> None:
    """Everyone with an outcome, whichever, with number and name; those without are left out."""
    ended = [each for each in Outcome if each is not Outcome.NOT_SELECTED]
    runs.people = (
        *(an_outcome(f"0{index}", each) for index, each in enumerate(ended, 1)),
        an_outcome("97", Outcome.NOT_SELECTED),
        an_outcome("98", None),
    )
    runs.state = evolve(runs.state, status=Status.DONE_WITH_ERRORS, outcomes={Outcome.FAILED: 1})
    out = renkei("--lang", language, "report", "7").out
    assert "keiko@pc" in out
    assert "2026-11-22 12:00 JST" in out
    assert len(ended) == 6
    with speaking(language):
        lines = [f"{outcome_text(each)}  0{n}  name 0{n}" for n, each in enumerate(ended, 1)]
    assert set(lines) <= set(out.splitlines())
    assert "name 97" not in out
    assert "name 98" not in out


def test_report_on_the_screen_has_the_systems_words(renkei: Renkei, runs: FakeRuns) -> None:
    """Behind the employee whom they are about, with what became of earlier tries."""
    earlier = (Try(Outcome.FAILED, Remark("gone"), "Nobody\nof that id"),)
    refused = Remark("refused", ("lastName",))
    runs.people = (
        an_outcome("01", Outcome.FAILED, outcome_reason=refused, detail="姓が\n不正です"),
        an_outcome("02", Outcome.UPDATED, earlier=earlier),
    )
    runs.state = evolve(runs.state, status=Status.DONE_WITH_ERRORS, outcomes={Outcome.FAILED: 1})
    first, second = renkei("report", "7").out.split("updated  02  name 02")[1].split("failed  01")
    assert "An earlier try: failed. No longer in touchontime." in first
    assert "The system says: Nobody / of that id" in first
    assert "The system says: 姓が / 不正です" in second


def test_a_sync_keeps_the_systems_words_to_the_report(renkei: Renkei, runs: FakeRuns) -> None:
    """They may quote people, and a schedule keeps what a sync prints: it names the command."""
    refused = Remark("refused", ("lastName",))
    failed = an_outcome("01", Outcome.FAILED, outcome_reason=refused, detail="姓が不正です")
    runs.people, runs.after = (failed,), finished(Status.DONE_WITH_ERRORS, failed=1)
    out = renkei("sync", "7", "--yes").out
    assert "01" in out
    assert "renkei report 7" in out
    assert "姓が不正です" not in out


def test_report_tells_who_did_what(renkei: Renkei, runs: FakeRuns) -> None:
    """Who fetched, chose, synced, allowed and took over: on the screen and in the document."""
    who: dict[str, Any] = {
        "who": "fumi",
        "chosen_by": "chie",
        "synced_by": "sato",
        "allowed_by": "aoi",
        "taken_over_by": "toru",
    }
    runs.state = evolve(runs.state, **who)
    out = renkei("report", "7").out
    assert {"Fetched by: fumi", "Chosen by: chie", "Synced by: sato"} <= set(out.splitlines())
    assert {"Unusual changes allowed by: aoi", "Taken over by: toru"} <= set(out.splitlines())
    for document in (
        renkei("report", "7", "--output", "json").json,
        renkei("reports", "--output", "json").json["reports"][0],
    ):
        found = {"who": document["fetched_by"], **{name: document.get(name) for name in who}}
        assert {**found, "who": document["fetched_by"]} == who


def test_times_are_iso(renkei: Renkei, runs: FakeRuns) -> None:
    """Programs read when a run was fetched, when its sync began and when it ended."""
    begun = dt.datetime(2026, 11, 22, 14, 59, 59, 999999, tzinfo=dt.UTC)
    ended = dt.datetime(2026, 11, 22, 15, 0, tzinfo=dt.UTC)
    runs.state = evolve(runs.state, sync_started_at=begun, finished_at=ended, **finished(created=1))
    for document in (
        renkei("report", "7", "--output", "json").json,
        renkei("reports", "--output", "json").json["reports"][0],
    ):
        assert document["fetched_at"] == "2026-11-22T12:00:00+09:00"
        assert document["sync_started_at"] == "2026-11-22T23:59:59+09:00"
        assert document["finished_at"] == "2026-11-23T00:00:00+09:00"
        assert document["outcomes"]["created"] == 1


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
    parts = {key: RUN[key] for key in RUN if key not in ("schema_version", "notices")}
    assert renkei("reports", "--output", "json").json["reports"] == [parts | HISTORY]


def test_reports_count_what_became_of_a_run(renkei: Renkei, runs: FakeRuns) -> None:
    """Created, updated and failed of each run; a dash as long as nothing was synced."""

    def row() -> list[str]:
        [line] = [each for each in renkei("reports").out.splitlines() if " → " in each]
        return line.split("2026-11-22")[-1].split()

    assert row() == ["1", "1", "-", "-", "-", "ready", "to", "sync"]
    runs.state = evolve(runs.state, **finished(created=1200, updated=3, failed=4))
    assert row() == ["1", "1", "1,200", "3", "4", "done"]
    header = next(each for each in renkei("reports").out.splitlines() if "direction" in each)
    assert header.split()[-4:] == ["created", "updated", "failed", "status"]


def test_purge_tells_how_many(renkei: Renkei, runs: FakeRuns) -> None:
    """`reports purge` takes an age in days, 90 by default, and says what is kept."""
    assert "3 runs" in renkei("reports", "purge", "--older-than", "90d").out
    assert "purge 90" in runs.calls
    assert renkei("reports", "purge", "--older-than", "90").code == 2
    by_rules = renkei("reports", "purge").out
    assert "3 runs" in by_rules
    assert "2 runs are removed" in by_rules
    assert "let go 90" in runs.calls


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


def test_a_table_reads_the_same_whether_it_is_folded_or_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What fits is printed without the library that folds cells, and looks no different."""
    heads = ["会社", "name", "件数"]
    rows = [["株式会社𠮷野 髙", "a", "7"], ["", "ｶﾅ\u3000—", "1,234"], ["é ", "", "-"]]
    output.table(heads, rows, right=(2,))
    straight = capsys.readouterr().out
    output._folded(heads, rows, (2,), output.WIDE)
    assert capsys.readouterr().out == straight
    output._folded(heads, rows, (2,), 20)
    assert capsys.readouterr().out != straight
