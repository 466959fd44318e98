"""The `[states]` table: bounds on what is known of jobs, workers and queues, and own rules."""

from typing import Annotated

from msgspec import Meta

from ttsink.section import Section, option
from ttsink.states.lifecycle import Rule


class StateSettings(Section, frozen=True):
    """About 3 KiB a job or worker. Silence is explained in docs/job-state.md."""

    max_jobs: Annotated[
        int, Meta(ge=1), option("Jobs known at most; the longest unheard goes.")
    ] = 10_000
    max_workers: Annotated[
        int, Meta(ge=1), option("Workers known at most; the longest unheard goes.")
    ] = 10_000
    max_queues: Annotated[
        int, Meta(ge=1), option("Queues known at most; the longest unheard goes.")
    ] = 1_000
    max_new_keys_per_second: Annotated[
        int,
        Meta(ge=1),
        option("New jobs and workers listed a second, so that random keys push no real one out."),
    ] = 1_000
    max_update_bytes: Annotated[
        int,
        Meta(ge=1024),
        option("Of one state event; there is one a second at most."),
    ] = 8_192
    silence_floor_seconds: Annotated[
        float, Meta(ge=1), option("No shorter pause of a job or worker is called silence.")
    ] = 10.0
    silence_ceiling_seconds: Annotated[
        float,
        Meta(ge=1),
        option("No longer pause goes unreported, however slow the key usually is."),
    ] = 900.0
    first_gap_seconds: Annotated[
        float, Meta(ge=1), option("The pause allowed before a key has shown what is usual for it.")
    ] = 300.0
    rules: Annotated[
        tuple[Rule, ...],
        option(
            "More ways to say a state: tables with system, state, and message or field + values."
        ),
    ] = ()
