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
    return flaw(answer, kind) is None


def flaw(answer: object, kind: type) -> str | None:
    """
    Return what keeps *answer* from being a sound *kind*, as its author would write it; may raise.

    ``FieldSpec(name='grade').allowed`` is that attribute, ``dict`` a thing of another type.
    """
    if type(answer) is not kind:
        return type(answer).__name__
    for part, sound in _SOUND[kind].items():
        if not sound(answer):
            return f"{kind.__name__}{_name_of(answer)}.{part}"
    return None


def _name_of(answer: object) -> str:
    """Return what tells a field from others; of an account nothing is to be repeated."""
    name = answer.name if isinstance(answer, FieldSpec | NewField) else None
    return f"(name={name!r})" if is_id(name) else ""


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


def _is_instant(value: object) -> bool:
    return type(value) is dt.datetime and value.tzinfo is not None


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
            return _is_instant(error.opens) and (error.at is None or _is_instant(error.at))
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


def _has_known_role(spec: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether a field has no role, or a known one of its type."""
    return spec.role is None or ROLE_TYPES.get(spec.role) == spec.type


def _has_sound_labels(spec: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether there is a label for each allowed value, or none at all."""
    labels = spec.allowed_labels
    return _are(labels, _sound_label) and len(labels) in (0, len(spec.allowed or ()))


def _has_sound_path(spec: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether the path leads somewhere."""
    if not _is_any(spec.path, str, tuple, type(None)):
        return False
    return bool(spec.keys) and _are(spec.keys, is_id)


def _is_encoding(name: object) -> bool:
    """Return whether *name* is an encoding of text that Python knows."""
    try:
        # codecs.lookup would also find rot13 and hex, which make no bytes of a text.
        return _is_text(name) and isinstance("".encode(str(name)), bytes)
    except LookupError:
        return False


def _sound_finding(finding: Any) -> bool:  # noqa: ANN401 - as above
    sound = type(finding) is Finding and finding.level in ("ok", "note", "warning", "problem")
    return sound and _is_text(finding.message)


def _flag(name: str) -> Callable[[Any], bool]:
    return lambda it: _is_any(getattr(it, name), bool)


_FLAGS = {name: _flag(name) for name in ("required", "wanted", "clearable", "dated", "offered")}

_SOUND: dict[type, dict[str, Callable[[Any], bool]]] = {
    FieldSpec: {
        "name": lambda it: is_id(it.name),
        "label": lambda it: _sound_label(it.label),
        "type": lambda it: type(it.type) is str and it.type in CLASSES,
        "role": _has_known_role,
        "write": lambda it: it.write in get_args(Write),
        **_FLAGS,
        "allowed": lambda it: it.allowed is None or _are(it.allowed, _is_text),
        "allowed_labels": _has_sound_labels,
        "max_length": lambda it: _is_any(it.max_length, int, type(None)),
        "encoding": lambda it: it.encoding is None or _is_encoding(it.encoding),
        "path": _has_sound_path,
    },
    NewField: {
        "name": lambda it: is_id(it.name),
        "label": lambda it: _sound_label(it.label),
        "choices": lambda it: _are(it.choices, lambda each: is_sound(each, Choice)),
    },
    Choice: {
        "code": lambda it: is_id(it.code),
        "label": lambda it: _is_text(it.label),
        "detail": lambda it: _is_text(it.detail),
    },
    Account: {
        "name": lambda it: _is_text(it.name),
        "findings": lambda it: _are(it.findings, _sound_finding),
    },
    Customer: {
        "name": lambda it: _is_text(it.name),
        "ids": lambda it: _are(it.ids, is_id),
        "corporate_numbers": lambda it: _are(it.corporate_numbers, is_id),
    },
    ClosedHours: {
        "start": lambda it: type(it.start) is dt.time,
        "end": lambda it: type(it.end) is dt.time and it.start < it.end,
    },
    RequestLimit: {
        "count": lambda it: _is_any(it.count, int) and it.count >= 1,
        "window_s": lambda it: 0 < it.window_s < math.inf,
    },
}
"""What each attribute has to hold, by kind."""
