"""What one record said of a job's or a worker's state."""

from typing import Literal, NamedTuple

from ttwire.state import State

Subject = Literal["job", "worker"]


class Verdict(NamedTuple):
    """`inferred`: it follows from what was said, nobody said it."""

    state: State
    of: Subject
    inferred: bool = False
    attempt: int | None = None
    seconds: float | None = None
    worker: str | None = None
    plain: bool = False
    """Read from ordinary words: a field that says a state says it better."""
