"""Trees of filters, and records near them, for property tests."""

from hypothesis import strategies as st

from ttwire import term
from ttwire.field import CAN_BE_NONE, FLAGS
from ttwire.level import LEVELS
from ttwire.record import Record
from ttwire.term import either, every, opposite

WORDS = (
    "a",
    "b",
    "Ab",
    "timed out",
    "none",
    "AND",
    "or",
    "x-1",
    "500",
    "2.5",
    "1h",
    'q"\\',
    "(",
    "*",
    "“ß",
)

words = st.one_of(
    st.sampled_from(WORDS),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6),
)
numbers = st.sampled_from(["0", "1", "2", "500", "2.5", "-3"])
keys = st.sampled_from(["job", "worker", "queue", "agent"])
paths = st.sampled_from(["@x", "@a.b", "@duration_ms", "@k.8/s", "@a b", '@q"uo:te', "@@tr"])
operators: st.SearchStrategy[term.Operator] = st.sampled_from((">", ">=", "<", "<="))


def _pattern(first: str, middle: list[str], last: str) -> term.Pattern:
    return term.Pattern((first, *middle, last))


globs = st.builds(
    _pattern,
    st.one_of(st.just(""), words),
    st.lists(words, max_size=2),
    st.one_of(st.just(""), words),
)
patterns = st.one_of(words.map(lambda word: term.Pattern((word,))), globs)
key_patterns = patterns.filter(lambda pattern: not pattern.anything)
regexes = st.sampled_from(["a", "a|b", r"\d+", "a/b", r"\\", "^x", "[/]", " "])
digits = st.text("0123456789abcdef", min_size=1, max_size=32)
timestamps = st.datetimes().map(lambda moment: moment.isoformat(timespec="microseconds") + "Z")
ends = st.one_of(st.none(), words)


def _id(field: str, text: str) -> term.IdIs:
    if field == "span":
        text = text[:16]
        return term.IdIs("span", text, start=len(text) < 16)
    return term.IdIs("trace", text, start=len(text) < 32)


leaves: st.SearchStrategy[term.Node] = st.one_of(
    st.builds(term.Text, patterns),
    st.builds(term.Regex, st.one_of(st.just("message"), keys, paths), regexes, st.booleans()),
    st.builds(term.Match, keys, key_patterns),
    st.builds(term.Match, st.one_of(paths, st.just("redacted")), patterns),
    st.builds(term.Match, st.just("attempt"), numbers.map(lambda text: term.Pattern((text,)))),
    st.builds(term.Contains, st.one_of(keys, paths), words),
    st.builds(term.Compare, paths, operators, words),
    st.builds(term.Compare, st.just("attempt"), operators, numbers),
    st.builds(term.Range, paths, ends, ends),
    st.builds(term.Absent, st.sampled_from(sorted(CAN_BE_NONE))),
    st.builds(term.LevelIs, st.one_of(operators, st.just("=")), st.sampled_from(LEVELS)),
    st.builds(_id, st.sampled_from(["trace", "span"]), digits),
    st.builds(
        lambda text: term.IdIs("trace", text), st.text("0123456789abcdef", min_size=16, max_size=16)
    ),
    st.builds(term.Is, st.sampled_from(FLAGS)),
    st.builds(term.Time, st.sampled_from(["since", "until"]), timestamps),
)


def _either(terms: list[term.Node]) -> term.Node:
    flat = [
        part for node in terms for part in (node.terms if isinstance(node, term.Or) else (node,))
    ]
    return term.Or(tuple(flat)) if len(flat) > 1 else flat[0]


def _grown(inner: st.SearchStrategy[term.Node]) -> st.SearchStrategy[term.Node]:
    some = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(some.map(every), some.map(either), inner.map(opposite))


trees = st.recursive(leaves, _grown, max_leaves=6)
"""Every tree that the parser can make, up to a few terms."""

PATHS = ("x", "a", "a.b", "a b", "duration_ms")
values = st.one_of(
    st.sampled_from([*WORDS, 1, 2, 500, 2.5, True, None, "1.5s", "10MB"]),
    st.lists(st.sampled_from(["a", 1]), max_size=2),
    st.just({"b": "a"}),
)

records = st.builds(
    Record,
    timestamp=st.one_of(st.just(""), timestamps),
    received=timestamps,
    job=st.one_of(st.none(), st.sampled_from(WORDS)),
    worker=st.one_of(st.none(), st.sampled_from(WORDS)),
    queue=st.one_of(st.none(), st.sampled_from(WORDS)),
    attempt=st.one_of(st.none(), st.integers(0, 3)),
    level=st.one_of(st.none(), st.sampled_from(LEVELS)),
    message=st.one_of(
        st.sampled_from(WORDS), st.text(max_size=8).filter(lambda text: text.isprintable())
    ),
    trace_id=st.one_of(st.none(), st.text("01af", min_size=32, max_size=32)),
    span_id=st.one_of(st.none(), st.text("01af", min_size=16, max_size=16)),
    fields=st.dictionaries(
        st.sampled_from(["x", "a", "a.b", "a b", "duration_ms"]), values, max_size=3
    ),
    redacted=st.sampled_from([(), ("a",), ("email", "b")]),
    truncated=st.booleans(),
    malformed=st.booleans(),
    agent=st.one_of(st.none(), st.sampled_from(WORDS)),
)
