from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import renkei
import renkei_web
from renkei.errors import Hint, HintCode
from renkei_runner import cli
from renkei_runner.hints import COMMANDS, told

COMMAND = re.compile(rf"\brenkei ({'|'.join(cli.COMMANDS)})\b|`renkei| --|\{{[a-z]+\}}=")
"""A command, an option, or what is given to one."""

ENGINE = Path(renkei.__file__).parent


def texts() -> Iterator[str]:
    """Yield every text for people in the engine."""
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_", "N_"):
                (text,) = node.args
                if isinstance(text, ast.Constant):
                    yield str(text.value)


def test_the_dashboard_spells_no_command() -> None:
    """What it begins it hands over as a deed; only the command line knows its own words."""
    written = [path.read_text("utf-8") for path in Path(renkei_web.__file__).parent.rglob("*.py")]
    assert len(written) > 30
    spelt = re.compile(r"renkei_runner|RENKEI_[A-Z]|[\"']--[a-z]")
    assert [found[0] for text in written if (found := spelt.search(text))] == []


def test_every_hint_has_a_command() -> None:
    """What the engine may say, the command line can tell how to do."""
    assert COMMANDS.keys() == set(get_args(HintCode))
    assert told(None) == ""
    several = Hint("name_record", {"number": "7"}, ("A", "B"))
    assert told(several) == "7=A, 7=B"
    assert told("in the words of a connector") == "in the words of a connector"


def test_the_engine_knows_no_command() -> None:
    """Its sentences are read on pages, too, where nothing can be typed."""
    said = list(texts())
    assert len(said) > 400
    assert [text for text in said if COMMAND.search(text)] == []
