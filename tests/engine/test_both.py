"""The two people of a blocked row, side by side, in pages and files alike."""

from __future__ import annotations

import csv
import datetime as dt
import io

from attrs import evolve
from tests.engine.test_export import LABELS, RUN

from renkei.model import Difference, Item, Remark
from renkei.people import FieldSpec, Label
from renkei.report.csv import csv_lines, plan_rows, report_rows
from renkei.report.html import report_page
from renkei.words.i18n import speaking
from renkei.words.labels import Labels
from renkei.words.side_by_side import Beside, both

PAIRS = (("last_name", "lastName"), ("birth_at", "birthDate"), ("gender", "gender"))
SOURCE = {"gender": FieldSpec(name="gender", label=Label("性別", "Gender"))}
KNOWN: Labels = evolve(LABELS, pairs=PAIRS, fields={**LABELS.fields, "smarthr": SOURCE})
OTHER = Item(
    number="0059",
    name="遠藤 理恵",
    difference=Difference.BLOCKED,
    source_id="a",
    target_id="1",
    read={"last_name": "遠藤", "birth_at": dt.date(2003, 9, 12), "gender": "other"},
    before={"lastName": "別府", "birthDate": None},
    after={"lastName": "遠藤", "birthDate": dt.date(2003, 9, 12)},
    reasons=(Remark("other_person"),),
)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_both_sides_stand_side_by_side_in_words() -> None:
    """A value without a counterpart is shown as it is; empty and not known are told apart."""
    with speaking("ja"):
        assert both(OTHER, KNOWN) == [
            Beside("姓", "遠藤", "別府"),
            Beside("生年月日", "2003年9月12日", "（空欄）"),
            Beside("性別", "other", "–"),
        ]


def test_a_day_stands_beside_another_as_commands_take_it() -> None:
    """On the command line, where the lines above show days in the same way."""
    [birth] = [each for each in both(OTHER, evolve(KNOWN, technical=True)) if "birth" in each.field]
    assert birth.source == "2003-09-12"


def test_of_somebody_who_is_not_there_only_the_source_is_known() -> None:
    """No column of dashes for a person whom nobody has found."""
    with speaking("ja"):
        assert {each.target for each in both(evolve(OTHER, before=None), KNOWN)} == {None}


def test_whoever_is_not_blocked_is_told_by_the_changes() -> None:
    """The same values are not said twice."""
    assert both(evolve(OTHER, difference=Difference.CHANGED), KNOWN) == []


def test_a_purged_row_has_nobody_left() -> None:
    """Neither values nor the names of fields: the mapping is gone too."""
    assert both(evolve(OTHER, read={}, before=None, after={}), KNOWN) == []
    assert both(OTHER, LABELS) == []


def test_files_show_both_people_too() -> None:
    """The report for a spreadsheet, the plan for one, and the page to print."""
    with speaking("ja"):
        report = rows("".join(csv_lines(report_rows([OTHER], KNOWN))))
        plan = rows("".join(csv_lines(plan_rows([OTHER], KNOWN))))
        page = "".join(report_page(RUN, [OTHER], KNOWN))
    assert "姓: 遠藤（人事システム）、別府（Touch On Time）" in report[1][6]
    assert plan[1][3:6] == ["姓", "別府", "遠藤"]
    for part in ("<td>Touch On Time</td>", '<td class="before">遠藤</td><td>別府</td>'):
        assert part in page
