from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from tests.e2e.office import REST
from tests.security.canaries import found

from renkei.errors import StoreError

if TYPE_CHECKING:
    from tests.e2e.office import Office

    from renkei.runs import Runs

Direction = tuple[str, str]

EVIL = ['=HYPERLINK("http://evil")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1", "x,=1"]


@pytest.mark.security(47)
def test_a_csv_runs_nothing_in_a_spreadsheet(office: Office) -> None:
    """Names that look like formulas are quoted; the file is UTF-8 with a mark, for Excel."""
    for index, name in enumerate(EVIL):
        office.box.smarthr.add(emp_code=f"E{index}", last_name=name, first_name="子", gender="male")
    run = office.fetched("smarthr", "touchontime")
    office.ask("sync", run, *office.everybody("touchontime"))
    numbers: set[str] = set()
    for command in ("plan", "report"):
        result = office.renkei(command, run, "--csv")
        assert result.code == 0
        assert result.out.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(result.out.removeprefix("\ufeff"))))
        assert {len(row) for row in rows} == {7 if command == "plan" else 8}
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if re.match(r"\s*[=+\-@\t＝]", cell)]
        numbers = {row[0] for row in rows}
    assert {f"E{index}" for index in range(len(EVIL))} <= numbers


def test_the_csv_of_a_report_accounts_for_everybody(office: Office) -> None:
    """One row for each employee of the plan, with the outcome in words."""
    run = office.synced("smarthr", "touchontime")
    rows = list(csv.DictReader(io.StringIO(office.renkei("report", run, "--csv").out[1:])))
    assert len(rows) == sum(office.ask("report", run).json["counts"].values())
    assert {row["outcome"] for row in rows} == {"created", "updated", "not selected"}


def test_a_page_needs_nothing_else(office: Office) -> None:
    """--html: private, escaped, no script, nothing from the network, in the language asked for."""
    office.box.smarthr.add(
        emp_code="H1", last_name="<script>alert(1)</script>", first_name="子", gender="male"
    )
    run = office.synced("smarthr", "touchontime")
    result = office.renkei("report", run, "--html", "report.html", "--lang", "ja")
    assert result.code == 0
    path = office.folder / "report.html"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text(encoding="utf-8")
    assert '<html lang="ja">' in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not re.search(r"""(src|href)\s*=|url\(|@import""", text)
    assert "default-src 'none'" in text


@pytest.mark.sqlite
def test_purging_keeps_counts_and_outcomes(office: Office) -> None:
    """Values and names of old runs go; what became of each chosen number stays."""
    run = office.synced("smarthr", "touchontime")
    before = office.ask("report", run).json
    assert before["outcomes"]["not_selected"] > 0
    before["items"] = [each for each in before["items"] if each["outcome"] != "not_selected"]
    name = next(iter(office.box.smarthr.people.values()))["last_name"]
    office.box.clock.advance(91 * 86400)
    assert office.ask("reports", "purge", "--older-than", "90d").json["purged"] == 1
    assert office.ask("report", run).json == before
    shown = office.renkei("report", run)
    assert "purged" in shown.out
    page = office.renkei("report", run, "--csv").out
    assert name not in page
    assert not {"name", "mail or address"} & set(found(office.store.read_bytes()))
    explained = office.ask("mapping", "explain", run, "0001")
    assert explained.code == 2
    assert "purged" in explained.error["message"]


def test_what_is_old_goes_by_itself(office: Office) -> None:
    """A command that runs anyway lets go of it; by hand it is done at once, and told."""
    office.configure(extra=f"{REST}\nretention: {{values: 90d, records: 5y}}")
    runs = [office.fetched("smarthr", "touchontime") for _ in range(2)]
    office.box.clock.advance(91 * 86400)
    assert office.ask("report", runs[0]).json["run"]
    assert "purged" in office.renkei("report", runs[0]).out
    assert office.ask("reports", "purge").json["purged"] == 0
    office.box.clock.advance(5 * 366 * 86400)
    told = office.ask("reports", "purge").json
    assert (told["purged"], told["removed"]) == (0, 1)
    assert [run["run"] for run in office.ask("reports").json["reports"]] == runs[1:]


def test_what_is_old_goes_after_a_failure_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what hinders that in the dashboard does not hide what the command has failed of."""
    office.configure(extra=f"{REST}\nretention: {{values: 90d}}")
    run = office.fetched("smarthr", "touchontime")
    office.box.clock.advance(91 * 86400)

    def hindered(_runs: Runs) -> None:
        raise StoreError("the dashboard's own file is locked")

    monkeypatch.setattr("renkei_runner.dashboard.lets_go", hindered)
    failed = office.renkei("report", "99")
    assert failed.code == 2
    assert "locked" not in failed.err
    assert "purged" in office.renkei("report", run).out


def test_reports_lists_the_latest_runs(office: Office) -> None:
    """Newest first, as many as asked for, each with its status."""
    assert "no runs yet" in office.renkei("reports").out
    runs = [office.fetched("smarthr", "touchontime") for _ in range(3)]
    listed = office.ask("reports", "--limit", "2").json["reports"]
    assert [each["run"] for each in listed] == [runs[2], runs[1]]
    assert all(each["status"] == "ready" for each in listed)


def test_explain_shows_how_a_difference_came_about(office: Office) -> None:
    """Field by field: what was read, translated and compared, and the verdict."""
    run = office.fetched("smarthr", "touchontime")
    [number] = office.box.cases["kanji_variant"]
    steps = office.ask("mapping", "explain", run, number).json["steps"]
    verdicts = {step["target_field"]: step["verdict"] for step in steps}
    assert verdicts["lastName"] == "differs"
    assert verdicts["firstName"] == "same"
    assert len(steps) == 10
    assert "高橋" in office.renkei("mapping", "explain", run, number).out


def test_the_built_in_mapping_is_good(office: Office) -> None:
    """`mapping check` needs no network; the schema is a JSON Schema."""
    assert office.ask("mapping", "check", "smarthr-touchontime").json["ok"] is True
    schema = json.loads(office.renkei("mapping", "schema").out)
    assert "$schema" in schema
    assert office.box.journal == []


def test_connectors_tells_what_each_can_do(office: Office) -> None:
    """All connectors with their hooks and fields, without a configuration; a file has its own."""
    (office.folder / "renkei.yaml").unlink()
    found = office.ask("connectors").json["connectors"]
    assert {each["name"] for each in found} == {"csv", "scim", "smarthr", "touchontime"}
    assert all(each["problem"] is None for each in found)
    assert all(bool(each["fields"]) == (each["name"] != "csv") for each in found)
    assert [each["name"] for each in found if each["account_fields"]] == ["csv", "scim", "smarthr"]
    assert "resignationDate" in office.renkei("connectors").out


def test_completion_is_a_script(office: Office) -> None:
    """`completion bash` prints what a shell can source."""
    result = office.renkei("completion", "bash")
    assert result.code == 0
    assert "_RENKEI_COMPLETE" in result.out


def screens(office: Office, language: str) -> dict[str, str]:
    """Return every screen of one whole flow with trouble in it, in one language."""
    run = str(len(office.ask("reports", "--limit", "100").json["reports"]) + 1)
    commands = [
        ["check"], ["connectors"], ["choices", "touchontime"], ["fetch", "smarthr", "touchontime"],
        ["plan", run], ["mapping", "explain", run, "0001"], ["sync", run], ["sync", "9999"],
        ["sync", run, "--difference", "new,changed"], ["sync", run, "--difference", "changed"],
        ["report", run], ["reports"], ["plan", run, "--csv"], ["report", run, "--csv"],
        ["fetch", "smarthr", "touchontime", "--date", "2001-01-01"], ["fetch", "smarthr"],
        ["fetch", "smarthr", "touchontime", "--date", "x"], ["--help"], ["sync", "--help"],
        ["cancel", run], ["mapping", "check", "smarthr-touchontime"],
    ]  # fmt: skip
    office.box.touchontime.faults.add("status", status=400, code=9001, kind="update", nth=2)
    shown = {}
    for words in commands:
        result = office.renkei("--lang", language, *words)
        name = " ".join("RUN" if word == run else word for word in words)
        shown[name] = result.out + result.err
    return shown


def test_every_screen_speaks_the_language_asked_for(office: Office) -> None:
    """Japanese and English differ on each screen, and no placeholder is left in either."""
    english, japanese = screens(office, "en"), screens(office, "ja")
    assert english.keys() == japanese.keys()
    for words, text in english.items():
        assert text.strip(), words
        assert text != japanese[words], words
        for shown in (text, japanese[words]):
            assert not re.search(r"\{[a-z_]*\}|%\(|%s", shown), (words, shown)
            assert "renkei." not in shown.replace("renkei.yaml", "").replace("renkei.db", "")
    kana = re.compile("[ぁ-んァ-ヶ]")
    without = [words for words, text in japanese.items() if not kana.search(text)]
    assert not without


@pytest.mark.parametrize("language", ["en", "ja"])
def test_errors_speak_the_language_too(office: Office, language: str) -> None:
    """The message of a JSON error follows --lang; its code never does."""
    office.box.touchontime.revoke()
    result = office.ask("--lang", language, "fetch", "smarthr", "touchontime")
    assert result.error["code"] == "access"
    japanese = re.search("[ぁ-ん]", result.error["message"])
    assert bool(japanese) == (language == "ja")
