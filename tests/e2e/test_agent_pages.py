"""The pages for a new user: every command on them is run here, or named as one that is not."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from support.agents import CONFIGS, program
from support.programs import ROOT, environment, run
from support.running import running
from ttsink.agents.fluentbit_config import from_yaml
from ttsink.intake import mistakes

DOCS = ROOT / "docs"
PAGES = ["add-to-vector.md", "add-to-fluent-bit.md", "from-zero.md"]
MAX_LINES = 80
"""A page."""

ELSEWHERE = {
    "pip": "the environment of the suite is installed already",
    "kubectl": "takes a cluster; the manifest is read below",
    "vector": "runs in test_agent_configs where it is installed",
    "fluent-bit": "runs below where it is installed",
}


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_one_page_and_a_sentence_a_line(page: str) -> None:
    assert len((DOCS / page).read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("page", PAGES)
async def test_every_command_of_a_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    """As a new user: one after the other, in one folder, against a sink that runs."""
    env = environment(tmp_path)
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "configs").symlink_to(CONFIGS)
    tokens = {"TTSINK_INGEST_TOKEN": "in", "TTSINK_READ_TOKEN": "out"}
    async with running(tokens if page == "from-zero.md" else {}) as sink:
        for written in commands(page):
            words = written.removeprefix("sudo ").split()
            if words[0] in ELSEWHERE or words[:2] == ["ttsink", "serve"] or words[0] == "ttview":
                continue
            if words[0] == "openssl":
                (folder / words[-1]).write_text("in" if "ingest" in written else "out")
                continue
            line = written
            if words[:2] == ["ttsink", "doctor"]:
                if page == "from-zero.md" and "token" not in written:
                    continue  # of the machine's own sink, which has no tokens
                line = re.sub(r"doctor( http://SINK:8484)?", f"doctor {sink.server.url}", written)
                line += " --listen 0"
            status, out = await shell(line, folder, env)
            assert status == 0, f"{written}: {out}"
            if "ttsink check" in line:
                assert "FAILED" not in out


async def shell(line: str, folder: Path, env: dict[str, str]) -> tuple[int, str]:
    line = line.replace("ttsink ", f"{sys.executable} -m ttsink ", 1)
    process = await asyncio.create_subprocess_shell(
        line,
        cwd=folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.parametrize("page", ["add-to-fluent-bit.md", "from-zero.md"])
async def test_fluent_bit_itself_takes_what_a_page_prints(page: str, tmp_path: Path) -> None:
    found = program("fluent-bit")
    if found is None:
        pytest.skip("not proven: fluent-bit is neither on PATH nor in TTSINK_FLUENT_BIT")
    env = environment(tmp_path)
    printed = [line for line in commands(page) if line.startswith(("ttsink config", "sed"))]
    for line in printed:
        assert (await shell(line, tmp_path, env))[0] == 0
        name = line.rpartition(" ")[2]
        done = await asyncio.create_subprocess_exec(
            found, "--dry-run", "-c", name, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL
        )
        assert await done.wait() == 0


def test_the_manifest_gives_fluent_bit_what_its_configuration_needs() -> None:
    objects = [*yaml.safe_load_all((CONFIGS / "kubernetes/daemonset.yaml").read_text())]
    pod = objects[-1]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    text = (CONFIGS / "fluentbit/kubernetes.yaml").read_text()
    held = from_yaml(yaml.load(text, Loader=yaml.BaseLoader))
    (tail,) = held.of("input")

    assert {volume["name"] for volume in pod["volumes"]} == set(mounts)
    assert tail.get("path").startswith(mounts["log"] + "/")
    assert tail.get("db").startswith(mounts["state"] + "/")
    assert held.service.get("storage.path").startswith(mounts["state"] + "/")
    assert container["args"] == ["-c", f"{mounts['config']}/fluent-bit.yaml"]
    assert [each["name"] for each in container["env"]] == ["TRACETAIL_TOKEN"]
    assert {each["kind"] for each in objects} == {
        *("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet")
    }


def test_the_reference_names_every_notice_of_an_agents_mistake() -> None:
    page = (DOCS / "agents.md").read_text()
    source = Path(mistakes.__file__).read_text()
    codes = {f"sends_{shape}" for shape, _ in mistakes.MIXED_UP}
    codes |= set(re.findall(r'Mistake\(\s*"(\w+)"', source))

    assert len(codes) == 5
    assert all(f"`{code}`" in page for code in codes)
    assert f"{mistakes.LONE_REQUESTS} requests" in page
    assert f"{mistakes.MIN_RECORDS} records" in page


async def test_help_of_the_commands_names_what_the_reference_says(tmp_path: Path) -> None:
    env = environment(tmp_path)
    check = await run("ttsink", ["check", "--help"], env)
    doctor = await run("ttsink", ["doctor", "--help"], env)

    assert "0 proved, 1 something failed, 2 usage, 3 nothing could be run" in check.out.decode()
    assert all(word in check.out.decode() for word in ("root/", "sent.ndjson", "--strict"))
    assert "ttsink-doctor" in doctor.out.decode()


def test_what_is_not_run_here_is_named_and_nothing_else() -> None:
    used = {line.removeprefix("sudo ").split()[0] for page in PAGES for line in commands(page)}

    assert used <= {*ELSEWHERE, "ttsink", "ttview", "sed", "openssl"}
    assert shutil.which("sed", path=os.defpath)
