from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]


def test_the_document_of_a_fetch_is_the_contract(office: Office, direction: Direction) -> None:
    """`fetch --output json` prints exactly these fields in this order; `accounts` only at first."""
    source, target = direction
    document = office.ask("fetch", source, target).json
    assert list(document) == [
        "schema_version", "run", "status", "source", "target", "base_date", "notices", "accounts",
        "counts",
    ]  # fmt: skip
    account = ["connection", "name", "ids", "corporate_numbers", "confirmed"]
    assert [list(each) for each in document["accounts"]] == [account, account]
    assert all(list(notice) == ["code", "about", "message"] for notice in document["notices"])
    assert document["run"] == "1"
    assert document["status"] == "ready"
    assert (document["source"], document["target"]) == direction
    assert document["base_date"] == "2026-11-20"
    assert list(document["counts"]) == ["new", "changed", "same", "blocked"]
    assert all(isinstance(count, int) for count in document["counts"].values())


def test_the_document_of_a_plan_is_the_contract(office: Office) -> None:
    """`plan` adds one item per employee, in the target's field names."""
    run = office.fetched("smarthr", "touchontime")
    document = office.ask("plan", run).json
    assert list(document)[-2:] == ["counts", "items"]
    assert len(document["items"]) == sum(document["counts"].values())
    for item in document["items"]:
        assert list(item)[:5] == ["number", "difference", "changes", "reasons", "notes"]
        assert set(list(item)[5:]) <= {"look_first", "candidates"}
        assert all(list(change) == ["field", "before", "after"] for change in item["changes"])
    [kana] = office.box.cases["no_kana_touchontime"]
    changes = office.plan(run)[kana]["changes"]
    assert [change["field"] for change in changes] == ["lastNamePhonetics", "firstNamePhonetics"]
    assert all(change["before"] is None for change in changes)


def test_plan_shows_only_what_is_asked_for(office: Office) -> None:
    """`--difference` and `--number` narrow the plan; the counts stay those of the run."""
    run = office.fetched("smarthr", "touchontime")
    whole = office.ask("plan", run).json
    some = office.ask("plan", run, "--difference", "new,blocked").json
    assert {item["difference"] for item in some["items"]} == {"new", "blocked"}
    assert some["counts"] == whole["counts"]
    one = office.ask("plan", run, "--number", "0001").json
    assert [item["number"] for item in one["items"]] == ["0001"]
    assert office.ask("plan", run, "--number", "nobody").code == 2


def test_the_documents_of_sync_and_report_are_the_contract(
    office: Office, direction: Direction
) -> None:
    """`sync` adds the outcomes; `report` prints the same, when, who, and an item for everybody."""
    source, target = direction
    run = office.fetched(source, target)
    counts = office.ask("plan", run).json["counts"]
    synced = office.ask("sync", run, *office.everybody(target))
    assert synced.code == 0
    assert list(synced.json)[-2:] == ["counts", "outcomes"]
    assert synced.json["status"] == "done"
    outcomes = synced.json["outcomes"]
    assert list(outcomes) == [
        "created", "updated", "unchanged", "not_selected", "failed", "unknown", "deferred",
    ]  # fmt: skip
    assert outcomes["created"] == counts["new"]
    assert outcomes["updated"] == counts["changed"]
    assert outcomes["not_selected"] == counts["same"] + counts["blocked"]
    report = office.ask("report", run)
    assert report.code == 0
    items = report.json.pop("items")
    assert {name: report.json[name] for name in synced.json} == synced.json
    history = [name for name in report.json if name not in {*synced.json, "items"}]
    assert history == [
        "fetched_at", "sync_started_at", "finished_at",
        "fetched_by", "chosen_by", "synced_by", "allowed_by", "taken_over_by", "again_of",
    ]  # fmt: skip
    [listed] = office.ask("reports").json["reports"]
    assert {name: listed[name] for name in history} == {n: report.json[n] for n in history}
    times = [dt.datetime.fromisoformat(str(report.json[name])) for name in history[:3]]
    assert times == sorted(times)
    assert report.json["fetched_by"] == report.json["chosen_by"] == report.json["synced_by"]
    shape = ["number", "outcome", "reason", "detail", "earlier"]
    assert all(list(item) == shape for item in items)


@pytest.mark.fault("F32")
def test_the_report_accounts_for_everybody(office: Office, direction: Direction) -> None:
    """Each item of a report has an outcome, and together they are the counts."""
    source, target = direction
    run = office.synced(source, target)
    document = office.ask("report", run).json
    counted: dict[Any, int] = dict.fromkeys(document["outcomes"], 0)
    for item in document["items"]:
        counted[item["outcome"]] += 1
    assert counted == document["outcomes"]


def test_the_whole_flow_in_words(office: Office, direction: Direction) -> None:
    """Each screen says what there is, and which command comes next; stderr has the estimate."""
    source, target = direction
    fetched = office.renkei("fetch", source, target)
    assert fetched.code == 0
    assert f"Run 1: {source} → {target}, base date 2026-11-20, ready to sync" in fetched.out
    assert "renkei sync 1" in fetched.out
    assert fetched.err == "Estimate: not known before the first fetch in this direction.\n"
    assert "→" in office.renkei("plan", "1").out
    synced = office.renkei("sync", "1", *office.everybody(target))
    assert synced.code == 0
    assert "Run 1: done" in synced.out
    assert "Estimate: " in synced.err
    reports = office.renkei("reports")
    assert f"{source} → {target}" in reports.out
    report = office.renkei("report", "1")
    assert "Fetched by: " in report.out
    assert "Synced by: " in report.out
    again = office.renkei("fetch", source, target)
    assert "There is nothing to do." in again.out


def test_nobody_is_chosen_unless_somebody_says_so(office: Office) -> None:
    """`sync` without a choice and without a terminal is a usage error and sends nothing."""
    run = office.fetched("smarthr", "touchontime")
    result = office.ask("sync", run)
    assert (result.code, result.error["code"]) == (2, "nothing_chosen")
    assert result.json["status"] == "ready"
    assert office.sent() == []
    assert office.ask("resume", run).code == 2


def test_a_person_at_a_terminal_is_asked(office: Office) -> None:
    """With counts first, then for what new employees need; the answers are used."""
    run = office.fetched("smarthr", "touchontime")
    refused = office.renkei("sync", run, answers="n\n")
    assert refused.code == 0
    assert "Nothing was sent." in refused.out
    assert office.sent() == []
    done = office.renkei("sync", run, answers="y\n2\n1\n")
    assert done.code == 0, done.err
    created = [e.body for e in office.box.writes("touchontime") if e.kind == "create"]
    divisions, kinds = (
        office.box.touchontime.masters[t][i]["code"]
        for t, i in (("divisions", 1), ("working-types", 0))
    )
    assert {(b["divisionCode"], b["typeCode"]) for b in created} == {(divisions, kinds)}


def test_same_employees_may_be_chosen_and_end_as_unchanged(office: Office) -> None:
    """`same` is chosen without a write."""
    run = office.fetched("smarthr", "touchontime")
    result = office.ask("sync", run, "--difference", "same")
    assert result.code == 0
    assert result.json["outcomes"]["unchanged"] == result.json["counts"]["same"]
    assert office.sent() == []


def test_a_run_that_has_sent_nothing_may_be_chosen_anew(office: Office) -> None:
    """As its last line says: an outcome without a request is no beginning."""
    run = office.fetched("smarthr", "touchontime")
    first = office.renkei("sync", run, "--difference", "same")
    assert f"renkei sync {run}" in first.out
    number = office.numbers(run, "changed")[0]
    again = office.ask("sync", run, "--number", number)
    assert (again.code, again.json["outcomes"]["updated"]) == (0, 1)


def test_blocked_employees_cannot_be_chosen(office: Office) -> None:
    """Neither by difference nor by number; nothing is stored or sent."""
    run = office.fetched("smarthr", "touchontime")
    [number] = office.box.cases["near_zeros"]
    for words in (["--difference", "blocked"], ["--number", number]):
        result = office.ask("sync", run, *words)
        assert result.code == 2
    assert office.ask("report", run).json["status"] == "ready"
    assert office.sent() == []


def test_only_the_chosen_are_written(office: Office) -> None:
    """`--number` chooses one, `--except` leaves one out; the rest is not selected."""
    run = office.fetched("smarthr", "touchontime")
    changed = office.numbers(run, "changed")
    words = ("--difference", "changed", "--look-first", "--except", changed[0])
    assert office.ask("sync", run, *words).json["outcomes"]["updated"] == len(changed) - 1
    outcomes = office.outcomes(run)
    assert outcomes[changed[0]][0] == "not_selected"
    second = office.fetched("smarthr", "touchontime")
    assert office.ask("sync", second, "--number", changed[0]).json["outcomes"]["updated"] == 1
    assert len(office.box.writes("touchontime")) == len(changed)


def test_run_is_fetch_and_sync_in_one(office: Office, direction: Direction) -> None:
    """`run` prints the document of the sync; with `--dry-run` that of the fetch."""
    source, target = direction
    dry = office.ask("run", source, target, "--dry-run")
    assert dry.code == 0
    assert "outcomes" not in dry.json
    assert office.sent() == []
    wet = office.ask("run", source, target, "--yes", *office.everybody(target)[2:])
    assert wet.code == 0
    assert wet.json["outcomes"]["created"] == dry.json["counts"]["new"]
    nothing = office.ask("run", source, target, "--yes")
    assert nothing.code == 0
    assert nothing.json["counts"]["new"] == nothing.json["counts"]["changed"] == 0


def test_run_without_what_new_employees_need_keeps_the_plan(office: Office) -> None:
    """A scheduled `run` that lacks a value ends with 2, tells the run, and has sent nothing."""
    result = office.ask("run", "smarthr", "touchontime", "--yes")
    assert (result.code, result.json["status"]) == (2, "ready")
    assert "divisionCode" in result.error["hint"]
    assert "typeCode" in result.error["hint"]
    assert office.sent() == []
    again = office.ask("sync", result.run, *office.everybody("touchontime"))
    assert again.code == 0


def test_one_refused_employee_ends_with_1(office: Office) -> None:
    """The others go on; the report names the field, and `--retry-failed` tries again."""
    run = office.fetched("smarthr", "touchontime")
    number = office.numbers(run, "new")[0]
    office.box.touchontime.faults.add("status", status=400, code=9001, kind="create")
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert (result.code, result.json["status"]) == (1, "done_with_errors")
    assert result.json["outcomes"]["failed"] == 1
    assert office.outcomes(run)[number][0] == "failed"
    assert office.ask("report", run).code == 0
    retried = office.ask("sync", run, "--retry-failed")
    assert (retried.code, retried.json["status"]) == (0, "done")
    assert office.creates("touchontime")[number] == 1


def test_a_choice_can_be_replaced_until_something_is_sent(office: Office) -> None:
    """A wrong choice is stored nowhere; once a sync has begun another choice is refused."""
    run = office.fetched("smarthr", "touchontime")
    assert office.ask("sync", run, "--yes", "--new", "typeCode=1").code == 2
    changed = office.numbers(run, "changed")
    assert office.ask("sync", run, "--number", changed[0]).code == 0
    other = office.ask("sync", run, "--number", changed[1])
    assert other.code == 0, "a run that is done sends nothing and exits 0"
    assert len(office.box.writes("touchontime")) == 1


def test_a_cancelled_run_cannot_be_synced(office: Office) -> None:
    """`cancel` ends a run that waits; a later sync is refused and sends nothing."""
    run = office.fetched("smarthr", "touchontime")
    assert office.ask("cancel", run).json["status"] == "cancelled"
    result = office.ask("sync", run, "--yes")
    assert result.code == 2
    assert office.sent() == []


@pytest.mark.fault("F31")
def test_a_plan_older_than_a_day_is_refused(office: Office) -> None:
    """It shows as expired; the age is looked at when the sync starts."""
    run = office.fetched("smarthr", "touchontime")
    office.box.clock.advance(24 * 3600 + 60)
    assert office.ask("report", run).json["status"] == "expired"
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert (result.code, result.error["code"]) == (2, "expired")
    assert office.sent() == []


@pytest.mark.fault("F65")
def test_a_mapping_that_changed_is_refused(office: Office) -> None:
    """The plan belongs to the mapping it was made with, settings included."""
    run = office.fetched("smarthr", "touchontime")
    office.configure(
        extra="mappings: [{use: smarthr-touchontime, settings: {business_names: true}}]"
    )
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert (result.code, result.error["code"]) == (2, "mapping_changed")
    assert office.sent() == []


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["sync", "--help"]])
def test_help_needs_no_configuration(office: Office, words: list[str]) -> None:
    """Help and version are printed on standard output without reading anything."""
    (office.folder / "renkei.yaml").unlink()
    result = office.renkei(*words)
    assert result.code == 0
    assert "renkei" in result.out


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_demo_proves_itself(office: Office, language: str) -> None:
    """`renkei demo` needs nothing, ends with 0, and creates nobody twice."""
    result = office.finished(office.start("demo", "--people", "40", RENKEI_LANG=language))
    assert result.code == 0, result.out + result.err
    assert result.out.count("=== ") == 4
    assert {"en": "0 twice", "ja": "二重登録 0 件"}[language] in result.out
