"""The JSON Schema for editors agrees with what the engine accepts."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml
from jsonschema import Draft202012Validator

from renkei.mapping import Transform, Transforms, parse_mapping, schema
from renkei.people import Label
from renkei.words.i18n import speaking

GOOD = {
    "list of sides": "sides: [a, b]\nfields:\n  - {pair: [x, y]}\n",
    "named sides": "sides: {old: a, new: a}\nfields:\n  - {pair: [x, y]}\n",
    "everything": """\
sides: [a, b]
settings: {s: {default: true, label: {ja: あ, en: a}}}
fields:
  - {pair: [n, n]}
  - {pair: [x, y], equal: kana, optional: false, to: {a: {transform: katakana, empty: clear}}}
  - {pair: [z, z], only: b, values: {1: 2, low: 1.5, high: true}}
substitute:
  a:
    - {when: s, if_filled: q, x: q}
    - {if_filled: q, z: q}
""",
    "empty": "sides: [a, b]\nsettings: {}\nfields: [{pair: [x, y]}]\nsubstitute: {a: []}\n",
    "built in": files("renkei_mappings").joinpath("smarthr-touchontime.yaml").read_text("utf-8"),
}

BROKEN = [
    ("sides: [a, b]", "sides: [a]"),
    ("sides: [a, b]", "sides: [a, a]"),
    ("sides: [a, b]", "sides: a"),
    ("sides: [a, b]", "sides: {a: b}"),
    ("sides: [a, b]\n", ""),
    ("fields:", "fieldz:"),
    ("default: true", "default: maybe"),
    ("default: true, ", ""),
    (", en: a", ""),
    ("{pair: [n, n]}", "{}"),
    ("[n, n]", "[n]"),
    ("[n, n]", "[n, n, n]"),
    ("[n, n]", "[n, {}]"),
    ("[n, n]", "[n, '']"),
    ("[n, n]", "[n, ]"),
    ("equal: kana", "equal: width"),
    ("equal: kana", "equals: kana"),
    ("optional: false", "optional: 3"),
    ("transform: katakana", "transform: katakan"),
    ("empty: clear", "empty: drop"),
    ("{1: 2,", "{1: [],"),
    ("{when: s, if_filled: q, x: q}", "{when: s, if_filled: q}"),
    ("{if_filled: q, z: q}", "{if_filled: q}"),
    ("{if_filled: q, z: q}", "{z: q}"),
    ("{if_filled: q, z: q}", "{if_filled: q, z: []}"),
    ("    - {if_filled", "    {if_filled"),
]


def accepts(text: str, **kwargs: Transforms) -> bool:
    """Check *text* as an editor reads it: ``true`` and ``1`` are what they look like there."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    return Draft202012Validator(schema(**kwargs)).is_valid(with_text_keys(data))


def with_text_keys(data: object) -> object:
    """Return *data* as JSON has it: keys are always text."""
    if isinstance(data, dict):
        return {str(key): with_text_keys(value) for key, value in data.items()}
    return [with_text_keys(value) for value in data] if isinstance(data, list) else data


def test_the_schema_is_one() -> None:
    """It satisfies the meta-schema of its dialect."""
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", GOOD)
def test_what_the_engine_accepts_is_valid(name: str) -> None:
    """A good mapping is good in the editor too."""
    parse_mapping(GOOD[name], "m.yaml")
    assert accepts(GOOD[name])


@pytest.mark.parametrize(("old", "new"), BROKEN)
def test_what_the_schema_can_say_it_refuses(old: str, new: str) -> None:
    """Mistakes of shape are seen while typing."""
    assert old in GOOD["everything"]
    assert not accepts(GOOD["everything"].replace(old, new, 1))


def test_registered_transforms_are_choices() -> None:
    """The names that extensions add are offered like the built-in ones."""
    transforms = Transforms()
    transforms.register(Transform("katakan", "text", "text", lambda v: v, Label("", "")))
    text = GOOD["everything"].replace("katakana", "katakan")
    assert accepts(text, transforms=transforms)
    assert not accepts(text)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_key_is_described(language: str) -> None:
    """An editor shows what each key of a pair is for."""
    with speaking(language):
        made = schema()
    pair = made["properties"]["fields"]["items"]["properties"]
    assert all(each["description"] for each in [*made["properties"].values(), *pair.values()])
