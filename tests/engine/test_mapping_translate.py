"""Translation between two invented systems: examples, and the laws that hold for any values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from renkei.errors import ConfigurationError, MappingError
from renkei.mapping import (
    Transform,
    Transforms,
    Translation,
    check_mapping,
    compile_translation,
    parse_mapping,
    unfilled,
)
from renkei.people import Employee, FieldSpec, Label, Value, Values
from renkei.text import width

TEXT = """\
sides: [library, gym]
settings:
  nicknames: {default: false, label: {ja: 愛称を使う, en: Use nicknames}}
fields:
  - {pair: [card, member_no]}
  - {pair: [surname, last]}
  - pair: [reading, kana]
    equal: kana
    to: {library: {transform: katakana}, gym: {transform: width}}
  - {pair: [born, birthday]}
  - {pair: [loans, visits]}
  - {pair: [active, enabled]}
  - {pair: [left_on, ended], to: {gym: {empty: clear}}}
  - {pair: [kind, plan], values: {adult: A, child: C}}
  - {pair: [shelf, level], only: gym, values: {ground: 0, first: 1, loft: 1}}
  - {pair: [shelf, floor_name], only: library, values: {ground: G, first: F}}
  - {pair: [card_text, points], to: {gym: {transform: length}, library: {transform: spelled}}}
  - {pair: [memo, note], optional: true}
substitute:
  library:
    - {when: nicknames, if_filled: nickname, surname: nickname, reading: nickname_kana}
    - {if_filled: new_card, card_text: new_card}
"""


def spec(name: str, kind: str = "text", **more: object) -> FieldSpec:
    return FieldSpec(name=name, label=Label(name, name), type=kind, **more)  # type: ignore[arg-type]


LIBRARY = [
    spec("card", role="number", required=True),
    spec("surname", role="family_name", required=True, max_length=5),
    spec("given", role="given_name"),
    spec("reading"),
    spec("born", "date"),
    spec("loans", "integer"),
    spec("active", "boolean"),
    spec("left_on", "date", role="left"),
    spec("kind", allowed=("adult", "child", "guest")),
    spec("shelf"),
    spec("card_text"),
    spec("nickname"),
    spec("nickname_kana"),
    spec("new_card"),
    spec("memo_card"),
]
GYM = [
    spec("member_no", role="number", required=True),
    spec("last", role="family_name", required=True, max_length=8),
    spec("kana"),
    spec("birthday", "date"),
    spec("visits", "integer"),
    spec("enabled", "boolean"),
    spec("ended", "date", role="left"),
    spec("plan", allowed=("A", "C"), required=True),
    spec("level", "integer"),
    spec("floor_name"),
    spec("points", "integer"),
    spec("locker", required=True),
    spec("retired", "boolean", role="retired"),
]
SIDES = {"library": LIBRARY, "gym": GYM}
ON = {"nicknames": True}
TRANSFORMS = Transforms()
TRANSFORMS.register(Transform("length", "text", "integer", lambda v: len(str(v)), Label("", "")))
TRANSFORMS.register(
    Transform("spelled", "integer", "text", lambda v: "x" * int(str(v)), Label("", ""))
)


def translation(
    source: str = "library", text: str = TEXT, settings: dict[str, bool] | None = None
) -> Translation:
    mapping = parse_mapping(text, "m.yaml", TRANSFORMS)
    check_mapping(mapping, SIDES, TRANSFORMS)
    target = mapping.other(source)
    return compile_translation(
        mapping, source, target, settings or {}, SIDES[source], SIDES[target], TRANSFORMS
    )


def to_gym(values: Values, settings: dict[str, bool] | None = None) -> Values:
    translated = translation(settings=settings).translate(values)
    assert translated.unreadable == ()
    return translated.values


def test_values_of_every_type_are_translated() -> None:
    """Text, dates, numbers and switches arrive as what they are, tables applied."""
    born, left = dt.date(1990, 2, 28), dt.date(2026, 3, 31)
    values: Values = {"card": "0042", "surname": "髙橋", "born": born, "loans": 0, "active": False,
              "left_on": left, "kind": "adult", "shelf": "loft", "card_text": "abc",
              "new_card": None}  # fmt: skip
    assert to_gym(values) == {"member_no": "0042", "last": "髙橋", "birthday": born, "visits": 0,
        "enabled": False, "ended": left, "plan": "A", "level": 1, "points": 3}  # fmt: skip


def test_the_way_back_reads_tables_backwards() -> None:
    """One file serves both directions; ``only`` gives each its own table."""
    values: Values = {"plan": "C", "floor_name": "F", "level": 1, "points": 2, "enabled": True}
    assert translation("gym").translate(values).values == {
        "kind": "child", "shelf": "first", "card_text": "xx", "active": True
    }  # fmt: skip


def test_unknown_stays_unknown() -> None:
    """A field that is absent from the source is absent from the result, cleared fields included."""
    assert to_gym({}) == {}


@pytest.mark.parametrize("empty", [None, "", " ", "\u3000", "\u200b\u00a0"])
def test_empty_leaves_the_target_alone(empty: Value) -> None:
    """None and texts of spaces only are empty: written only where the mapping says clear."""
    assert to_gym({"surname": empty, "left_on": None, "kind": empty}) == {"ended": None}


@pytest.mark.parametrize("empty", [None, "", "　"])
def test_clear_holds_for_a_table_too(empty: Value) -> None:
    """What is empty is in no table and still empties, and only where the mapping says so."""
    table = "values: {adult: A, child: C}"
    text = TEXT.replace(table, f"{table}, to: {{gym: {{empty: clear}}}}")
    fields = {**SIDES, "gym": [evolve(s, required=False) for s in GYM]}
    mapping = parse_mapping(text, "m.yaml", TRANSFORMS)
    check_mapping(mapping, fields, TRANSFORMS)
    there = compile_translation(mapping, "library", "gym", {}, LIBRARY, fields["gym"], TRANSFORMS)
    back = compile_translation(mapping, "gym", "library", {}, GYM, LIBRARY, TRANSFORMS)
    assert there.translate({"kind": empty}).values == {"plan": None}
    assert there.translate({}).values == {}
    assert back.translate({"plan": empty}).values == {}


def test_clear_is_for_one_direction() -> None:
    """``to: {gym: {empty: clear}}`` says nothing about the library."""
    assert translation("gym").translate({"ended": None}).values == {}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"kind": "guest"}, ("not_in_table", "plan")),
        ({"kind": "adult "}, ("not_in_table", "plan")),
        ({"surname": "123456789"}, ("too_long", "last")),
        ({"surname": 5}, ("wrong_type", "last")),
        ({"born": "2000-01-01"}, ("wrong_type", "birthday")),
        ({"born": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)}, ("wrong_type", "birthday")),
        ({"loans": True}, ("wrong_type", "visits")),
        ({"active": 1}, ("wrong_type", "enabled")),
        ({"kind": 1}, ("wrong_type", "plan")),
        ({"reading": 1}, ("wrong_type", "kana")),
    ],
)
def test_what_cannot_be_translated_is_told(values: Values, reason: tuple[str, str]) -> None:
    """The field is named with a reason, and is absent from the result."""
    translated = translation().translate({"card": "1", **values})
    assert translated.unreadable == (reason,)
    assert translated.values == {"member_no": "1"}


def test_a_value_the_target_does_not_take_is_told() -> None:
    """``allowed`` of the target is looked at, also without a table."""
    text = TEXT.replace(", values: {adult: A, child: C}", ", only: gym")
    assert translation(text=text).translate({"kind": "B"}).unreadable == (("not_allowed", "plan"),)


def raises(_: Value) -> Value:
    raise KeyError("x")


@pytest.mark.parametrize(
    "apply", [raises, lambda _: 5, lambda _: True, lambda _: b"x", lambda _: "x" * 1001]
)
def test_a_transform_that_misbehaves_costs_one_field(apply: object) -> None:
    """What an extension raises, returns wrongly or blows up makes that field unreadable."""
    row = next(row for row in translation().rows if row.target == "kana")
    bad = evolve(row, transform=Transform("bad", "text", "text", apply, Label("", "")))  # type: ignore[arg-type]
    made = evolve(translation(), rows=(bad,)).translate({"reading": "やまだ"})
    assert made.unreadable == (("transform_failed", "kana"),)


def test_a_transform_may_empty_a_value() -> None:
    """None and spaces from a transform are empty, as they are from the source."""
    row = next(row for row in translation().rows if row.target == "kana")
    for nothing in (None, "", " "):
        silent = Transform("s", "text", "text", lambda _, nothing=nothing: nothing, Label("", ""))  # type: ignore[misc]
        bad = evolve(row, transform=silent, empty="clear")
        assert evolve(translation(), rows=(bad,)).translate({"reading": "a"}).values == {
            "kana": None
        }


NAMES = {"surname": "山田", "reading": "ﾔﾏﾀﾞ"}


@pytest.mark.parametrize(
    ("nickname", "written"),
    [
        ({"nickname": "ヤマ", "nickname_kana": "ﾔﾏ"}, {"last": "ヤマ", "kana": "ヤマ"}),
        ({"nickname": "ヤマ", "nickname_kana": None}, {"last": "ヤマ"}),
        ({"nickname": "ヤマ"}, {"last": "ヤマ"}),
        ({"nickname": None, "nickname_kana": "ﾔﾏ"}, {"last": "山田", "kana": "ヤマダ"}),
        ({"nickname": " "}, {"last": "山田", "kana": "ヤマダ"}),
        ({"nickname_kana": "ﾔﾏ"}, {}),
        ({}, {}),
    ],
)
def test_values_stand_in_for_others(nickname: Values, written: Values) -> None:
    """Filled: all named fields change together. Empty: none does. Unknown: all become unknown."""
    assert to_gym({**NAMES, **nickname}, settings=ON) == written


STAND_INS = """\
substitute:
  library:
    - {if_filled: nickname, surname: nickname}
    - {when: nicknames, if_filled: new_card, surname: new_card}
"""


@pytest.mark.parametrize(
    ("settings", "first", "second", "written"),
    [
        (ON, {"nickname": "A"}, {"new_card": "B"}, {"last": "B"}),
        (ON, {"nickname": "A"}, {"new_card": None}, {"last": "A"}),
        (ON, {"nickname": "A"}, {"new_card": "　"}, {"last": "A"}),
        (ON, {"nickname": "A"}, {}, {}),
        (ON, {"nickname": None}, {"new_card": "B"}, {"last": "B"}),
        (ON, {"nickname": None}, {"new_card": None}, {"last": "山田"}),
        (ON, {"nickname": None}, {}, {}),
        (ON, {}, {"new_card": "B"}, {"last": "B"}),
        (ON, {}, {"new_card": None}, {}),
        ({}, {"nickname": "A"}, {"new_card": "B"}, {"last": "A"}),
        ({}, {"nickname": None}, {"new_card": "B"}, {"last": "山田"}),
        ({}, {"nickname": "A"}, {}, {"last": "A"}),
        ({}, {}, {"new_card": "B"}, {}),
    ],
)
def test_of_two_stand_ins_the_last_one_that_is_filled_counts(
    settings: dict[str, bool], first: Values, second: Values, written: Values
) -> None:
    """One that is empty or switched off leaves the earlier one; unknown makes all unknown."""
    text = TEXT[: TEXT.index("substitute:")] + STAND_INS
    there = translation(text=text, settings=settings)
    values = {"surname": "山田", **first, **second}
    assert there.translate(values).values == written
    (step,) = [each for each in there.explain(values) if each.target == "last"]
    assert step.translated == written.get("last")


@given(
    st.lists(st.sampled_from(["A", "B", None, ...]), min_size=1, max_size=3),
    st.permutations(range(3)),
)
def test_the_order_in_the_file_decides(values: list[object], order: list[int]) -> None:
    """Whatever stands in: the last in the file that is not empty gives the value, or hides it."""
    names = [name for name, _ in zip(("nickname", "new_card", "memo_card"), values, strict=False)]
    known = {n: v for n, v in zip(names, values, strict=True) if v is not ...}
    lines = [
        f"    - {{if_filled: {names[i]}, surname: {names[i]}}}" for i in order if i < len(names)
    ]
    text = TEXT[: TEXT.index("substitute:")] + "\n".join(["substitute:", "  library:", *lines, ""])
    read: Values = {"surname": "山田", **known}  # type: ignore[dict-item]
    telling = [values[i] for i in order if i < len(names) and values[i] is not None]
    expected = telling[-1] if telling else "山田"
    written = translation(text=text).translate(read).values
    assert written == ({} if expected is ... else {"last": expected})


def test_values_stand_in_only_where_the_setting_is_on() -> None:
    """Off is the default here; without ``when`` it is always on."""
    values: Values = {**NAMES, "nickname": "ヤマ", "new_card": "four", "card_text": "x"}
    assert to_gym(values) == {"last": "山田", "kana": "ヤマダ", "points": 4}


def test_values_stand_in_only_where_their_side_is_the_source() -> None:
    """Towards the library nothing is replaced."""
    assert translation("gym", settings=ON).translate({"last": "山田"}).values == {"surname": "山田"}


def test_a_setting_that_does_not_exist_is_told() -> None:
    """With what was probably meant."""
    with pytest.raises(ConfigurationError, match='"nickname"; did you mean "nicknames"'):
        translation(settings={"nickname": True})


def test_the_fields_to_ask_for_are_known() -> None:
    """Mapped ones of this direction, those that stand in, and all with a role; each once."""
    names = "card surname reading born loans active left_on kind shelf card_text"
    there = translation()
    assert there.source_fields == (*names.split(), "new_card", "given")
    assert translation(settings=ON).source_fields[-4:] == (
        "nickname",
        "nickname_kana",
        "new_card",
        "given",
    )
    assert "floor_name" not in there.target_fields
    assert there.target_fields[-1] == "retired"
    assert there.number_fields == ("card", "member_no")
    assert translation("gym").number_fields == ("member_no", "card")


def test_rows_know_their_lines() -> None:
    """Each row names the line of its pair, for messages about it."""
    assert [(row.line, row.target) for row in translation().rows][:2] == [
        (5, "member_no"),
        (6, "last"),
    ]


def test_what_no_pair_fills_is_known() -> None:
    """Required fields of the target that no pair fills; an optional pair fills if it can."""
    mapping = parse_mapping(TEXT.replace("[memo, note]", "[memo, locker]"), "m.yaml", TRANSFORMS)
    assert [s.name for s in unfilled(mapping, "gym", SIDES)] == ["locker"]
    assert unfilled(mapping, "library", SIDES) == ()
    assert unfilled(mapping, "gym", {**SIDES, "library": [*LIBRARY, spec("memo")]}) == ()


def test_sides_of_one_kind_have_names() -> None:
    """Two connections of the same system are told apart by the names of the sides."""
    mapping = parse_mapping(
        "sides: {old: gym, new: gym}\nfields: [{pair: [member_no, member_no]}]", "m"
    )
    check_mapping(mapping, {"old": GYM, "new": GYM})
    assert mapping.sides == {"old": "gym", "new": "gym"}
    made = compile_translation(mapping, "new", "old", {}, GYM, GYM)
    assert made.translate({"member_no": "1"}).values == {"member_no": "1"}


def test_a_pair_that_cannot_be_written_is_for_the_other_direction() -> None:
    """``write: never`` is refused where it would be written, and fine with ``only``."""
    fields = {**SIDES, "gym": [evolve(s, write="never") if s.name == "visits" else s for s in GYM]}
    check_mapping(
        parse_mapping(TEXT.replace("visits]", "visits], only: library"), "m", TRANSFORMS),
        fields,
        TRANSFORMS,
    )
    with pytest.raises(
        MappingError, match=r'm:11:20: "visits" of gym cannot be written; add "only: library"'
    ):
        check_mapping(parse_mapping(TEXT, "m", TRANSFORMS), fields, TRANSFORMS)


@pytest.mark.parametrize(
    ("name", "a", "b", "same"),
    [
        ("kana", "やまだ", "ﾔﾏﾀﾞ", True),
        ("last", "やまだ", "ヤマダ", False),
        ("last", "Ａ１　", "A1", True),
        ("last", "髙", "高", False),
        ("last", None, " ", True),
        ("last", None, "a", False),
        ("last", "", "", True),
        ("visits", 1, True, False),
        ("visits", 0, None, False),
        ("visits", 3, 3, True),
        ("enabled", False, None, False),
        ("ended", dt.date(2026, 1, 1), dt.date(2026, 1, 1), True),
        ("ended", dt.date(2026, 1, 1), None, False),
    ],
)
def test_values_are_compared_in_the_targets_terms(
    name: str, a: Value, b: Value, *, same: bool
) -> None:
    """Width and spaces never count, kana where the pair says so, and false or 0 is not empty."""
    assert translation().same(name, a, b) is same
    assert translation().same(name, b, a) is same


def test_a_difference_can_be_explained() -> None:
    """Each pair tells what was read, from where, on which line it was translated, and to what."""
    steps = translation(settings=ON).explain(
        {"card": "1", "nickname": "ヤマ", "kind": "guest", "born": None}
    )
    told = {s.target: (s.line, s.substituted, s.read, s.translated, s.state) for s in steps}
    assert told["member_no"] == (5, None, "1", "1", "value")
    assert told["last"] == (6, "nickname", "ヤマ", "ヤマ", "value")
    assert told["kana"] == (7, "nickname_kana", None, None, "unknown")
    assert told["birthday"] == (10, None, None, None, "empty")
    assert told["plan"] == (14, None, "guest", None, "not_in_table")
    assert steps[2].transform == "width"


BY_TYPE: dict[str, st.SearchStrategy[Value]] = {
    "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.sampled_from(["adult", "A", "G", "ﾔﾏﾀﾞ", "ground"]),
    "date": st.dates(),
    "integer": st.integers(0, 9),
    "boolean": st.booleans(),
}


def people(fields: Sequence[FieldSpec]) -> st.SearchStrategy[dict[str, Value]]:
    values: dict[str, st.SearchStrategy[Value]] = {
        s.name: st.none() | (st.sampled_from(s.allowed) if s.allowed else BY_TYPE[s.type])
        for s in fields
    }
    return st.fixed_dictionaries({}, optional=values)


both_ways = st.sampled_from(["library", "gym"]).flatmap(
    lambda side: st.tuples(
        st.just(side), people(SIDES[side]), people(SIDES["gym" if side == "library" else "library"])
    )
)


@given(both_ways, st.booleans())
def test_after_writing_nothing_is_left_to_do(
    case: tuple[str, Values, Values], nicknames: bool
) -> None:
    """What was written compares as the same, also in a system that trims and widens its texts."""
    source, values, before = case
    there = translation(source, settings={"nicknames": nicknames})
    written = there.translate(values).values
    after = {**before, **written}
    stored = {k: width(v).strip() if isinstance(v, str) else v for k, v in after.items()}
    for name, value in there.translate(values).values.items():
        assert there.same(name, value, after[name])
        assert there.same(name, value, stored[name])


@given(both_ways)
def test_every_value_is_accounted_for(case: tuple[str, Values, Values]) -> None:
    """Each known value is written, left out because it is empty, or told; nothing else appears."""
    source, values, _ = case
    there = translation(source)
    translated = there.translate(values)
    told = {name for _, name in translated.unreadable}
    assert not told & translated.values.keys()
    for step in there.explain(values):
        written = step.target in translated.values
        assert written == (
            step.state == "value" or (step.state == "empty" and step.target == "ended")
        )
        assert (step.target in told) == (step.state not in {"value", "empty", "unknown"})


@given(people(LIBRARY))
def test_without_a_transform_not_a_byte_changes(values: Values) -> None:
    """Spaces, widths and rare characters are written as they were read."""
    written = translation().translate(values).values
    for row in translation().rows:
        if row.transform is None and row.values is None and written.get(row.target) is not None:
            assert written[row.target] == values[row.source]


@given(people(LIBRARY), people(GYM))
def test_there_and_back_is_the_same(library: Values, gym: Values) -> None:
    """What the library's values become in the gym comes back as the same, where both ways exist."""
    there, back = translation(), translation("gym")
    returned = back.translate({**gym, **there.translate(library).values}).values
    for row in back.rows:
        known = library.get(row.target) is not None and row.target not in {"card_text", "shelf"}
        arrived = row.source in there.translate(library).values
        if known and arrived and row.target in returned:
            assert back.same(row.target, returned[row.target], library[row.target])


@given(both_ways, st.booleans(), st.booleans())
def test_a_field_differs_unless_either_way_makes_it_the_same(
    case: tuple[str, Values, Values], nicknames: bool, several: bool
) -> None:
    """The short answer about what is copied both ways is the one that all rules would give."""
    source, values, before = case
    there = translation(source, settings={"nicknames": nicknames})
    ours = Employee(id="1", values=values)
    further = {name: (value,) for name, value in before.items() if several and value is not None}
    theirs = Employee(id="2", values=before, others=further)
    for name, value in there.translate(values).values.items():
        if name in before:
            same = there.same(name, before[name], value) or there.agrees(name, ours, theirs)
            assert there.differs(name, value, ours, theirs) != same
