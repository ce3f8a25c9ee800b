"""What one command has said, for people and for scripts."""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen


@frozen
class Result:
    """What a person or a script sees of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document on standard output; fails if there is anything else."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def error(self) -> dict[str, Any]:
        """The error of the one document."""
        error: dict[str, Any] = self.json["error"]
        return error

    @property
    def run(self) -> str:
        """The id of the run the document is about."""
        run: str = self.json["run"]
        return run

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.out}{self.err}"
