"""
The HTTP library, imported without its command line.

That is an extra of the library, which does without it where it cannot be imported: it brings along
all that colours a terminal, half of the time and memory of the import.
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"
sys.modules.setdefault(_COMMAND_LINE, None)  # type: ignore[arg-type]  # so Python refuses to import

import httpcore  # noqa: E402 - what is above has to come first
import httpx  # noqa: E402

if sys.modules[_COMMAND_LINE] is None:
    del sys.modules[_COMMAND_LINE]

__all__ = ["httpcore", "httpx"]
