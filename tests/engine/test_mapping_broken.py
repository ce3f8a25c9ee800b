"""Broken mappings, each told with the place of its mistake.

A case replaces a piece of a good mapping; ``¶`` in the new piece marks where the mistake is told.
The mapping is between two invented systems, so that nothing here is shaped after the real pair.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.errors import ConfigurationError, MappingError
from renkei.mapping import Transforms, advice, check_mapping, parse_mapping
from renkei.mapping.transforms import of_text
from renkei.people import FieldSpec, Label

GOOD = """\
sides: [library, gym]
settings:
  nicknames: {default: false, label: {ja: 愛称を使う, en: Use nicknames}}
fields:
  - {pair: [card, member_no]}
  - {pair: [surname, last]}
  - {pair: [reading, kana], equal: kana, to: {library: {transform: katakana}}}
  - {pair: [born, birthday]}
  - {pair: [loans, visits]}
  - {pair: [active, enabled]}
  - {pair: [left_on, ended], to: {gym: {empty: clear}}}
  - {pair: [kind, plan], values: {adult: A, child: C}}
  - {pair: [branch, site], only: gym, values: {north: N1, south: S1, east: S1}}
  - {pair: [score, points], only: library}
  - {pair: [memo, note], optional: true}
substitute:
  library:
    - {when: nicknames, if_filled: nickname, surname: nickname}
"""


def spec(name: str, kind: str = "text", **more: object) -> FieldSpec:
    return FieldSpec(name=name, label=Label(name, name), type=kind, **more)  # type: ignore[arg-type]


FIELDS = {
    "library": [
        spec("card", role="number", required=True),
        spec("surname", role="family_name", required=True),
        spec("reading"),
        spec("born", "date"),
        spec("loans", "integer"),
        spec("active", "boolean"),
        spec("left_on", "date", role="left", clearable=False),
        spec("kind", allowed=("adult", "child")),
        spec("branch"),
        spec("score", "integer"),
        spec("nickname"),
    ],
    "gym": [
        spec("member_no", role="number", required=True, write="create"),
        spec("last", role="family_name", required=True),
        spec("kana"),
        spec("birthday", "date", write="create"),
        spec("visits", "integer"),
        spec("enabled", "boolean"),
        spec("ended", "date", role="left"),
        spec("plan", allowed=("A", "C")),
        spec("site"),
        spec("points", "integer", write="never"),
        spec("locker"),
        spec("since", "date"),
        spec("guests", "integer"),
        spec("vip", "boolean"),
    ],
}

# what is replaced, by what, and what the message must contain
HAND_MADE = [
    # the whole file
    (GOOD, "¶", "empty"),
    (GOOD, "¶- a\n- b\n", "top level"),
    (GOOD, "¶just words\n", "top level"),
    (GOOD, "¶# only a comment\n", "empty"),
    ("sides: [library, gym]\n", "¶", '"sides" is missing'),
    ("fields:\n", "¶fieldz:\n", 'unknown key "fieldz"; did you mean "fields"?'),
    (GOOD[GOOD.index("fields") :], "fields: ¶[]\n", "empty"),
    (GOOD[GOOD.index("fields") :], "fields: ¶card\n", 'not "card"'),
    (GOOD[GOOD.index("fields") :], "fields: ¶{a: b}\n", "not a mapping"),
    ("substitute:\n", "¶fields: []\nsubstitute:\n", 'the key "fields" is already on line 4'),
    ("substitute:\n", "¶extra: 1\nsubstitute:\n", 'unknown key "extra"'),
    ("sides:", "sides: [a, b]\n¶sides:", '"sides" is already on line 1'),
    # YAML that is more than it seems, or less
    ("[card, member_no]", "¶&id [card, member_no]", 'anchors are not allowed: "&id"'),
    ("[card, member_no]", "[¶*id, member_no]", 'aliases are not allowed: "*id"'),
    ("[card, member_no]", "[¶!!str card, member_no]", "tags are not allowed"),
    ("[card, member_no]", "¶!!python/tuple [card, member_no]", "tags are not allowed"),
    ("{pair: [surname, last]}", "{¶<<: {}, pair: [surname, last]}", "merge keys are not allowed"),
    ("{pair: [surname, last]}", "{¶[a]: 1, pair: [surname, last]}", "plain word"),
    ("{pair: [surname, last]}", "{pair: [surname, last], ¶pair: [a, b]}", "already on line 6"),
    ("[surname, last]", "[sur¶\u0007name, last]", "U+0007"),
    ("[surname, last]", "[sur¶\ufeffname, last]", "U+FEFF"),
    ("[surname, last]", "[sur¶\u2028name, last]", "U+2028"),
    ("  - {pair: [surname, last]}", "¶\t- {pair: [surname, last]}", "tab"),
    ("substitute:\n", "¶---\nsubstitute:\n", "only one YAML document"),
    ("{pair: [surname, last]}", "[" * 18 + "¶[]" + "]" * 18, "more than 20 deep"),
    # sides
    ("[library, gym]", "¶[library]", "two sides, not 1"),
    ("[library, gym]", "¶[library, gym, pool]", "two sides, not 3"),
    ("[library, gym]", "¶[gym, gym]", '"gym" twice'),
    ("[library, gym]", "¶library", 'not "library"'),
    ("[library, gym]", "¶{library: library}", "two sides, not 1"),
    ("[library, gym]", "{library: ¶[], gym: gym}", "not a list"),
    ("[library, gym]", "{library: library, gym: ¶}", "missing"),
    # settings
    ("default: false", "default: ¶no", 'expected true or false, not "no"'),
    ("default: false", "default: ¶False", 'not "False"'),
    ("default: false", "default: ¶0", 'not "0"'),
    ("{ja: 愛称を使う, en: Use nicknames}", "¶Use", 'not "Use"'),
    ("{ja: 愛称を使う, en: Use nicknames}", "¶{en: Use}", '"ja" is missing'),
    ("{ja: 愛称を使う, en: Use nicknames}", "¶{ja: 愛称}", '"en" is missing'),
    (", en: Use nicknames", ", en: a, ¶fr: b", 'unknown key "fr"'),
    ("{default: false, ", "¶{", '"default" is missing'),
    # the first pair
    ("[card, member_no]}", "[card, member_no], ¶only: gym}", 'takes no "only"'),
    ("[card, member_no]}", "[card, member_no], ¶optional: true}", 'takes no "optional"'),
    ("[card, member_no]}", "[card, member_no], ¶equal: kana}", 'takes no "equal"'),
    ("[card, member_no]}", "[card, member_no], ¶values: {a: b}}", 'takes no "values"'),
    ("[card, member_no]}", "[card, member_no], ¶to: {gym: {empty: clear}}}", 'takes no "to"'),
    ("[card, member_no]", "[¶nickname, member_no]", '"nickname" is not'),
    ("[card, member_no]", "[card, ¶locker]", '"locker" is not'),
    ("[card, member_no]", "[card, ¶since]", "must be the employee number"),
    # pairs
    ("{pair: [born, birthday]}", "¶{}", '"pair" is missing'),
    ("{pair: [born, birthday]}", "¶born", 'not "born"'),
    ("{pair: [born, birthday]}", "¶[born, birthday]", "not a list"),
    ("- {pair: [born, birthday]}", "-¶", "missing"),
    ("[born, birthday]", "¶[born]", "expected 2 entries, not 1"),
    ("[born, birthday]", "¶[born, birthday, birth]", "expected 2 entries, not 3"),
    ("[born, birthday]", "¶[]", "expected 2 entries, not 0"),
    ("[born, birthday]", "¶{born: birthday}", "not a mapping"),
    ("[born, birthday]", "¶born", 'not "born"'),
    ("[score, points]", "[score, ¶member_no]", "paired once"),
    ("[branch, site]", "[¶card, site]", "paired once"),
    ("[born, birthday]", "[¶surname, birthday]", "already written"),
    ("[born, birthday]", "[born, ¶last]", "already written"),
    ("[born, birthday]", "¶[born, locker]", '"born" is a date, but "locker" is text'),
    ("[born, birthday]", "¶[nickname, birthday]", '"nickname" is text, but "birthday" is a date'),
    ("[loans, visits]", "¶[loans, vip]", 'but "vip" is true or false'),
    ("[active, enabled]", "¶[active, guests]", 'but "guests" is a whole number'),
    ("[loans, visits]}", "[loans, visits], equal: ¶kana}", '"kana" is for text'),
    ("equal: kana", "equal: ¶kata", 'expected kana, not "kata"; did you mean "kana"?'),
    ("equal: kana", "equal: ¶true", 'not "true"'),
    ("[score, points], only: library}", "[score, ¶points]}", 'add "only: library"'),
    ("[score, points], only: library}", "[score, ¶points], only: gym}", "cannot be written"),
    ("only: library", "only: ¶libary", 'unknown side "libary"; did you mean "library"?'),
    ("only: library", "only: ¶both", "the sides are library, gym"),
    ("only: library", "only: ¶[library]", "not a list"),
    ("optional: true", "optional: ¶yes", 'not "yes"'),
    ("optional: true", "optional: ¶[]", "not a list"),
    # to
    ("{library: {transform: katakana}}", "¶library", 'not "library"'),
    ("{library: {transform", "{¶libary: {transform", 'unknown side "libary"'),
    ("{transform: katakana}", "¶katakana", 'not "katakana"'),
    ("transform: katakana", "transform: ¶katakan", '"katakan"; did you mean "katakana"?'),
    ("transform: katakana", "transform: ¶eval('x')", "unknown transform"),
    ("transform: katakana", "transform: ¶[katakana]", "not a list"),
    ("transform: katakana", "empty: clear, ¶empty: keep", "already"),
    ("[born, birthday]}", "[born, birthday], to: {gym: {transform: ¶katakana}}}", "takes text"),
    ("[born, birthday]}", "[born, birthday], to: {gym: {empty: ¶clear}}}", "cannot be cleared"),
    ("[surname, last]}", "[surname, last], to: {gym: {empty: ¶clear}}}", "is required"),
    ("{gym: {empty: clear}}", "{library: {empty: ¶clear}}", '"left_on" cannot be cleared'),
    ("{empty: clear}", "{empty: ¶cleer}", 'not "cleer"; did you mean "clear"?'),
    ("{empty: clear}", "{empty: ¶drop}", 'not "drop"'),
    ("{empty: clear}", "{¶emty: clear}", 'did you mean "empty"?'),
    ("only: library}", "only: library, to: {¶gym: {empty: clear}}}", "never written"),
    # values
    ("{adult: A, child: C}", "{adult: A, child: ¶A}", "no way back to library"),
    ("{adult: A, child: C}", "¶{}", "the table is empty"),
    ("{adult: A, child: C}", "¶[adult, A]", "not a list"),
    ("{adult: A, child: C}", "{adult: ¶a, child: C}", '"plan" cannot be "a"; did you mean "A"?'),
    ("{adult: A, child: C}", "{¶adlt: A, child: C}", 'did you mean "adult"?'),
    ("{adult: A, child: C}", "{adult: A, child: ¶[C]}", "not a list"),
    ("{adult: A, child: C}}", "{adult: A}, to: {gym: {¶transform: width}}}", "not both"),
    ("[loans, visits]}", "[loans, visits], values: {¶one: 1}}", '"loans" is a whole number'),
    ("[loans, visits]}", "[loans, visits], values: {1: ¶1.5}}", '"visits" is a whole number'),
    ("[active, enabled]}", "[active, enabled], values: {true: ¶yes}}", "true or false"),
    ("[born, birthday]}", "[born, birthday], values: {2000-01-01: ¶2000-13-01}}", "a date"),
    ("[born, birthday]}", "[born, birthday], values: {¶2000-W01-1: 2000-01-01}}", "a date"),
    # substitute
    ("  library:\n    -", "  ¶libary:\n    -", 'unknown side "libary"'),
    ("when: nicknames", "when: ¶nickname", 'unknown setting "nickname"; did you mean "nicknames"?'),
    ("if_filled: nickname, ", "if_filled: ¶nikname, ", 'library has no field "nikname"'),
    ("surname: nickname", "surname: ¶nick", 'did you mean "nickname"?'),
    ("surname: nickname", "¶surnam: nickname", 'did you mean "surname"?'),
    ("surname: nickname", "surname: ¶born", '"surname" is text, but "born" is a date'),
    ("{when: nicknames, if_filled: nickname, s", "¶{when: nicknames, s", '"if_filled" is missing'),
    ("{when: nicknames, if_filled: nickname, surname: nickname}", "¶{if_filled: a}", "no field"),
    ("{when: nicknames, if_filled: nickname, surname: nickname}", "¶nickname", 'not "nickname"'),
    ("    - {when", "    ¶{when", "not a mapping"),
]  # fmt: skip

KEYS = "sides settings default label pair equal to transform empty only optional if_filled".split()
SCALARS = [
    "gym]", "false,", "愛称を使う,", "Use nicknames}", "card,", "member_no]", "surname,", "last]",
    "birthday]", "visits]", "enabled]", "katakana}", "clear}", "A,", "C}", "N1,", "points]",
    "true}", "nicknames,", "nickname,", "nickname}",
]  # fmt: skip
WRONG = {"[]": "list", "{}": "mapping", "~": "missing", "''": "missing"}
NAMES = [s.name for side in FIELDS.values() for s in side if s.name not in {"nickname", "card"}]


def misspelt_keys() -> list[tuple[str, str, str]]:
    return [(f"{key}:", f"¶{key}x:", f'unknown key "{key}x"') for key in KEYS if key != "if_filled"]


def wrong_scalars() -> list[tuple[str, str, str]]:
    return [(f"{old}", f"¶{new}{old[-1]}", word) for old in SCALARS for new, word in WRONG.items()]


def misspelt_fields() -> list[tuple[str, str, str]]:
    """Each field of both sides, in its pair, with a letter too many."""
    return [
        (f"{opens}{name}{closes}", f"{opens}¶{name}x{closes}", f'did you mean "{name}"?')
        for name in NAMES
        for opens, closes in (("[", ","), (" ", "]"))
        if f"{opens}{name}{closes}" in GOOD
    ]


CASES = HAND_MADE + misspelt_keys() + wrong_scalars() + misspelt_fields()


def broken(old: str, new: str) -> tuple[str, tuple[int, int]]:
    """Return the mapping with *new* for *old*, and line and column of the mark in it."""
    assert old in GOOD
    marked = GOOD.replace(old, new, 1)
    before = marked[: max(marked.find("¶"), 0)]
    return marked.replace("¶", ""), (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)


def problems(text: str) -> list[tuple[int, int, str]]:
    try:
        check_mapping(parse_mapping(text, "m.yaml"), FIELDS)
    except MappingError as error:
        return [(p.line, p.column, p.message) for p in error.problems]
    return []


def test_there_are_many_cases() -> None:
    """At least 150 broken mappings are tried, no two of them alike."""
    assert len({broken(old, new)[0] for old, new, _ in CASES}) >= 150


def test_the_good_mapping_is_good() -> None:
    """What the cases break has no mistake of its own."""
    assert problems(GOOD) == []


@pytest.mark.fault("F66", "F67")
@pytest.mark.security(19)
@pytest.mark.parametrize(("old", "new", "message"), CASES)
def test_a_mistake_is_told_with_its_place(old: str, new: str, message: str) -> None:
    """Line and column are those of the offending word, and the message repeats it or suggests."""
    text, place = broken(old, new)
    found = problems(text)
    assert any(p[:2] == place and message in p[2] for p in found), (place, found)


def test_all_mistakes_are_told_at_once() -> None:
    """Mistakes of shape, of names and of rules do not hide each other."""
    text = GOOD.replace("default: false", "default: no").replace("only: library", "only: here")
    text = text.replace("equal: kana", "eqal: kana").replace("when: nicknames", "when: nicks")
    lines = [line for line, _, _ in problems(text)]
    assert lines == [3, 7, 14, 18]


@pytest.mark.fault("F69")
def test_all_mistakes_about_fields_are_told_at_once() -> None:
    """Unknown fields, types and rights are told together, in the order of the file."""
    text = GOOD.replace("[surname, last]", "[surnam, lst]").replace(", only: library", "")
    text = text.replace("if_filled: nickname", "if_filled: nick")
    assert [line for line, _, _ in problems(text)] == [6, 6, 14, 18]


def test_errors_print_as_path_line_column() -> None:
    """One line per mistake: PATH:LINE:COLUMN: message."""
    with pytest.raises(MappingError) as caught:
        parse_mapping(GOOD.replace("only: library", "only: libary"), "my.yaml")
    assert str(caught.value) == ('my.yaml:14:35: unknown side "libary"; did you mean "library"?')


@given(
    st.integers(0, len(GOOD)), st.integers(0, 12), st.text("[]{}:,-&*!|>'\"# \n\tañ髙0", max_size=4)
)
def test_any_damage_is_told_inside_the_file(start: int, length: int, new: str) -> None:
    """However a mapping is damaged, it is read or refused with places that exist."""
    text = GOOD[:start] + new + GOOD[start + length :]
    lines = text.split("\n")
    for line, column, message in problems(text):
        assert 1 <= line <= len(lines) + 1
        assert column >= 1
        assert message


def at_once(text: str) -> list[str]:
    """Return every mistake that reading *text* tells, the connectors being known."""
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, "m.yaml", fields_of=FIELDS.__getitem__)
    return [f"{p.line}:{p.message}" for p in caught.value.problems]


WRONG_WORDS = [
    ("[surname, last]}", "[surnam, last], optonal: true}", "6:", ["optonal", "surnam"]),
    ("[surname, last]}", "[surname, lst], equal: kata}", "6:", ["kata", "lst"]),
    ("[left_on, ended], to", "[left_on, endd], too", "11:", ["too", "endd"]),
    ("{gym: {empty: clear}}", "{gym: {emty: clear}}, kanna: 1", "11:", ["emty", "kanna"]),
    ("surname: nickname", "surnam: nickname", "18:", ["surnam"]),
    ("if_filled: nickname", "if_filled: nikname", "18:", ["nikname"]),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), WRONG_WORDS)
def test_unknown_keys_hide_no_misspelt_field(
    old: str, new: str, line: str, words: list[str]
) -> None:
    """All that is wrong in a file is told in one go, in the pair with the mistake and elsewhere."""
    text = GOOD.replace(old, new, 1).replace("[born, birthday]", "[borrn, birthday]")
    text += "extra: 1\n"
    told = at_once(text)
    for word in words:
        assert any(each.startswith(line) and f'"{word}"' in each for each in told), told
    assert any(each.startswith("8:") and '"borrn"' in each for each in told), told
    assert any('unknown key "extra"' in each for each in told), told
    assert len(told) == len(set(told)) == len(words) + 2, told


def test_a_field_is_told_once_it_is_known_at_all() -> None:
    """A connector that is not installed hides nothing of what the file itself tells."""

    def nobody(connector: str) -> list[FieldSpec]:
        raise ConfigurationError(connector)

    with pytest.raises(MappingError, match="extra"):
        parse_mapping(GOOD + "extra: 1\n", "m.yaml", fields_of=nobody)


# --- what works and may surprise -----------------------------------------------------------------


def advised(text: str, **more: list[FieldSpec]) -> list[tuple[int, str]]:
    fields = {**FIELDS, **more}
    mapping = parse_mapping(text, "m.yaml", LOUD)
    check_mapping(mapping, fields, LOUD)
    return [(problem.line, problem.message) for problem in advice(mapping, fields, LOUD)]


LOUD = Transforms()
LOUD.register(of_text("small", str.lower, Label("小文字", "Small")))
ONE_TABLE = "{pair: [branch, site], only: gym, values: {north: N1, south: S1, east: S1}}"
ANOTHER = "{pair: [branch, site], only: library, values: {north: N1, south: S1}}"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (ONE_TABLE, f"{ONE_TABLE}\n  - {ANOTHER}", 13, ["library", "east"]),
        ("[surname, last]}", "[surname, last], to: {gym: {transform: small}}}", 6, ["small"]),
        ("[surname, last]}", "[surname, last], to: {gym: {transform: katakana}}}", 6, ["katakana"]),
    ],
)
def test_a_way_back_that_is_not_exact_is_told(
    old: str, new: str, line: int, words: list[str]
) -> None:
    """The file is good, and a check names what may come back as another value."""
    ((place, message),) = advised(GOOD.replace(old, new, 1))
    assert place == line
    assert all(f'"{word}"' in message or word in message for word in words)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("[surname, last]}", "[surname, last], to: {gym: {transform: width}}}"),
        ("[surname, last]}", "[surname, last], equal: kana, to: {gym: {transform: katakana}}}"),
        ("[branch, site], only: gym", "[branch, site], only: gym, to: {gym: {empty: clear}}"),
    ],
)
def test_what_comes_back_as_it_was_is_not_mentioned(old: str, new: str) -> None:
    """A one-to-one table, a change that never counts, or no way back at all."""
    assert advised(GOOD.replace(old, new, 1)) == []


def test_what_a_new_employee_needs_and_nothing_fills_is_told() -> None:
    """Where the connector says what it offers; one that never says is asked at the fetch."""
    needed = [spec("tier", required=True), spec("desk", required=True, offered=True)]
    ((line, message),) = advised(GOOD, gym=[*FIELDS["gym"], *needed])
    assert (line, '"tier"' in message, "desk" in message) == (5, True, False)
    assert advised(GOOD, gym=[*FIELDS["gym"], needed[0]]) == []
