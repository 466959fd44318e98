"""How soon silence is noticed, and how often a steady worker is wrongly called silent.

Generated traffic: workers that log at their own pace with jitter, some of which stop for good.
Run: python tests/bench/bench_silence.py [WORKERS]
"""

import argparse
from collections.abc import Sequence
from random import Random

from ttsink.states.keystate import Worker
from ttsink.states.settings import StateSettings

SECONDS = 3_600
SETTINGS = StateSettings()
PACES = (1.0, 5.0, 30.0, 120.0)


def pause(random: Random, pace: float, jitter: str) -> float:
    if jitter == "uniform":
        return pace * random.uniform(0.5, 1.5)
    if jitter == "normal":
        return max(0.05, random.gauss(pace, pace / 4))
    return random.expovariate(1 / pace)


def hour(random: Random, pace: float, jitter: str) -> tuple[int, int, float, float]:
    """(pauses, false alarms, seconds from the last word to the alarm, usual gap) of a worker."""
    worker = Worker("w")
    worker.state = "running"
    stops = SECONDS * 0.8
    speaks = random.random() * pace
    spoken = alarms = 0
    at = 0.0
    while at < stops:
        while speaks <= at:
            worker.hear(speaks, 1)
            spoken += 1
            speaks += pause(random, pace, jitter)
        alarms += worker.falls_silent(at, SETTINGS)
        at += 1.0
    worker.silent = False
    usual = worker.gap.usual_seconds() or SETTINGS.first_gap_seconds
    while not worker.falls_silent(at, SETTINGS):
        at += 1.0
    return spoken, alarms, at - worker.arrived, usual


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument(
        "workers", type=int, nargs="?", default=200, help="simulated, of each kind and pace"
    )
    workers = parser.parse_args(arguments).workers
    random = Random(7)
    print(
        "| jitter | pace | pauses | false alarms | noticed after (median) | in usual gaps (p95) |"
    )
    print("|---|---|---|---|---|---|")
    for jitter in ("uniform", "normal", "exponential"):
        for pace in PACES:
            told = [hour(random, pace, jitter) for _ in range(workers)]
            delays = sorted(delay for _, _, delay, _ in told)
            ratios = sorted(delay / usual for _, _, delay, usual in told)
            worst = ratios[int(len(ratios) * 0.95)]
            pauses, alarms = sum(t[0] for t in told), sum(t[1] for t in told)
            median = delays[len(delays) // 2]
            print(f"| {jitter} | {pace:g} s | {pauses} | {alarms} | {median:.0f} s | {worst:.2f} |")


if __name__ == "__main__":
    main()
