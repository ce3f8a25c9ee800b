"""What a face may watch while the engine works; every method does nothing unless overridden."""

from __future__ import annotations

from collections.abc import Sequence

from renkei.model import Estimate, KnownAccount, Remark


class Observer:
    """Told about progress from several threads; must be quick and must not raise."""

    def began(self, run_id: str) -> None:
        """A fetch has begun; this is its run."""

    def same_company(self, accounts: Sequence[KnownAccount]) -> bool | None:  # noqa: ARG002
        """
        Return whether both accounts of a first fetch are of one company, as a person says.

        None: there is nobody to be asked. The one method that may wait; no thread but that of the
        fetch calls it, before anything is read.
        """
        return None

    def estimate(self, ahead: Estimate) -> None:
        """Work of this size begins now."""

    def reading(self, connection: str, employees: int) -> None:
        """So far *employees* of *connection* have been read."""

    def writing(self, done: int, total: int) -> None:
        """Of *total* chosen employees, *done* have an outcome."""

    def waiting(self, connection: str, reason: str, seconds: float) -> None:
        """
        Nothing happens for *seconds*.

        For ``limit``, ``retry``, ``closed``, ``settle``, ``in_doubt`` or ``owner``.
        """

    def in_doubt(self, connection: str, numbers: Sequence[str], seconds: float) -> None:
        """
        No answer came for new employees with these *numbers*.

        They are looked up until *connection* has had *seconds* more; then they are sent again.
        """

    def news(self, remark: Remark) -> None:
        """Something that is worth a line, and nothing to worry about."""

    def warning(self, remark: Remark) -> None:
        """Something a person should know, beside the result."""
