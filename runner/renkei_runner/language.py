"""The language of a command, decided before anything is imported that speaks.

click translates through the process-wide gettext domain, so that is bound to our catalogue and told
the language by LANGUAGE; our own texts follow the context of :mod:`renkei.words.i18n`.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence
from pathlib import Path

import renkei
from renkei.words.i18n import LANGUAGES, preferred, set_language


def speak(name: str) -> None:
    """Let this command, and click, speak *name* from here on."""
    gettext.bindtextdomain("renkei", str(Path(renkei.__file__).parent / "locale"))
    gettext.textdomain("renkei")
    os.environ["LANGUAGE"] = name
    set_language(name)


def asked(arguments: Sequence[str], option: str) -> str | None:
    """Return the last value of *option*, wherever it stands, before anything is parsed."""
    value = None
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == option and index + 1 < len(arguments):
            value = arguments[index + 1]
        elif argument.startswith(f"{option}="):
            value = argument.removeprefix(f"{option}=")
    return value


def choose(arguments: Sequence[str]) -> str:
    """Return the language these arguments or else the environment ask for."""
    name = asked(arguments, "--lang")
    return name if name in LANGUAGES else preferred()
