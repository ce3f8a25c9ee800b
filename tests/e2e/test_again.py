"""`fetch --again RUN`: the pair of a run anew, with its choice for all for whom nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]
LATER = "2026-11-24T12:00:00+09:00"


def chosen(office: Office, direction: Direction, *words: str) -> tuple[str, list[str]]:
    """Return a run that paused before it wrote anybody, and the numbers chosen in it."""
    source, target = direction
    run = office.fetched(source, target, *words)
    numbers = [*office.numbers(run, "new")[:2], *office.numbers(run, "changed")[:2]]
    for kind in ("create", "update"):
        office.system(target).faults.add("status", kind=kind, times=None, status=401)
    options = [word for number in numbers for word in ("--number", number)]
    result = office.ask("sync", run, *options, *office.everybody(target)[2:])
    assert result.json["status"] == "paused", result.out
    office.system(target).faults.clear()
    office.box.clear_journal()
    return run, numbers


def rename(office: Office, source: str, number: str) -> str:
    """Give an employee of the source another given name; return it."""
    field = "first_name" if source == "smarthr" else "firstName"
    system = office.system(source)
    [record] = system.find(number)
    system.edit(str(record[system.id_field]), **{field: "改"})
    return "改"


def test_the_document_says_who_is_chosen_and_who_is_left(
    office: Office, direction: Direction
) -> None:
    """`resume NEW` then carries out just that, with the values that were chosen."""
    source, target = direction
    run, numbers = chosen(office, direction)
    rename(office, source, numbers[0])
    rename(office, source, numbers[2])
    result = office.ask("fetch", "--again", run)
    assert result.code == 0, result.out
    new = result.run
    assert new != run
    assert (result.json["source"], result.json["target"]) == direction
    assert result.json["again"] == {
        "run": run,
        "chosen": sorted([numbers[1], numbers[3]]),
        "left": sorted([numbers[0], numbers[2]]),
    }
    assert office.sent() == []
    assert office.ask("report", new).json["again_of"] == run
    done = office.ask("resume", new)
    assert (done.code, done.json["status"]) == (0, "done"), done.out
    assert done.json["outcomes"]["created"] == done.json["outcomes"]["updated"] == 1
    assert set(office.creates(target)) == {numbers[1]}


def test_the_text_says_it_too(office: Office) -> None:
    """The base date and why it is that one, how many are chosen, who is not, and what is next."""
    run, numbers = chosen(office, ("smarthr", "touchontime"))
    rename(office, "smarthr", numbers[2])
    result = office.renkei("fetch", "--again", run)
    assert result.code == 0
    text = " ".join(result.out.split())
    assert f"The base date is today, 2026-11-20: nobody had chosen another one for run {run}." in (
        text
    )
    assert f"Chosen as in run {run}: 3 employees." in text
    left = result.out[result.out.index("Not chosen any more") :]
    assert f"    {numbers[2]}  " in left
    assert all(f"    {n}  " not in left for n in numbers if n != numbers[2])
    new = office.ask("reports").json["reports"][0]["run"]
    assert f"renkei resume {new}" in result.out
    (opened,) = (
        line for line in office.ask("audit", "export").json["lines"] if "opened" in line["act"]
    )
    assert (opened["run"], opened["facts"]) == (new, {"what": "fetch"}), "they are named"


def test_nobody_is_left_where_nothing_has_changed(office: Office) -> None:
    """Nobody is named, and everybody is chosen again."""
    run, numbers = chosen(office, ("smarthr", "touchontime"))
    result = office.renkei("fetch", "--again", run)
    assert f"Chosen as in run {run}: {len(numbers)} employees." in result.out
    assert "Not chosen any more" not in result.out


def test_where_all_have_changed_nobody_is_chosen(office: Office) -> None:
    """There is nothing to resume, and that is not advised either."""
    run, numbers = chosen(office, ("smarthr", "touchontime"))
    for number in numbers:
        rename(office, "smarthr", number)
    result = office.renkei("fetch", "--again", run)
    assert f"Chosen as in run {run}: 0 employees." in result.out
    assert "renkei resume" not in result.out
    new = office.ask("reports").json["reports"][0]["run"]
    assert office.ask("resume", new).code == 2


@pytest.mark.parametrize("date", [None, "2026-11-02"])
def test_the_base_date_is_kept_if_a_person_chose_it_and_said(
    office: Office, date: str | None
) -> None:
    """Four days later: that of the person, else today, in the text and in the document."""
    run, _numbers = chosen(office, ("smarthr", "touchontime"), *(("--date", date) if date else ()))
    office.env["RENKEI_NOW"] = LATER
    document = office.ask("fetch", "--again", run).json
    assert document["base_date"] == (date or "2026-11-24")
    text = " ".join(office.renkei("fetch", "--again", run).out.split())
    if date:
        assert f"The base date is {date}, as chosen for run {run}." in text
    else:
        assert "The base date is today, 2026-11-24" in text
    again = office.ask("fetch", "--again", document["run"]).json
    assert again["base_date"] == document["base_date"]


def test_options_of_sync_replace_the_choice(office: Office) -> None:
    """The carried choice is a proposal; a new choice has the last word."""
    run, numbers = chosen(office, ("smarthr", "touchontime"))
    new = office.ask("fetch", "--again", run).run
    done = office.ask("sync", new, "--number", numbers[3])
    assert (done.code, done.json["outcomes"]["updated"]) == (0, 1), done.out
    assert done.json["outcomes"]["created"] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("smarthr", "touchontime", "--again", "1"),
        ("smarthr", "--again", "1"),
        ("--again", "1", "--date", "2026-11-02"),
        (),
        ("smarthr",),
        ("--again", "99"),
        ("--again", "x"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused(office: Office, words: tuple[str, ...]) -> None:
    """--again takes the place of SOURCE, TARGET and --date; its run has to be there."""
    office.fetched("smarthr", "touchontime")
    office.box.clear_journal()
    result = office.renkei("fetch", *words)
    assert result.code == 2
    assert result.err.strip()
    assert not office.box.journal


def test_it_is_said_in_japanese(office: Office) -> None:
    """As a native clerk would read it: no word of English in between."""
    run, numbers = chosen(office, ("smarthr", "touchontime"))
    rename(office, "smarthr", numbers[2])
    office.env["RENKEI_LANG"] = "ja"
    result = office.renkei("fetch", "--again", run)
    assert result.code == 0
    assert "基準日" in result.out
    assert numbers[2] in result.out
    assert "Chosen" not in result.out
    assert "The base date" not in result.out
