"""What a connector may answer and raise: exactly our own records, holding what their types say.

A subclass is refused like anything else: what looks like text or like an employee may be code.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any, get_args

from attrs import evolve

from renkei.errors import (
    ClosedError,
    InDoubtError,
    OptionMistake,
    OptionsError,
    RecordError,
    RenkeiError,
    SeveralErrors,
    UnavailableError,
)
from renkei.people import (
    CLASSES,
    ROLE_TYPES,
    Account,
    Choice,
    ClosedHours,
    Customer,
    FieldSpec,
    Finding,
    Label,
    NewField,
    RequestLimit,
    Write,
)
from renkei.text import is_storable


def is_sound(answer: object, kind: type) -> bool:
    """Return whether *answer* is a *kind* that holds what a *kind* holds; may raise."""
    return type(answer) is kind and _SOUND[kind](answer)


def is_sound_error(error: RenkeiError) -> bool:
    """Return whether *error* holds what errors of its kind hold."""
    try:
        # It need not be storable: whatever the system said is mended where the error is taken.
        detail_fits = _is_any(getattr(error, "detail", None), str, type(None))
        told: list[object] = [error.message, error.code]
        told += [text for text in (error.hint, error.where) if text is not None]
        return detail_fits and all(map(_is_text, told)) and _has_sound_parts(error)
    except Exception:  # noqa: BLE001 - a subclass may do anything when it is looked at
        return False


def is_id(value: object) -> bool:
    """Return whether *value* is text that is not empty and can be stored."""
    return _is_text(value) and bool(value)


def real_text(text: str) -> str:
    """Return *text* with a question mark for all that keeps it from being stored."""
    return text.encode(errors="replace").decode().replace("\0", "?")


def hide_in_error(error: RenkeiError, hide: Callable[[str], str]) -> None:
    """Let *hide* go over every text of *error*, which may end in a report, a log or a terminal."""
    error.message, error.code = hide(error.message), hide(error.code)
    # Only words: any other hint names a command of ours, which a connector cannot know.
    error.hint = hide(error.hint) if isinstance(error.hint, str) else None
    error.args = (error.message,)
    error.where = hide(error.where) if error.where else error.where
    match error:
        case RecordError():
            error.fields = tuple(map(hide, error.fields))
            error.detail = hide(error.detail) if error.detail else error.detail
        case InDoubtError():
            hide_in_error(error.cause, hide)
        case OptionsError():
            told = error.mistakes
            error.mistakes = tuple(evolve(each, message=hide(each.message)) for each in told)


def hidden_account(account: Account, hide: Callable[[str], str]) -> Account:
    """Return *account* as *hide* leaves its texts."""
    findings = tuple(evolve(each, message=hide(each.message)) for each in account.findings)
    return Account(hide(account.name), findings)


def hidden_customer(customer: Customer, hide: Callable[[str], str]) -> Customer:
    """Return *customer* as *hide* leaves its texts."""
    return Customer(
        name=hide(customer.name).strip(),
        ids=tuple(map(hide, customer.ids)),
        corporate_numbers=tuple(map(hide, customer.corporate_numbers)),
    )


def hidden_new_field(new: NewField, hide: Callable[[str], str]) -> NewField:
    """Return *new* as *hide* leaves what people read of it; names and codes are for machines."""
    choices = tuple(hidden_choice(each, hide) for each in new.choices)
    return evolve(new, label=Label(hide(new.label.ja), hide(new.label.en)), choices=choices)


def hidden_choice(choice: Choice, hide: Callable[[str], str]) -> Choice:
    """Return *choice* as *hide* leaves its texts; the code is for machines."""
    return evolve(choice, label=hide(choice.label), detail=hide(choice.detail))


def _is_text(value: object) -> bool:
    return type(value) is str and is_storable(value)


def _is_any(value: object, *kinds: type) -> bool:
    """Return whether *value* is exactly of one of the *kinds*."""
    return type(value) in kinds


def _are(values: object, sound: Callable[[Any], bool]) -> bool:
    """Return whether *values* is a tuple, which nobody can change later, of what is *sound*."""
    return type(values) is tuple and all(map(sound, values))


def _has_sound_parts(error: RenkeiError) -> bool:
    match error:
        case SeveralErrors():
            return False  # of a request that no connector sees
        case OptionsError():
            return bool(error.mistakes) and _are(error.mistakes, _sound_mistake)
        case RecordError():
            return _is_any(error.accepted, bool) and _are(error.fields, _is_text)
        case ClosedError():  # first: it is an UnavailableError, too, with its flags set for good
            return _is_any(error.opens, dt.datetime) and error.opens.tzinfo is not None
        case UnavailableError():
            flags = _is_any(error.again, bool) and _is_any(error.nothing_done, bool)
            return flags and _is_any(error.retry_after_s, int, float, type(None))
        case InDoubtError():
            return not isinstance(error.cause, InDoubtError) and is_sound_error(error.cause)
    return True


def _sound_mistake(mistake: Any) -> bool:  # noqa: ANN401 - whatever a plug-in has put there
    return (
        type(mistake) is OptionMistake
        and _are(mistake.path, _is_step)
        and _is_text(mistake.message)
        and _is_any(mistake.key, bool)
    )


def _is_step(step: object) -> bool:
    """Return whether *step* is a key or an index."""
    return _is_any(step, str, int)


def _sound_label(label: Any) -> bool:  # noqa: ANN401 - whatever a plug-in has put there
    return type(label) is Label and _is_text(label.ja) and _is_text(label.en)


def _sound_field(spec: Any) -> bool:  # noqa: ANN401 - as above
    return (
        is_id(spec.name)
        and _sound_label(spec.label)
        and _has_sound_kind(spec)
        and _has_sound_flags(spec)
        and _has_sound_values(spec)
        and _has_sound_place(spec)
    )


def _has_sound_kind(spec: FieldSpec) -> bool:
    """Return whether type, role and way of writing are known, and the role has this type."""
    if spec.type not in CLASSES:
        return False
    if spec.role is not None and ROLE_TYPES.get(spec.role) != spec.type:
        return False
    return spec.write in get_args(Write)


def _has_sound_flags(spec: FieldSpec) -> bool:
    flags = (spec.required, spec.wanted, spec.clearable, spec.dated, spec.offered)
    return all(_is_any(flag, bool) for flag in flags)


def _has_sound_values(spec: FieldSpec) -> bool:
    """Return whether what is said of the values makes sense; LookupError of an odd encoding."""
    if spec.allowed is not None and not _are(spec.allowed, _is_text):
        return False
    if not _are(spec.allowed_labels, _sound_label):
        return False
    if len(spec.allowed_labels) not in (0, len(spec.allowed or ())):
        return False
    if not _is_any(spec.max_length, int, type(None)):
        return False
    return spec.encoding is None or _is_encoding(spec.encoding)


def _has_sound_place(spec: FieldSpec) -> bool:
    """Return whether the path leads somewhere."""
    if not _is_any(spec.path, str, tuple, type(None)):
        return False
    return bool(spec.keys) and _are(spec.keys, is_id)


def _is_encoding(name: object) -> bool:
    """Return whether *name* is an encoding of text that Python knows; LookupError if not."""
    # codecs.lookup would also find rot13 and hex, which make no bytes of a text.
    return _is_text(name) and isinstance("".encode(str(name)), bytes)


def _sound_choice(choice: Any) -> bool:  # noqa: ANN401 - as above
    return is_id(choice.code) and _is_text(choice.label) and _is_text(choice.detail)


def _sound_new_field(new: Any) -> bool:  # noqa: ANN401 - as above
    choices = _are(new.choices, lambda each: is_sound(each, Choice))
    return is_id(new.name) and _sound_label(new.label) and choices


def _sound_finding(finding: Any) -> bool:  # noqa: ANN401 - as above
    sound = type(finding) is Finding and finding.level in ("ok", "note", "warning", "problem")
    return sound and _is_text(finding.message)


def _sound_customer(told: Any) -> bool:  # noqa: ANN401 - as above
    return _is_text(told.name) and _are(told.ids, is_id) and _are(told.corporate_numbers, is_id)


def _sound_limit(limit: Any) -> bool:  # noqa: ANN401 - as above
    return _is_any(limit.count, int) and limit.count >= 1 and 0 < limit.window_s < math.inf


_SOUND: dict[type, Callable[[Any], bool]] = {
    FieldSpec: _sound_field,
    NewField: _sound_new_field,
    Choice: _sound_choice,
    Account: lambda it: _is_text(it.name) and _are(it.findings, _sound_finding),
    Customer: _sound_customer,
    ClosedHours: lambda it: type(it.start) is type(it.end) is dt.time and it.start < it.end,
    RequestLimit: _sound_limit,
}
