"""The text of a filter: what is read, what is refused and where, and the canonical form."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.filters import records, trees
from ttwire.filter import EVERYTHING, Filter, FilterError, parse
from ttwire.level import rank
from ttwire.query import MAX_DEPTH, MAX_PATTERNS, MAX_TERMS
from ttwire.record import Record, encode
from ttwire.scan import MAX_FILTER_CHARACTERS
from ttwire.term import Node
from ttwire.verdict import Required

NOW = 1_767_323_045.5  # 2026-01-02T03:04:05.5Z
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("   ", ""),
        ("  a   b\t\n c ", "a b c"),
        ("a AND b && c", "a b c"),
        ("a b OR c", "(a b) OR c"),
        ("a || b", "a OR b"),
        ("a OR b OR c", "a OR b OR c"),
        ("a (b OR c)", "a (b OR c)"),
        ("(a b) c", "a b c"),
        ("(a OR b) OR c", "a OR b OR c"),
        ("((a))", "a"),
        ("NOT a", "-a"),
        ("!a", "-a"),
        ("--a", "a"),
        ("NOT NOT -a", "-a"),
        ("-(a b)", "-(a b)"),
        ("NOT(a OR b)", "-(a OR b)"),
        ("and or not", "and or not"),
        ('"AND" "OR"', '"AND" "OR"'),
        ("ANDROID ORDER NOTE", "ANDROID ORDER NOTE"),
        ("“timed out”", '"timed out"'),
        ("„timed out‟", '"timed out"'),
        ('"“curly” inside"', '"“curly” inside"'),
        (r'"a \"b\" \\ c\d"', r'"a \"b\" \\ c\\d"'),
        ("job:“a b”", 'job:"a b"'),
        ('"a b"*c', '"a b"*c'),
        ("a**b", "a*b"),
        ('a*""*b', "a*b"),
        ("http://x.y:80/z?q=1", '"http://x.y:80/z?q=1"'),
        ("std::vector", '"std::vector"'),
        ("a->b", '"a->b"'),
        ("12:30:45", '"12:30:45"'),
        ("fn(x, y)", None),
        ("fn(x)", '"fn(x)"'),
        ("[ERROR]", '"[ERROR]"'),
        ("don't", '"don\'t"'),
        ("50%", '"50%"'),
        ("JOB:a", "job:a"),
        ("job=a", "job:a"),
        ("job==a", "job:a"),
        ("job!=a", "-job:a"),
        ("job~=a", "job~=a"),
        ("job:~a", "job:/a/"),
        ("job=~a", "job:/a/"),
        ('job:~"a b"', "job:/a b/"),
        ("-job:a*", "-job:a*"),
        ("job:*", "-job:none"),
        ("-job:*", "job:none"),
        ("job:None", "job:none"),
        ('job:"none"', 'job:"none"'),
        ("job:ns/a:1+2", "job:ns/a:1+2"),
        ("job:(a OR b) x", "(job:a OR job:b) x"),
        ("job:(a -b)", "job:a -job:b"),
        ("level:ERR", "level:error"),
        ("level:critical", "level:fatal"),
        ("level:>=warning", "level:>=warn"),
        ("level>info", "level:>info"),
        ("level:[info TO error]", "level:>=info level:<=error"),
        ("level:[* TO *]", "-level:none"),
        ("message:a", "a"),
        ("msg:/a/", "/a/"),
        ("attempt:2", "attempt:2"),
        ("attempt>=2", "attempt:>=2"),
        ("attempt:[2 TO *]", "attempt:[2 TO *]"),
        (f"trace:{TRACE.upper()}", f"trace:{TRACE}"),
        (f"trace_id={TRACE}", f"trace:{TRACE}"),
        ("trace:4BF92F", "trace:4bf92f*"),
        ("trace:4bf92f*", "trace:4bf92f*"),
        ("trace:a3ce929d0e0e4736", "trace:a3ce929d0e0e4736"),
        ("trace:a3ce929d0e0e4736*", "trace:a3ce929d0e0e4736*"),
        ("trace:1-4bf92f35-77b34da6a3ce929d0e0e4736", f"trace:{TRACE}"),
        ("span:00f067aa0ba902b7", "span:00f067aa0ba902b7"),
        ("span:00f0", "span:00f0*"),
        ("since:5m", "since:2026-01-02T02:59:05.500000Z"),
        ("since:1h30m", "since:2026-01-02T01:34:05.500000Z"),
        ("until:2026-01-02", "until:2026-01-02T00:00:00.000000Z"),
        ("since:2026-01-02T03:04:05+01:00", "since:2026-01-02T02:04:05.000000Z"),
        ("@a.b:c", "@a.b:c"),
        ("a.b:c", "@a.b:c"),
        ("a=b", "@a:b"),
        ("@a>5", "@a:>5"),
        ("@a>=b", "@a:>=b"),
        ("@a:[1 TO 2]", "@a:[1 TO 2]"),
        ("@a:[ * TO  2 ]", "@a:[* TO 2]"),
        ('@"a b":c', '@"a b":c'),
        ("@@tr:c", "@@tr:c"),
        ("@a:-5", '@a:"-5"'),
        ('@a:""', '@a:""'),
        (r"/a\/b/i", r"/a\/b/i"),
        (r"/retry \d+/", r"/retry \d+/"),
        ("redacted:email is:malformed", "redacted:email is:malformed"),
    ],
)
def test_a_text_is_read_as_its_canonical_form(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(FilterError):
            parse(text, now=NOW)
        return
    read = parse(text, now=NOW)

    assert str(read) == canonical
    assert parse(canonical, now=0) == read


@pytest.mark.parametrize(
    ("text", "column", "expected", "found"),
    [
        ("a OR", 5, "a term", "the end"),
        ("OR a", 1, "a term", '"OR"'),
        ("a OR OR b", 6, "a term", '"OR"'),
        ("AND a", 1, 'a term before "AND"', '"AND"'),
        ("a AND", 6, "a term", "the end"),
        ("a AND AND b", 7, 'a term before "AND"', '"AND"'),
        ("()", 2, "a term", '")"'),
        ("(a", 3, '")" for the "(" in column 1', "the end"),
        ("a)", 2, 'no ")" without a "(" before it', '")"'),
        ("a -", 4, "a term to exclude", "the end"),
        ("- a", 2, "a term to exclude", "a space"),
        ("NOT", 4, "a term to exclude", "the end"),
        ('"a', 3, "a closing quote for the one in column 1", "the end"),
        ('""', 1, "text between the quotes", '""""'),
        ('a"b', 2, "a space or * next to a quote", '""b"'),
        ('"a"b', 4, "a space or * next to a quote", '"b"'),
        ("fn(x y)", 3, '")" before the space', '"(x"'),
        ("/a", 1, '"/" at the end of the pattern', '"/a"'),
        ("/api/users", 6, "a space after the pattern", '"users"'),
        ("x /a(/", 3, "a pattern in RE2's syntax", "missing ): a("),
        ("//", 1, "a pattern between the slashes", '"//"'),
        ("job:", 5, 'a value right after "job:"', "the end"),
        ("job: a", 5, 'a value right after "job:"', "a space"),
        ("(job:)", 6, 'a value right after "job:"', '")"'),
        ("Error: x", 7, "to search for that text, put it in quotes", "a space"),
        ("job:>5", 5, 'a value without ">" for job', '">5"'),
        ("job:[a TO b]", 5, "no range for job", '"[a"'),
        ("wroker:w-3", 1, '"worker", or "@wroker" for a field of your own', '"wroker"'),
        ("jobs:a", 1, '"job"', '"jobs"'),
        ("level:wran", 7, "a level (trace, debug, info, warn, error, fatal) or none", '"wran"'),
        ("level:>=", 9, 'a value right after ">="', "the end"),
        ("level:>=x", 9, "a level", '"x"'),
        ("level:warn*", 7, "a level", '"warn*"'),
        ("level:/a/", 7, "a level", '"/a/"'),
        ("level~=a", 6, '":" after level', '"~=a"'),
        ("attempt:a", 9, "a number, or none", '"a"'),
        ("attempt:>a", 10, "a number", '"a"'),
        ("attempt:[a TO 2]", 10, "a number, or * for an open end", '"a"'),
        ("trace:xyz", 7, "a trace id in a known form", '"xyz"'),
        ("trace:*4bf9", 7, "a trace id in a known form", '"*4bf9"'),
        ("span:xyz", 6, "a span id in a known form", '"xyz"'),
        ("is:new", 4, "malformed or truncated or redacted", '"new"'),
        ("since:abc", 7, "a time: 30s, 5m", '"abc"'),
        ("since:-5m", 7, "a time: 30s, 5m", '"-5m"'),
        ("since:5MB", 7, "a time: 30s, 5m", '"5MB"'),
        ("since:99999999w", 7, "a time: 30s, 5m", '"99999999w"'),
        ("since:2026-13-01", 7, "a time: 30s, 5m", '"2026-13-01"'),
        ("@", 2, "the name of a field after @", "the end"),
        ("@a", 3, '":" and a value after "@a"', "the end"),
        ("@a b", 3, '":" and a value after "@a"', "a space"),
        ("@a:[1 2]", 7, '"TO" between the two ends', '"2]"'),
        ("@a:[1 TO", 9, "an end of the range", "the end"),
        ("@a:[1 TO ]", 10, "an end of the range", '"]"'),
        ("@a:[1 TO 2", 11, '"]" for the "[" in column 4', "the end"),
        ("@a:[1 TO 2]x", 12, "a space after the term", '"x"'),
        ("@a:(b", 6, '")" for the "(" in column 4', "the end"),
        ('@a~=""', 5, "text between the quotes", '""""'),
        ('|= "x"', 1, "the text itself in quotes", '"|="'),
        ("a \udc80", 3, "text in UTF-8", "a lone surrogate"),
    ],
)
def test_an_error_names_the_column_what_was_expected_and_what_was_found(
    text: str, column: int, expected: str, found: str
) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text, now=NOW)

    error = caught.value
    assert (error.column, error.found) == (column, found)
    assert expected in error.expected
    assert str(error) == f"column {column}: expected {error.expected}; found {found}"


@settings(derandomize=True, max_examples=150, deadline=None)
@given(trees)
def test_the_canonical_text_of_every_tree_parses_back_to_it(tree: Node) -> None:
    made = Filter(tree)

    assert parse(str(made), now=0) == made
    assert hash(parse(str(made), now=0)) == hash(made)


def head(record: Record) -> tuple[str | None, str | None, int, str | None, str]:
    return record.job, record.worker, rank(record.level), record.trace_id, record.timestamp


@settings(derandomize=True, max_examples=150, deadline=None)
@given(trees, records)
def test_the_verdict_of_the_head_never_differs_from_that_of_the_whole_record(
    tree: Node, record: Record
) -> None:
    made = Filter(tree)
    said = made.verdict(*head(record))

    assert said in {None, made.matches(record)}
    if made.decided_by_head and record.timestamp:
        assert said is not None
    blind = made.verdict(record.job, record.worker, rank(record.level), "", "")
    assert blind in {None, said}


@settings(derandomize=True, max_examples=150, deadline=None)
@given(trees, records)
def test_a_line_that_may_not_match_holds_no_record_that_does(tree: Node, record: Record) -> None:
    made = Filter(tree)

    assert made.may_match(encode(record)) or not made.matches(record)


@pytest.mark.parametrize(
    ("text", "line", "may"),
    [
        ("word", b'{"message":"a WORD"}', True),
        ("word", b'{"message":"a cord"}', False),
        ("word", '{"message":"ü"}'.encode(), True),
        ("word other", b'{"message":"a word"}', False),
        ("word OR other", b"{}", True),
        ("-word", b"{}", True),
        ('"a\\"b"', b"{}", True),
        ("time*out", b'{"message":"out of time"}', True),
        ("time*out", b'{"message":"in time"}', False),
        ("queue:mail", b'{"queue":"MAIL"}', False),
        ("queue:m*l", b'{"queue":"mail"}', True),
        ("attempt:2", b'{"attempt":1}', True),
        ("@a:500", b'{"fields":{"a":5e2}}', True),
        ("@a:true", b"{}", True),
        ("@a:gold", b"{}", False),
        ("@a:g*d", b"{}", True),
        ("span:00f0", b"{}", False),
    ],
)
def test_a_line_is_passed_over_undecoded_where_its_bytes_suffice(
    text: str, line: bytes, may: bool
) -> None:
    assert parse(text, now=NOW).may_match(line) is may


@settings(derandomize=True, max_examples=100, deadline=None)
@given(trees, trees, records)
def test_what_joins_and_excludes_does_so_for_every_record(
    one: Node, other: Node, record: Record
) -> None:
    a, b = Filter(one), Filter(other)

    assert a.narrowed(b).matches(record) == (a.matches(record) and b.matches(record))
    both = parse(f"({a}) ({b})", now=0)
    either = parse(f"({a}) OR ({b})", now=0)
    assert both.matches(record) == (a.matches(record) and b.matches(record))
    assert either.matches(record) == (a.matches(record) or b.matches(record))
    assert parse(f"-({a})", now=0).matches(record) is not a.matches(record)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(trees, records)
def test_what_a_filter_requires_every_record_it_keeps_has(tree: Node, record: Record) -> None:
    made = Filter(tree)
    needs, time = made.required, record.timestamp or record.received

    if made.matches(record):
        assert needs.job in {None, record.job}
        assert needs.worker in {None, record.worker}
        assert needs.queue in {None, record.queue}
        assert needs.trace_id in {None, record.trace_id}
        assert needs.since is None or time >= needs.since
        assert needs.until is None or time <= needs.until


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text('ab "*()[]/\\-!@:=~<>.|&1jobevlOR AND NOT TO', max_size=30))
def test_any_text_is_read_or_refused_with_a_column_inside_it(text: str) -> None:
    read: Filter | None = None
    column = 1
    try:
        read = parse(text, now=NOW)
    except FilterError as error:
        column = error.column

    assert 1 <= column <= len(text) + 1
    assert read is None or parse(str(read), now=0) == read


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("", Required()),
        ("job:a level:error", Required(job="a")),
        ("job:a worker:b queue:c x", Required(job="a", worker="b", queue="c")),
        (f"trace:{TRACE}", Required(trace_id=TRACE)),
        ("trace:4bf9", Required()),
        ("job:a*", Required()),
        ("job:none", Required()),
        ("-job:a", Required()),
        ("job:a OR job:b", Required()),
        ("(job:a OR job:b) worker:w", Required(worker="w")),
        (
            "since:2026-01-01 since:2026-01-02 until:2026-01-04 until:2026-01-03",
            Required(since="2026-01-02T00:00:00.000000Z", until="2026-01-03T00:00:00.000000Z"),
        ),
    ],
)
def test_a_filter_says_which_one_ring_or_index_holds_its_records(
    text: str, required: Required
) -> None:
    assert parse(text, now=NOW).required == required


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        ("", True),
        ("job:a* -worker:b level:>=warn trace:4bf9 since:5m", True),
        ("job:a OR level:none", True),
        ("job:a word", False),
        ("queue:a", False),
        ("@a:b", False),
    ],
)
def test_a_filter_says_whether_a_record_need_be_decoded_for_it(text: str, decided: bool) -> None:
    assert parse(text, now=NOW).decided_by_head is decided


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("job:a", True),
        ("job:b", False),
        ("word", None),
        ("job:a word", None),
        ("job:b word", False),
        ("job:a OR word", True),
        ("job:b OR word", None),
        ("-word", None),
        ("-(job:b word)", True),
        ("level:>=warn", True),
        ("level:none", False),
        ("since:5m", None),
        ("trace:none", None),
        ("trace:4bf9", None),
    ],
)
def test_the_head_decides_what_it_can(text: str, said: bool | None) -> None:
    assert parse(text, now=NOW).verdict("a", None, rank("error"), "", "") is said


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("job:a", "a b", []),
        ("a", "A bab", ["A", "a"]),
        ('"b a" -c', "ab a c", ["b a"]),
        ("time*out", "out timed time-out", ["out", "time", "time", "out"]),
        ("a OR (b c)", "abc", ["abc"]),
        (r"/\d+/ x*", "a 12 x 3", ["12", "x", "3"]),
        ("/x*/", "axxb", ["xx"]),
        ("/ü$/", "€😀aü", ["ü"]),
        ("strasse", "die Straße ß", ["Straße"]),
        ("s", "ß", ["ß"]),
        ("ü", "aÜ😀ü", ["Ü", "ü"]),
    ],
)
def test_what_a_filter_asks_of_the_message_is_marked_in_it(
    text: str, message: str, marked: list[str]
) -> None:
    spans = parse(text, now=NOW).highlight.spans(message)

    assert [message[start:end] for start, end in spans] == marked


def test_plain_words_to_mark_come_in_the_order_of_the_text_and_once() -> None:
    assert parse('b "a c" b -d x*y /e/', now=NOW).highlight.words == ("b", "a c", "x", "y")


def test_the_empty_filter_keeps_everything() -> None:
    assert parse(" ", now=NOW) == EVERYTHING
    assert EVERYTHING.keeps_everything
    assert not parse("*", now=NOW).keeps_everything
    assert EVERYTHING.matches(Record())
    assert EVERYTHING.verdict(None, None, 0, None, "") is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * (MAX_FILTER_CHARACTERS + 1), f"at most {MAX_FILTER_CHARACTERS} characters"),
        ("x" * 100_000, f"at most {MAX_FILTER_CHARACTERS} characters"),
        ("a " * (MAX_TERMS + 1), f"at most {MAX_TERMS} terms"),
        ("(" * (MAX_DEPTH + 1), f"at most {MAX_DEPTH} groups within each other"),
        ("-(" * (MAX_DEPTH + 1), f"at most {MAX_DEPTH} groups within each other"),
        ("job:(" * (MAX_DEPTH + 1), None),
        ("/a/ " * (MAX_PATTERNS + 1), f"at most {MAX_PATTERNS} patterns"),
        ("-" * 4000, "a term to exclude"),
        ('"' * 4001, None),
        ("(" * 4000, f"at most {MAX_DEPTH} groups within each other"),
        ("/((a{100}){100}){100}/", "a pattern in RE2's syntax"),
    ],
)
def test_a_text_over_a_bound_is_refused_in_words(text: str, expected: str | None) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text, now=NOW)

    assert expected is None or expected in caught.value.expected


@pytest.mark.parametrize(
    "text",
    [
        "x" * MAX_FILTER_CHARACTERS,
        "a " * MAX_TERMS,
        "(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH,
        "-" * 4000 + "a",
        "(a) " * (MAX_DEPTH + 1),
        "/a/ " * MAX_PATTERNS,
        "a*" * 2000,
    ],
)
def test_a_text_at_a_bound_is_read_and_its_canonical_text_too(text: str) -> None:
    read = parse(text, now=NOW)

    assert parse(str(read), now=NOW) == read


def test_a_wildcard_against_a_hostile_text_takes_linear_time() -> None:
    keeps = parse("job:" + "a*" * 1000 + "b", now=NOW)

    assert not keeps.matches(Record(job="a" * 200_000))


def test_a_pattern_logs_nothing_however_much_memory_it_asks_for() -> None:
    program = (
        "from ttwire.filter import FilterError, parse\n"
        "from ttwire.record import Record\n"
        "for text in ('/(/', '/(a{900}){900}/'):\n"
        "    try: parse(text, now=0)\n"
        "    except FilterError: pass\n"
        "kept = parse('/[ab]*a[ab]{900}x/', now=0)\n"
        "kept.matches(Record(message='ab' * 100_000))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "sink")},
    )

    assert (done.stdout, done.stderr) == (b"", b"")
