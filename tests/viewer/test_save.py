import shlex
from pathlib import Path

import pytest

from support.scripted_sink import record
from ttview import memory, reopen, save
from ttview.memory import Memory
from ttwire.record import decode


def test_json_lines_hold_every_record_as_it_is(tmp_path: Path) -> None:
    records = [record(1, "a\x1b\nb", job="j"), record(2, "ü\u202e")]

    done = save.save(tmp_path / "out.jsonl", records)

    assert done.path == tmp_path / "out.jsonl"
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines()
    assert [decode(line) for line in lines] == records


def test_text_holds_no_control_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"

    save.save(path, [record(1, "a\x1b[2Jb\nsecond")])

    assert path.read_text().endswith("a^[[2Jb\n    second\n")
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("mine")

    done = save.save(path, [record(1)])

    assert done.path is None
    assert "is there already" in done.detail
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = save.save(tmp_path / "no" / "out", [record(1)])

    assert done.path is None
    assert "No such file" in done.detail


@pytest.mark.parametrize("text", ["job:a level:>=warn", '"it\'s" $(id)', ""])
def test_the_command_that_reopens_a_view_means_the_same_in_a_shell(text: str) -> None:
    shown = reopen.command(["https://sink.example"], filter_text=text, at="e1-7")

    words = shlex.split(shown)
    filters = ["--filter", text] if text else []
    assert words == ["ttview", "https://sink.example", *filters, "--at", "e1-7"]


def test_filters_typed_are_remembered_newest_last_and_once(tmp_path: Path) -> None:
    remembered = Memory()
    for text in ("a", "b", "a", "  "):
        remembered = memory.typed(remembered, text)
    remembered = memory.keep(remembered, "slow", "@ms:>100")

    assert memory.save(tmp_path / "new", remembered) is None
    assert memory.load(tmp_path / "new") == Memory(("b", "a"), {"slow": "@ms:>100"})
    assert memory.path_in(tmp_path / "new").stat().st_mode & 0o077 == 0


def test_a_memory_that_cannot_be_read_is_an_empty_one(tmp_path: Path) -> None:
    memory.path_in(tmp_path).write_text("{broken")

    assert memory.load(tmp_path) == Memory()
    assert memory.load(tmp_path / "none") == Memory()


def test_what_is_remembered_is_bounded() -> None:
    remembered = Memory(tuple(map(str, range(10_000))), {str(n): "x" for n in range(10_000)})

    assert len(memory.bounded(remembered).history) == memory.MAX_HISTORY
    assert len(memory.bounded(remembered).kept) == memory.MAX_KEPT


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert "cannot write" in (memory.save(tmp_path / "file" / "x", Memory()) or "")
