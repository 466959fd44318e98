"""What each part of intake costs beside plain lines, and plain lines beside the floor.

All of it in one run: every round gives each server the same number of batches in turn, so that
a busy machine slows all of them. The first column is the median over the rounds.

    PYTHONPATH=sink:viewer:tests python tests/bench/bench_ratios.py
"""

import argparse
import contextlib
import statistics
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from bench import bench_intake
from bench.bench_intake import Figure, Poster, Shape, measured, requests, started, warm_up


class Case(NamedTuple):
    """A server's flags and what is posted to it; `flags` of None is the floor."""

    name: str
    shape: Shape
    flags: tuple[str, ...] | None = ()


class Running(NamedTuple):
    poster: Poster
    pid: int
    posts: list[bytes]
    figures: list[Figure]


def cases(batch: int, many_jobs: int) -> list[Case]:
    plain = Shape(batch)
    many = Shape(batch, jobs=many_jobs, bodies=max(8, many_jobs // batch))
    return [
        Case("plain", plain),
        Case("floor", plain, None),
        Case("redaction, clean", plain, ("--redact", "on")),
        Case("redaction, 1 % hit", plain._replace(hit_rate=0.01), ("--redact", "on")),
        Case("journal", plain, ("--journal", "on")),
        Case("gzip", plain._replace(encoding="gzip")),
        Case("zstd", plain._replace(encoding="zstd")),
        Case("array", plain._replace(array=True)),
        Case("1 job", plain._replace(jobs=1)),
        Case(f"{many_jobs} jobs", many),
    ]


def serve(case: Case, ends: contextlib.ExitStack) -> Running:
    if case.flags is None:
        arguments = [bench_intake.__file__, "--floor"]
    else:
        folder = ends.enter_context(tempfile.TemporaryDirectory())
        arguments = ["-m", "ttsink", "serve", "--listen", "127.0.0.1:0", "--data-dir", folder]
        for flag in ("--redact", "--journal"):
            on = flag in case.flags
            arguments += [flag, "on" if on else "off"]
    pid, port = ends.enter_context(started(arguments))
    return Running(Poster(port), pid, requests(case.shape), [])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--batches", type=int, default=30, help="posted in each round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--many-jobs", type=int, default=100_000)
    parser.add_argument("names", nargs="*", metavar="CASE", help="measure no others but plain")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as ends:
        plain_one, *others = cases(options.batch, options.many_jobs)
        wanted = options.names or [case.name for case in others]
        found = [plain_one, *(case for case in others if case.name in wanted)]
        running = [serve(case, ends) for case in found]
        for each in running:
            warm_up(each.poster, each.pid, each.posts)
        for number in range(options.rounds):
            for each in running:
                at = number * options.batches % len(each.posts)
                posts = each.posts[at:] + each.posts[:at]
                each.figures.append(
                    measured(each.poster, each.pid, posts, options.batches, options.batch)
                )
    plain = _medians(running[0].figures)
    for case, each in zip(found, running, strict=True):
        figure = _medians(each.figures)
        print(
            f"{case.name:20} {figure.cpu_us:7.2f} us CPU a record "
            f"{figure.cpu_us / max(plain.cpu_us, 0.01):6.2f} of plain "
            f"{figure.per_second:9.0f} records/s {figure.per_second / plain.per_second:6.2f}"
        )


def _medians(figures: Sequence[Figure]) -> Figure:
    return Figure(
        statistics.median(figure.per_second for figure in figures),
        statistics.median(figure.cpu_us for figure in figures),
    )


if __name__ == "__main__":
    main()
