"""Values as agents and loggers write them, to the contract's records."""

from collections.abc import Sequence

import msgspec

from ttsink.bodies.rows import Rows
from ttsink.bodies.value import Malformed, Value
from ttsink.dialects.batch import Readers, read
from ttsink.dialects.fields import FieldMapping, lists
from ttsink.dialects.plan import Plans
from ttwire.record import Record


class Dialects:
    """Built once from the configuration; reads a batch at a time after that."""

    def __init__(self, mapping: FieldMapping | None = None) -> None:
        mapping = mapping or FieldMapping()
        self._readers = Readers(mapping)
        self._plans = Plans(lists(mapping))

    @property
    def shapes_met(self) -> int:
        """Shapes for which a plan had to be made, also again after they were forgotten."""
        return self._plans.built

    def records(
        self, values: Sequence[Value], *, received: str, agent: str | None
    ) -> Sequence[Record]:
        """A record for every value, in their order. Raises nothing; the objects are consumed.

        `received` is the canonical time of receipt, which a record without a time of its own
        gets. What no member says stays in `fields`. The values must encode as JSON, and the
        records then do too.
        """
        if isinstance(values, Rows) or set(map(type, values)) == {dict}:
            return read(values, self._plans, self._readers, received, agent)  # type: ignore[arg-type]
        plain: list[int] = []
        broken: list[int] = []
        objects = []
        for at, value in enumerate(values):
            if isinstance(value, Malformed):
                broken.append(at)
                objects.append({"message": value.text})
            else:
                plain.append(at)
                objects.append({"message": value} if isinstance(value, str) else value)
        found: dict[int, Record] = {}
        for places, is_broken in ((plain, False), (broken, True)):
            records = read(
                [objects[at] for at in places],
                self._plans,
                self._readers,
                received,
                agent,
                opened=is_broken,
            )
            found.update(zip(places, records, strict=True))
        for at in broken:
            value = values[at]
            cut = isinstance(value, Malformed) and value.truncated
            found[at] = msgspec.structs.replace(found[at], malformed=True, truncated=cut)
        return [found[at] for at in range(len(values))]
