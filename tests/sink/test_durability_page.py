"""docs/durability.md says what the code does."""

from pathlib import Path

from ttsink.config import options
from ttsink.settings import Settings
from ttsink.store import journal, journal_file, ring
from ttsink.store.cap import QUIET_SECONDS, CapSettings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "durability.md").read_text("utf-8")


def test_the_page_names_the_options_by_their_names() -> None:
    for name in (
        "enabled", "durability", "max_ring_records", "max_ring_bytes", "max_bytes", "max_rings",
        "max_new_rings_per_second",
    ):  # fmt: skip
        section = "journal" if name in {"enabled", "durability"} else "retention"
        assert f"{section}.{name}" in PAGE
        assert any(option.section == section and option.key == name for option in options())


def test_the_page_has_the_defaults_and_bounds_of_the_code() -> None:
    assert Settings().journal.durability == "full"
    assert Settings().cap == CapSettings() == CapSettings(job_records_per_second=0)
    assert f"{ring.ENTRY_BYTES} bytes for what is around it" in PAGE
    assert f"`{ring.OVERFLOW}`" in PAGE
    assert f"up to {journal.MAX_UNSAVED_BYTES >> 20} MiB" in PAGE
    assert f"`{journal_file.FILE_NAME}`" in PAGE
    assert f"`{journal_file.PLACE_NAME}`" in PAGE
    assert journal_file.MAX_DAMAGED_FILES == 2
    assert f"for {QUIET_SECONDS:g} seconds" in PAGE
