"""What nobody outside knows for sure about SmartHR, or what depends on the contract."""

from __future__ import annotations

from typing import Literal

from attrs import Factory, define

from renkei_sandbox.system import Switches


@define(kw_only=True)
class SmartHRSwitches(Switches):
    """The uncertain points of SmartHR's API; the defaults are the best guesses."""

    second_limit: int = 10
    """Requests per second and token."""
    hourly_limit: int = 5000
    """Requests per hour and token."""
    minute_limit: int = 50000
    """Requests per minute and subdomain."""
    intensive: Literal["second", "minute"] = "second"
    """What the x-intensive-rate-limit-* headers count."""
    second_headers: bool = False
    """Whether a third family of headers, x-rate-limit-*-second, is sent."""
    retry_after: bool = False
    """Whether a 429 carries Retry-After."""
    count_refused: bool = True
    """Whether refused calls count against the hour."""
    ip_not_permitted: bool = False
    """Whether the caller's address is outside the token's rule (403, code 15)."""
    per_page_over: Literal["lower", "refuse"] = "lower"
    """What happens to a per_page above 100."""
    ties: Literal["stable", "shuffled"] = "stable"
    """How people whose sort keys are equal or empty are ordered; "shuffled": anew on every page."""
    total: Literal["every page", "first page", "none"] = "every page"
    """On which pages of a list x-total-count is sent."""
    links: bool = True
    """Whether the pages of a list link to each other."""
    empty_page: int | None = None
    """A page of every list that comes without rows; what belongs there stands on the next one."""
    largest_page: int = 100
    """How many rows a page may have, whatever is asked for."""
    retired_listed: bool = True
    """Whether a list that asks for no status has retired people."""
    unknown_sort: Literal["refuse", "ignore"] = "refuse"
    """What happens to a sort key that does not exist."""
    strict_query: bool = True
    """Whether a bad date or word in a filter is refused; otherwise it is ignored."""
    unique_emp_code: bool = True
    """Whether an employee number may be used once only."""
    unique_email: bool = False
    """Whether an e-mail address may be used once only."""
    plan_limit: int | None = None
    """How many people the plan allows, retired ones not counted (403, code 7)."""
    strict_create: bool = False
    """Whether a new person needs status, names, readings and gender."""
    hidden: set[str] = Factory(set)
    """Attributes that the token may not read."""
    hidden_as: Literal["omitted", "null"] = "omitted"
    """How an attribute without read right looks."""
    readonly: set[str] = Factory(set)
    """Attributes that the token may not write."""
    readonly_as: Literal["ignored", "refused"] = "ignored"
    """What happens to a write of an attribute without write right (403, code 3)."""
    null_clears: bool = True
    """Whether null empties an attribute; otherwise it leaves it alone."""
    status_follows_date: bool = False
    """Whether emp_status turns to "retired" by itself after resigned_at."""
    touch_on_noop: bool = False
    """Whether updated_at moves when a write changes nothing."""
    descendants: bool = False
    """Whether department_id includes the departments below."""
    timestamps: Literal["+09:00", "Z"] = "+09:00"
    """The offset that timestamps are written with."""
    malformed_id: Literal[400, 404] = 404
    """What an id that is no UUID is answered with."""
    location: Literal["ui", "api"] = "ui"
    """Which address of the person the Location header of a create shows."""
    id_always: bool = False
    """Whether the id comes back even when `fields` does not name it."""
    discontinued_listed: bool = False
    """Whether discontinued departments stay in the list of departments."""
