"""What nobody outside knows for sure about Touch On Time, or what depends on the contract."""

from __future__ import annotations

from typing import Literal

from attrs import Factory, define

from renkei_sandbox.system import Switches


@define(kw_only=True)
class TouchOnTimeSwitches(Switches):
    """The uncertain points of Touch On Time's API; the defaults are the best guesses."""

    closed_hours: bool = True
    """Whether calls are refused in the closed hours (403, code 104)."""
    bands: list[tuple[str, str]] = Factory(lambda: [("08:30", "10:00"), ("17:30", "18:30")])
    """The closed hours in Japanese time; the start is closed, the end is open."""
    limit: int = 500
    """Requests within the window."""
    limit_window_s: float = 300.0
    """The window of the limit, in seconds, counted back from every request."""
    limit_code: Literal["303", "308"] = "303"
    """The code of too many requests."""
    limit_status: Literal[429, 403] = 429
    """The HTTP status of too many requests; 403 comes with code 105 in the other shape."""
    ip_permitted: bool = True
    """Whether the caller's address is on the token's list."""
    refusal: Literal["403/100", "401/111"] = "403/100"
    """What a bad token, address or right is answered with."""
    invalid_available: Literal["false", "error"] = "false"
    """How an invalid token's availability is told."""
    partial_put: bool = True
    """Whether an update may leave required fields out (otherwise 400, one error each)."""
    partial_put_refusal: Literal["fields", "unknown words"] = "fields"
    """How an update without all required fields is refused: field by field, or in general words."""
    post_answer: Literal["bare", "sent"] = "bare"
    """Whether a create is answered with the required fields and the key, or all that was sent."""
    put_answer: Literal["full", "base"] = "full"
    """Whether an update is answered with the additional fields as well."""
    readonly: set[str] = Factory(set)
    """Fields that an update accepts and does not store, without a word."""
    future_hires: bool = True
    """Whether people hired after `date` are listed."""
    resignation_day: Literal["gone", "still"] = "gone"
    """Whether somebody whose last day is `date` counts as resigned."""
    unknown_code_status: Literal[400, 404] = 400
    """The status for an unknown employee code in a GET."""
    unknown_code: Literal["own", "100"] = "own"
    """Whether an unknown employee code has an error code of its own, or that of a bad token."""
    unknown_key_status: Literal[404, 400] = 404
    """The status for an unknown employee key in a PUT or DELETE (code 526)."""
    unknown_division: Literal["refuse", "empty"] = "refuse"
    """What a list filtered by an unknown division answers."""
    strict_code: bool = False
    """Whether codes need 3 to 20 letters or digits, instead of 1 to 20."""
    deleted_code_taken: bool = True
    """Whether the code of a deleted employee stays taken."""
    oldest_transfer: bool = True
    """Whether an updateDate before the current month is refused."""
    gender_unset: Literal["omitted", "no_selected"] = "omitted"
    """How an employee without a gender is shown; "no_selected" can be sent back, too."""
    email_blanks: bool = False
    """Whether a list of e-mail addresses begins and ends with an empty text, and takes some."""
    default_minutes: int | None = 480
    """What the system fills in for allDayRegardingWorkInMinute when it is left out."""
    longest_name: int = 100
    """How many characters a name or reading may have."""
    groups_used: bool = True
    """Whether the company uses employee groups; otherwise their list is empty."""
