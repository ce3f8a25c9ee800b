"""What the log is told in a block, whatever earlier tests of the process have set it to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from renkei import logs


@contextmanager
def told() -> Iterator[Sequence[Mapping[str, Any]]]:
    """
    Yield the lines of the block.

    A command in an earlier test leaves its level, and a set-up that the next line would carry out:
    in the middle of the block it would take the place of what listens here.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "_setting", logs._Setting())
        structlog.reset_defaults()
        with capture_logs() as lines:
            yield lines
