"""Where the command `renkei` starts and ends: language, signals, errors, exit code."""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from renkei_runner import language
from renkei_runner.encoding import forgive, prepare
from renkei_runner.signals import ended_by, interrupt

if TYPE_CHECKING:
    from renkei_runner.app import App


def main() -> NoReturn:
    """Run the command line of this process; should it crash, no image of its memory is left."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prepare()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str], app: App | None = None) -> int:
    """Run one command and return its exit code; *app* stands in for the real one in tests."""
    forgive(sys.stdout, sys.stderr)
    language.speak(language.choose(arguments))
    from renkei_runner.app import App  # click may be imported only after its language is bound
    from renkei_runner.cli import cli

    app = app or App()
    # Before anything is parsed: what click refuses is one document for programs, too.
    app.json = language.asked(arguments, "--output") == "json"
    try:
        with ended_by(interrupt):
            result = cli.main(list(arguments), prog_name="renkei", standalone_mode=False, obj=app)
            sys.stdout.flush()  # a full disk or a closed pipe shows now, not when Python exits
    except BaseException as error:  # noqa: BLE001 - whatever happens ends in one sentence and a code
        if isinstance(error, MemoryError):  # what the command held makes room for its last words
            import traceback

            traceback.clear_frames(error.__traceback__)
        from renkei_runner.failures import tell

        return tell(error, app)
    return result if isinstance(result, int) else 0
