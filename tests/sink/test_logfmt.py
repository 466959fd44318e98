"""Lines of pairs, and lines that only look like them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.dialects import logfmt

PAIRS = [
    ("level=info msg=hello", {"level": "info", "msg": "hello"}),
    ('ts=1 msg="a \\"b\\" c" n=', {"ts": "1", "msg": 'a "b" c', "n": ""}),
    ('a.b=1 c-d="x\\ny"', {"a.b": "1", "c-d": "x\ny"}),
    ('a="\\u00e9" b=2', {"a": "\\u00e9", "b": "2"}),
]
TEXTS = [
    "", "hello world", "a=1", "set a=1 and b=2", "a=1 b", "a=1 a=2", 'a=1 b="open', "=1 b=2",
    'a=1 b="x"y', "a=1,b=2 c==3", "level=debug detail",
]  # fmt: skip


@pytest.mark.parametrize(("line", "pairs"), PAIRS)
def test_a_line_of_pairs_is_read_whole(line: str, pairs: dict[str, str]) -> None:
    assert logfmt.parse(line) == pairs


@pytest.mark.parametrize("line", TEXTS)
def test_a_line_that_is_not_pairs_throughout_stays_text(line: str) -> None:
    assert logfmt.parse(line) is None


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.from_regex(r"\A[a-z_][a-z0-9_.]{0,8}\Z"),
        st.text(st.characters(codec="utf-8", exclude_characters="\\"), max_size=12),
        min_size=2,
        max_size=6,
    )
)
def test_written_pairs_come_back(pairs: dict[str, str]) -> None:
    line = " ".join(
        f'{key}="{value.replace(chr(34), chr(92) + chr(34))}"' for key, value in pairs.items()
    )

    assert logfmt.parse(line) == pairs


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.text('ab="\\ \n.', max_size=200))
def test_no_text_raises(line: str) -> None:
    pairs = logfmt.parse(line)

    assert pairs is None or len(pairs) >= logfmt.MIN_PAIRS
