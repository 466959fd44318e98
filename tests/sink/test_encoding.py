"""Decompression: exact, and never more than the bounds allow."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import cramjam
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from support.shapes import ENCODINGS
from ttsink.bodies.encoding import MAX_MEMBERS, OFF_LOOP_BYTES, decode, is_heavy
from ttsink.bodies.limits import DEFAULT, MIB, BodyRefused, Limits

SMALL = Limits(max_body_bytes=4 * MIB, ratio_free_bytes=64 * 1024)


def refusal(body: bytes, encodings: str, limits: Limits = DEFAULT) -> tuple[int, str]:
    with pytest.raises(BodyRefused) as refused:
        decode(body, encodings, limits)
    assert 0 < len(refused.value.detail) < 200
    return refused.value.status, refused.value.code


def outcome(body: bytes, encodings: str) -> tuple[bytes | None, int]:
    try:
        return decode(body, encodings), 200
    except BodyRefused as refused:
        return None, refused.status


@given(body=st.binary(max_size=3000), encodings=st.sampled_from(sorted(ENCODINGS)))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_what_was_compressed_comes_back(body: bytes, encodings: str) -> None:
    assert decode(ENCODINGS[encodings](body), encodings) == body


@given(
    body=st.binary(min_size=1, max_size=500),
    encodings=st.sampled_from(["gzip", "zstd", "Snappy", "deflate", "snappy", "gzip, zstd"]),
    share=st.floats(0.0, 1.0, exclude_max=True),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_stream_that_was_cut_off_is_never_taken_as_whole(
    body: bytes, encodings: str, share: float
) -> None:
    whole = ENCODINGS[encodings](body)
    part = whole[: int(len(whole) * share)]

    if not part:
        assert decode(part, encodings) == b""
        return
    got, status = outcome(part, encodings)
    if status == 400:
        assert got is None
    else:
        assert got is not None
        # Framed snappy has no end mark: a cut between chunks cannot be seen.
        assert encodings == "Snappy"
        assert body.startswith(got)


@given(body=st.binary(max_size=200), encodings=st.text(alphabet="gzipdeflatsny, ", max_size=20))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_bytes_give_a_body_or_one_of_the_stated_answers(body: bytes, encodings: str) -> None:
    assert outcome(body, encodings)[1] in {200, 400, 413, 415}


@pytest.mark.parametrize("encodings", ["br", "lz4", "gzip, br", "compress"])
def test_an_unknown_encoding_is_415(encodings: str) -> None:
    assert refusal(b"x", encodings) == (415, "unknown_encoding")


def test_a_list_that_never_ends_is_refused() -> None:
    assert refusal(b"x", ",".join(["identity"] * 5))[0] == 400


@pytest.mark.parametrize("encodings", ["gzip", "zstd", "snappy", "Snappy", "deflate", "gzip, zstd"])
def test_a_bomb_is_413_and_costs_no_memory(encodings: str) -> None:
    bomb = ENCODINGS[encodings](b"\0" * (40 * MIB))
    tracemalloc.start()
    try:
        status, code = refusal(bomb, encodings, SMALL)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (status, code) in {(413, "ratio_too_high"), (413, "too_large")}
    assert peak < 12 * MIB


def test_a_snappy_block_is_refused_by_its_declared_length_alone() -> None:
    declares_4_gib = b"\xff\xff\xff\xff\x0f" + b"a" * 20

    assert refusal(declares_4_gib, "snappy")[0] == 413


def test_a_zstd_window_over_the_limit_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=25, write_content_size=False)
    body = zstandard.ZstdCompressor(compression_params=parameters).compress(b"abc" * 4_000_000)

    assert refusal(body, "zstd", Limits(max_ratio=1_000_000)) == (400, "corrupt_encoding")


def test_the_ratio_of_fluent_bits_own_chunks_passes() -> None:
    line = '{{"date":17953425{:02}.{:06},"log":"{} and the same line again and again"}}\n'
    body = "".join(line.format(n // 900, n * 7919 % 1_000_003, n) for n in range(35_000)).encode()

    assert decode(gzip.compress(body), "gzip") == body


def test_a_body_over_the_limits_as_sent_or_plain_is_413() -> None:
    limits = Limits(max_compressed_bytes=100, max_body_bytes=50)

    assert refusal(b"x" * 101, "", limits) == (413, "too_large")
    assert refusal(b"x" * 51, "", limits) == (413, "too_large")
    assert decode(b"x" * 50, "", limits) == b"x" * 50


def test_bytes_after_the_end_are_no_silent_loss_but_zero_padding_is_allowed() -> None:
    whole = gzip.compress(b"abc")

    assert decode(whole + b"\0\0\0", "gzip") == b"abc"
    assert refusal(whole + b"junk", "gzip") == (400, "corrupt_encoding")


def test_endless_members_are_refused() -> None:
    assert refusal(gzip.compress(b"") * (MAX_MEMBERS + 1), "gzip")[0] == 400
    empty_frame = zstandard.ZstdCompressor().compress(b"")
    assert refusal(empty_frame * (MAX_MEMBERS + 1), "zstd")[0] == 400


def test_a_damaged_frame_of_snappy_is_400() -> None:
    whole = bytearray(cramjam.snappy.compress(b"hello" * 50))
    whole[-3] ^= 0xFF

    assert refusal(bytes(whole), "snappy") == (400, "corrupt_encoding")


def test_only_large_encoded_bodies_belong_in_a_thread() -> None:
    large = b"x" * (OFF_LOOP_BYTES + 1)

    assert is_heavy(large, "gzip")
    assert not is_heavy(large, "identity")
    assert not is_heavy(large, "")
    assert not is_heavy(b"x", "gzip")


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
    ],
)
def test_what_swells_beyond_the_ratio_is_refused_once_it_is_large(
    coding: str, encode: Callable[[bytes], bytes]
) -> None:
    free = b" " * DEFAULT.ratio_free_bytes
    assert decode(encode(free), coding) == free
    bomb = encode(3 * free)
    assert len(3 * free) > DEFAULT.max_ratio * len(bomb)

    with pytest.raises(BodyRefused) as refused:
        decode(bomb, coding)

    assert (refused.value.status, refused.value.code) == (413, "ratio_too_high")
