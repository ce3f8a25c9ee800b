"""Mapping files broken on purpose: each case knows which line is wrong, or that all may be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from attrs import frozen

TEXT = """\
sides: [smarthr, touchontime]
settings:
  business_names:
    default: false
    label: {ja: ビジネスネームで連携する, en: Use business names}
fields:
  - {pair: [emp_code, code]}
  - {pair: [last_name, lastName]}
  - {pair: [first_name, firstName]}
  - {pair: [last_name_yomi, lastNamePhonetics], equal: kana, to: {smarthr: {transform: katakana}}}
  - {pair: [first_name_yomi, firstNamePhonetics], equal: kana, to: {smarthr: {transform: katakana}}}
  - {pair: [gender, gender], values: {male: male, female: female}}
  - {pair: [birth_at, birthDate]}
  - {pair: [entered_at, hiredDate]}
  - {pair: [resigned_at, resignationDate], to: {touchontime: {empty: clear}}}
  - {pair: [email, emailAddresses], only: touchontime}
  - {pair: [business_last_name, divisionCode], only: touchontime, optional: true}
substitute:
  smarthr:
    - {when: business_names, if_filled: business_last_name, last_name: business_last_name}
    - {if_filled: business_first_name, first_name: business_first_name}
"""
"""Everything the language has, in one good file."""

KEYS = (
    *("sides", "settings", "default", "label", "fields", "pair", "equal", "to", "transform"),
    *("values", "empty", "only", "optional", "substitute", "when", "if_filled"),
)
WORDS = ("kana", "katakana", "clear", "touchontime", "smarthr", "true", "false", "business_names")
FIELDS = (
    *("emp_code", "code", "last_name", "lastName", "first_name", "firstName", "last_name_yomi"),
    *("lastNamePhonetics", "gender", "birth_at", "birthDate", "entered_at", "hiredDate"),
    *("resigned_at", "resignationDate", "email", "emailAddresses", "business_first_name"),
)
ODD = (
    *(
        "[]",
        "{}",
        "[a]",
        "{a: b}",
        '""',
        "~",
        "null",
        "",
        "0042",
        "no",
        "12:30",
        "[[x]]",
        "{x: {}}",
    ),
    *("yes", "1e3", "2026-04-01", "0x1F", "🙂", "'#'", '"\\u3042"', "漢字", "very " * 40),
)
MAGIC = (
    *(
        "*x",
        "&x {}",
        "!!str {}",
        "!x {}",
        "! {}",
        "!!python/object:os.system {}",
        "{{<<: {{a: {}}}}}",
    ),
    *("{{? {}}}", "&y !!str {}"),
)
CONTROLS = ("\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "\ufffe")


@frozen
class Case:
    """One file; *line* is where a mistake must be told, None if nobody can say."""

    name: str
    text: str
    line: int | None = None
    valid: bool = False
    """Whether the file may still be good."""


def misspelt(rng: Random, word: str) -> str:
    """Return *word* with one letter lost, doubled, swapped or another one."""
    at = rng.randrange(len(word))
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz_")
    forms = (
        word[:at] + word[at + 1 :],
        word[: at + 1] + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at:][1:2] + word[at : at + 1] + word[at:][2:],
    )
    fitting = [form for form in forms if form and form != word and form not in (*KEYS, *FIELDS)]
    return rng.choice(fitting or [f"{word}x"])


def places(text: str, word: str, tail: str = "") -> list[re.Match[str]]:
    """Return where *word* stands by itself, with *tail* behind it."""
    return list(re.finditer(rf"(?<![\w]){re.escape(word)}(?![\w]){tail}", text))


def replaced(rng: Random, name: str, word: str, new: str, tail: str = "") -> Case:
    """Replace one *word* of the file."""
    found = rng.choice(places(TEXT, word, tail))
    start = found.start()
    text = TEXT[:start] + new + TEXT[start + len(word) :]
    return Case(name, text, TEXT.count("\n", 0, start) + 1)


def key(rng: Random) -> Case:
    word = rng.choice(KEYS)
    return replaced(rng, "key", word, misspelt(rng, word), tail="(?=:)")


def word(rng: Random) -> Case:
    chosen = rng.choice(WORDS)
    case = replaced(rng, "word", chosen, misspelt(rng, chosen))
    # Another name of a side or a setting is told wherever that one is meant.
    elsewhere = chosen in ("smarthr", "touchontime", "business_names")
    return Case(case.name, case.text, None if elsewhere else case.line)


def field_name(rng: Random) -> Case:
    chosen = rng.choice(FIELDS)
    return replaced(rng, "field", chosen, misspelt(rng, chosen), tail=r"(?=[],}])")


def twice(rng: Random) -> Case:
    """A key that is there already, on the same line."""
    lines = TEXT.split("\n")
    at = rng.choice([n for n, line in enumerate(lines) if re.search(r"- \{\w+:", line)])
    again = re.search(r"\{(\w+: (?:\[[^]]*\]|\w+))", lines[at])
    assert again
    lines[at] = re.sub(r"\}$", f", {again[1]}}}", lines[at])
    lines[at] += " " * rng.randrange(9)
    return Case("twice", "\n".join(lines), at + 1)


def pair_twice(rng: Random) -> Case:
    """A field that is written already."""
    lines = TEXT.split("\n")
    pairs = [n for n, line in enumerate(lines) if "pair:" in line]
    source = lines[rng.choice(pairs[:-1])]
    at = pairs[-1] + 1
    lines.insert(at, source + " " * rng.randrange(30))
    return Case("pair twice", "\n".join(lines), at + 1)


def clash(rng: Random) -> Case:
    """A date beside a text."""
    dates = ("birth_at", "entered_at", "resigned_at")
    chosen = rng.choice(dates)
    other = rng.choice([name for name in FIELDS if name not in dates and "_" in name])
    return replaced(rng, "clash", chosen, other, tail=r"(?=, \w+Date)")


def first(rng: Random) -> Case:
    """Another pair than the number comes first."""
    lines = TEXT.split("\n")
    start = lines.index("  - {pair: [emp_code, code]}")
    other = rng.randrange(start + 1, start + 9)
    lines[start], lines[other] = lines[other], lines[start]
    return Case("first", "\n".join(lines) + "#" * rng.randrange(20), start + 1)


def odd_value(rng: Random) -> Case:
    """Something else where a value is due; what it is may happen to be right."""
    chosen = rng.choice((*KEYS, *KEYS, "ja", "en", "male", "last_name"))
    found = rng.choice(places(TEXT, chosen, "(?=:)"))
    rest = re.compile(r" ?(?:\[[^]]*\]|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[^,}\n]*)")
    value = rest.match(TEXT, found.end() + 1)
    assert value
    new = rng.choice(ODD)
    return Case("value", f"{TEXT[: found.end() + 1]} {new}" + TEXT[value.end() :], valid=True)


def magic(rng: Random) -> Case:
    """What YAML can and mappings must not."""
    chosen = rng.choice(("kana", "katakana", "clear", "false", "business_names", *FIELDS))
    return replaced(rng, "magic", chosen, rng.choice(MAGIC).format(chosen), tail=r"(?=[],}\n])")


def control(rng: Random) -> Case:
    at = rng.randrange(1, len(TEXT))
    text = TEXT[:at] + rng.choice(CONTROLS) + TEXT[at:]
    return Case("control", text, TEXT.count("\n", 0, at) + 1)


def damaged(rng: Random) -> Case:
    """Bytes lost, doubled, swapped or junk, anywhere."""
    a, b, c = sorted(rng.randrange(len(TEXT) + 1) for _ in range(3))
    junk = "".join(rng.choice("{}[]:,-#&*!|>'\"%@`?\t \n\\漢a0") for _ in range(rng.randint(1, 4)))
    forms = (
        TEXT[:a] + junk + TEXT[a:],
        TEXT[:a] + TEXT[a + rng.randint(1, 30) :],
        TEXT[:a] + TEXT[b:c] + TEXT[a:b] + TEXT[c:],
        TEXT[:b] + TEXT[a:b] + TEXT[b:],
    )
    return Case("damaged", rng.choice(forms), valid=True)


def half(rng: Random) -> Case:
    """Saved while it was written: the beginning and no more."""
    return Case("half", TEXT[: rng.randrange(len(TEXT))], valid=True)


def indented(rng: Random) -> Case:
    lines = TEXT.split("\n")
    at = rng.randrange(len(lines) - 1)
    lines[at] = rng.choice((" ", "   ", "\t", "- ", "\u3000")) + lines[at]
    return Case("indented", "\n".join(lines), valid=True)


MAKERS = (
    *(key, key, key, word, word, field_name, field_name, field_name, twice, pair_twice, clash),
    *(first, odd_value, odd_value, magic, magic, control, damaged, damaged, half, indented),
)


def cases(seed: str, many: int) -> Iterator[Case]:
    """Yield *many* different files; the same ones for the same seed."""
    rng = Random(seed)
    seen = {TEXT}
    while many:
        case = rng.choice(MAKERS)(rng)
        if case.text not in seen:
            seen.add(case.text)
            many -= 1
            yield case
