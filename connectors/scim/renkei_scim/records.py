"""SCIM users: which fields there are, and how they are read, created and patched.

A field is called by its SCIM path; two of the enterprise extension have short names. Source: RFC
7643. An attribute that is left out has no value; a client cannot tell that from a missing right.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

from attrs import evolve, field, frozen

from renkei.connector import (
    JSON,
    Employee,
    FieldSpec,
    Label,
    Records,
    Value,
    Values,
    read_value,
)

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

USER_NAME = "userName"
EXTERNAL_ID = "externalId"
EMPLOYEE_NUMBER = "employeeNumber"
EMAIL = "email"
EMAILS = "emails"
KEYS = (EMPLOYEE_NUMBER, EXTERNAL_ID)
"""The fields that may hold the employee number."""

_FIELDS = (
    FieldSpec(
        name=USER_NAME, label=Label("ユーザー名", "User name"), required=True, clearable=False
    ),
    FieldSpec(name=EXTERNAL_ID, label=Label("外部ID", "External id")),
    FieldSpec(
        name=EMPLOYEE_NUMBER,
        label=Label("従業員番号", "Employee number"),
        path=(ENTERPRISE, EMPLOYEE_NUMBER),
    ),
    FieldSpec(
        name="name.familyName",
        label=Label("姓", "Family name"),
        role="family_name",
        path="name.familyName",
    ),
    FieldSpec(
        name="name.givenName",
        label=Label("名", "Given name"),
        role="given_name",
        path="name.givenName",
    ),
    FieldSpec(name="displayName", label=Label("表示名", "Display name")),
    FieldSpec(name="title", label=Label("役職", "Title")),
    FieldSpec(
        name="active",
        label=Label("有効", "Active"),
        type="boolean",
        role="employed",
        clearable=False,
    ),
    FieldSpec(name=EMAIL, label=Label("メールアドレス", "E-mail"), role="email", path=EMAILS),
    FieldSpec(
        name="department", label=Label("部署", "Department"), path=(ENTERPRISE, "department")
    ),
)
_SPECS = {spec.name: spec for spec in _FIELDS}
NAMES = tuple(_SPECS)
_WRITES: Mapping[str, Literal["create", "never"]] = {"readOnly": "never", "immutable": "create"}
_TYPES: Mapping[str, Literal["text", "boolean", "integer"]] = {
    "string": "text",
    "boolean": "boolean",
    "integer": "integer",
}


@frozen
class Extra:
    """What an update needs beside the changes: the version that was read, and all addresses."""

    version: str | None
    emails: tuple[JSON, ...] = field(repr=False)


def fields(key: str) -> tuple[FieldSpec, ...]:
    """Return the fields, of which *key* is the employee number."""
    return tuple(_as_number(spec) if spec.name == key else spec for spec in _FIELDS)


def _as_number(spec: FieldSpec) -> FieldSpec:
    # People are paired by their number, so no sync may change it.
    return evolve(spec, role="number", required=True, clearable=False, write="create")


class Users:
    """How users are read and written whose number is in *key*, in an account with *own* fields."""

    def __init__(self, key: str, own: Sequence[FieldSpec] = ()) -> None:
        further = [spec for spec in own if spec.name not in NAMES]
        specs = (*fields(key), *further)
        self.names = tuple(spec.name for spec in specs)
        self._records = Records(specs, absent="empty", special={EMAIL: _address})

    def employee(self, user: JSON, names: Sequence[str]) -> Employee:
        """Return the employee in *user*; what is left out is empty."""
        person = self._records.employee(user, names)
        record = cast("dict[str, JSON]", user)  # it has an id
        emails = _in_order(record.get(EMAILS))
        rest = tuple(filter(None, map(_text, emails[1:])))
        extra = Extra(_version(record), tuple(emails))
        others = {EMAIL: rest} if EMAIL in person.values and rest else {}
        return evolve(person, extra=extra, others=others)

    def body(self, values: Values) -> dict[str, JSON]:
        """Return what creates a user: what is known, and nothing empty."""
        known = {name: value for name, value in values.items() if value is not None}
        body = self._records.body(known)
        if EMAILS in body:
            body[EMAILS] = _replaced((), body[EMAILS])
        extensions = [name for name in body if name.startswith("urn:")]
        return {"schemas": [USER, *extensions], **body}


def patch(current: Employee, changes: Values) -> dict[str, JSON]:
    """Return what changes a user: one operation for each field, None removes its value."""
    emails = current.extra.emails if isinstance(current.extra, Extra) else ()
    operations: list[JSON] = []
    for name, value in changes.items():
        new = cast("JSON", value)
        if name == EMAIL:
            new = _replaced(emails, new)
        if new is None or new == []:
            operations.append({"op": "remove", "path": path_of(name)})
        else:
            operations.append({"op": "replace", "path": path_of(name), "value": new})
    return {"schemas": [PATCH], "Operations": operations}


def path_of(name: str) -> str:
    """Return the SCIM path of the field *name*, as filters and patches have it."""
    first, *inner = _keys_of(name)
    inside = ".".join(inner)
    if first.startswith("urn:"):
        return f"{first}:{inside}"
    return f"{first}.{inside}" if inside else first


def _keys_of(name: str) -> tuple[str, ...]:
    """Return the keys that lead to the field *name* in a user."""
    if name in _SPECS:
        return _SPECS[name].keys
    urn, _colon, attribute = name.rpartition(":")
    inside = attribute.split(".")
    return (urn, *inside) if urn else tuple(inside)


def equals(name: str, value: str) -> str:
    """Return the filter that finds who has exactly *value* in the field *name*."""
    return f"{path_of(name)} eq {json.dumps(value, ensure_ascii=False)}"


def version_of(current: Employee) -> str | None:
    """Return the version of a user as last read, if the system gives one."""
    return current.extra.version if isinstance(current.extra, Extra) else None


def _version(record: Mapping[str, JSON]) -> str | None:
    meta = record.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    if not isinstance(version, str) or not version.strip():
        return None
    # What cannot stand in a header is no version that could be sent back (RFC 9110, section 8.8.3).
    return version if version.isascii() and version.isprintable() else None


def _address(raw: JSON) -> Value:
    """Return the first of the addresses; one that makes no sense is nothing to build upon."""
    if raw is None:
        return None
    if not isinstance(raw, list):
        raise ValueError(EMAIL)  # noqa: TRY004 - as read_value does
    for each in raw:
        read_value(_SPECS[EMAIL], each.get("value") if isinstance(each, dict) else 0)
    for email in _in_order(raw):
        text = _text(email)
        if text is not None:
            return text
    return None


def _in_order(emails: JSON) -> list[dict[str, JSON]]:
    """
    Return the addresses of a user: the primary one, then those for work, then the others.

    An update replaces the first one, so the primary one is the first also while it has no text.
    """
    if not isinstance(emails, list):
        return []
    found = [each for each in emails if isinstance(each, dict)]
    return sorted(found, key=_rank)


def _rank(email: dict[str, JSON]) -> int:
    if email.get("primary") is True:
        return 0
    if _text(email) is None:
        return 3
    return 1 if email.get("type") == "work" else 2


def _text(email: JSON) -> str | None:
    value = email.get("value") if isinstance(email, dict) else None
    return value if isinstance(value, str) and value else None


def _replaced(emails: Sequence[JSON], first: JSON) -> list[JSON]:
    """
    Return *emails* with *first* in the place of the first of them; the others stay as they are.

    Without any, it becomes the primary one, for work. No address comes twice.
    """
    usual: dict[str, JSON] = {"type": "work", "primary": True}
    old = emails[0] if emails and isinstance(emails[0], dict) else usual
    rest = [each for each in emails[1:] if _text(each) != first]
    if first is None:
        return rest
    new = {**old, "value": first}
    # Its type stays; display and $ref were about the old address.
    new.pop("display", None)
    new.pop("$ref", None)
    return [new, *rest]


def discovered(schemas: JSON) -> tuple[FieldSpec, ...]:
    """
    Return the fields that ``/Schemas`` (RFC 7643, section 7) tells of beside the usual ones.

    Single texts, whole numbers and booleans, also inside of complex attributes; those of an
    extension are called by their whole path. What is never shown, or only to who asks for it by
    name, is left out.
    """
    listed = schemas.get("Resources") if isinstance(schemas, dict) else schemas
    usual = {spec.keys for spec in _FIELDS}
    found: dict[str, FieldSpec] = {}
    for schema in listed if isinstance(listed, list) else ():
        for spec in _specs(schema):
            if spec.keys not in usual:
                found.setdefault(spec.name, spec)
    return tuple(found.values())


def _specs(schema: JSON) -> Iterator[FieldSpec]:
    """Yield the fields of one schema that renkei can read."""
    urn = schema.get("id") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(urn, str):
        return
    for keys, attribute in _attributes(schema.get("attributes")):
        spec = _spec(urn, keys, attribute)
        if spec is not None:
            yield spec


def _attributes(attributes: JSON) -> Iterator[tuple[tuple[str, ...], dict[str, JSON]]]:
    """Yield the single attributes of a schema, with the names that lead to them."""
    for each in attributes if isinstance(attributes, list) else ():
        if not isinstance(each, dict) or each.get("multiValued") is True:
            continue
        name = each.get("name")
        if not isinstance(name, str):
            continue
        if each.get("type") == "complex":
            for keys, attribute in _attributes(each.get("subAttributes")):
                yield (name, *keys), attribute
        else:
            yield (name,), each


def _spec(urn: str, keys: tuple[str, ...], attribute: Mapping[str, JSON]) -> FieldSpec | None:
    """Return the field of one attribute; None if renkei cannot read it."""
    kind, mutability = attribute.get("type"), attribute.get("mutability", "readWrite")
    if not isinstance(kind, str) or kind not in _TYPES:
        return None
    # It would read as empty for everybody, and be written with every sync.
    if attribute.get("returned") in ("never", "request"):
        return None
    if mutability == "writeOnly" or "$ref" in keys:
        return None
    if urn != USER and ":core:2.0:" in urn:
        return None  # of groups and the like
    name = ".".join(keys) if urn == USER else f"{urn}:{'.'.join(keys)}"
    return FieldSpec(
        name=name,
        label=Label(name, name),
        type=_TYPES[kind],
        write=_WRITES.get(str(mutability), "always"),
        path=_keys_of(name),
    )
