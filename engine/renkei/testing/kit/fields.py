"""Checks of what a connector says of its fields, and of what its author gives."""

from __future__ import annotations

from renkei.people import CLASSES, FieldSpec, Value
from renkei.plugins.facade import Reader
from renkei.testing.kit.promise import promise
from renkei.testing.kit.tenant import Tenant, own
from renkei.testing.memory import installed
from renkei.testing.opening import NAME
from renkei.words.i18n import N_


class FieldChecks:
    """The fields are what everything else stands on."""

    @promise(N_("The fields are described without a network, and one of them is the number."))
    def test_fields_are_described_offline(self, tenant: Tenant) -> None:
        from renkei.http.connection import Connection

        options = tenant.author.settings(tenant.url).get("options", {})
        with installed(**{NAME: tenant.author.factory}):
            offline = own(Reader(Connection.offline(NAME, options=options)).fields)
        roles = [spec.role for spec in offline]
        tenant.same(roles.count("number"), 1, "fields of the role number")
        missing: set[str] = set()
        unlabelled: list[str] = []
        for spec in offline:
            if spec.name not in tenant.names:
                missing.add(spec.name)
            if not (spec.label.ja and spec.label.en):
                unlabelled.append(spec.name)
        tenant.same(sorted(missing), [], "fields that are only there without a connection")
        tenant.same(unlabelled, [], "fields without a label in both languages")

    @promise(N_("What the test gives fits the fields: every writable one, and another value."))
    def test_samples_fit_the_fields(self, tenant: Tenant) -> None:
        author = tenant.author
        unknown = sorted(name for name in author.skips if not hasattr(author, name))
        tenant.same(unknown, [], "names in `skips` that are no check")
        samples = [dict(author.sample(i)) for i in range(author.past_a_page + 1)]
        tenant.same(sorted(samples[0]), sorted(tenant.writable), "the fields of sample(0)")
        numbers = {sample[tenant.number] for sample in samples}
        tenant.same(len(numbers), len(samples), "how many numbers there are among the samples")
        filled: set[str] = set()
        for sample in samples:
            for name, value in sample.items():
                if value is not None:
                    filled.add(name)
        tenant.same(sorted(set(tenant.writable) - filled), [], "fields that no sample fills")
        for name, spec in tenant.writable.items():
            odd = [i for i, sample in enumerate(samples) if not _fits(spec, sample[name])]
            tenant.same(odd, [], f"samples whose {name} the field does not allow")
        for name, spec in tenant.changeable.items():
            value = author.other(name, 0)
            fits = value is not None and value != samples[0][name] and _fits(spec, value)
            tenant.holds(fits, f"other({name!r}, 0) is not another value that the field allows")


def _fits(spec: FieldSpec, value: Value) -> bool:
    """Return whether *value* is one that the field says it takes."""
    if value is None:
        return True
    if type(value) is not CLASSES[spec.type]:
        return False
    allowed = spec.allowed is None or str(value) in spec.allowed
    length = len(value) if isinstance(value, str) else 0
    return allowed and (spec.max_length is None or length <= spec.max_length)
