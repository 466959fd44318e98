"""The records of a batch as columns: the same members, the same lines."""

from hypothesis import given
from hypothesis import strategies as st

from support.objects import MODERATE, OBJECTS, RECEIVED
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.table import column, lines_of, replaced
from ttwire.record import Record, encode_lines

VALUES = st.lists(OBJECTS, max_size=8)


@MODERATE
@given(VALUES)
def test_a_tables_lines_and_columns_are_those_of_its_records(
    values: list[dict[str, object]],
) -> None:
    records = Dialects().records(values, received=RECEIVED, agent="vector")
    listed = list(records)

    assert lines_of(records) == encode_lines(listed)
    for member in Record.__struct_fields__:
        assert list(column(records, member)) == [getattr(record, member) for record in listed]


@MODERATE
@given(VALUES, st.sets(st.integers(0, 7)))
def test_records_are_replaced_as_in_a_list(
    values: list[dict[str, object]], places: set[int]
) -> None:
    records = Dialects().records(values, received=RECEIVED, agent="vector")
    listed = list(records)
    other = Record(message="another", truncated=True)
    changed = {place: other for place in places if place < len(listed)}

    found = replaced(records, changed)

    for place in changed:
        listed[place] = other
    assert list(found) == listed
    assert lines_of(found) == encode_lines(listed)
    assert (found is records) == (not changed)
