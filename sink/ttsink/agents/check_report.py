"""What a check found, as text for a person and as JUnit's XML for CI."""

from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from ttsink.agents.finding import Checked

SIGNS: Final = {"proved": "ok", "failed": "FAILED", "noted": "note", "unproved": "not proved"}
_WIDTH: Final = max(map(len, SIGNS.values()))

BLIND_SPOTS: Final = """\
What no check here sees: other releases of an agent than the one installed; the docker, kubernetes,
journald and systemd inputs themselves, which need their system; TLS and proxies between agent and
sink; what your own other outputs do; how much the agent's machine can carry."""


def text(checked: Sequence[Checked], *, quiet: bool = False) -> Iterator[str]:
    """Lines for a terminal; `quiet` leaves out what was proved or noted."""
    for result in checked:
        shown = [
            finding
            for finding in result.findings
            if not quiet or finding.kind not in {"proved", "noted"}
        ]
        if quiet and not shown:
            continue
        yield result.path
        for finding in shown:
            first, *rest = finding.text.splitlines() or [""]
            yield f"  {SIGNS[finding.kind]:<{_WIDTH}}  {first}"
            yield from (f"  {'':<{_WIDTH}}  {line}" for line in rest)
    failures = sum(1 for result in checked if result.of("failed"))
    unproved = sum(1 for result in checked if result.of("unproved"))
    yield ""
    yield (
        f"{len(checked)} configurations: {len(checked) - failures} hold, {failures} failed; "
        f"of {unproved} not everything was proved here"
    )


def junit(checked: Sequence[Checked]) -> bytes:
    """One test case a configuration; what was not proved is its `skipped` where nothing failed."""
    suite = ET.Element(
        "testsuite",
        name="ttsink check",
        tests=str(len(checked)),
        failures=str(sum(1 for result in checked if result.of("failed"))),
        skipped=str(sum(1 for r in checked if not r.of("failed") and not r.of("proved"))),
        time=f"{sum(result.seconds for result in checked):.3f}",
    )
    for result in checked:
        case = ET.SubElement(
            suite,
            "testcase",
            classname="ttsink.agents.check",
            name=_xml(result.path),
            time=f"{result.seconds:.3f}",
        )
        if wrong := result.of("failed"):
            failure = ET.SubElement(case, "failure", message=_xml(wrong[0].partition("\n")[0]))
            failure.text = _xml("\n".join(wrong))
        elif not result.of("proved"):
            ET.SubElement(case, "skipped", message=_xml("; ".join(result.of("unproved"))))
        out = ET.SubElement(case, "system-out")
        out.text = _xml(
            "\n".join(f"{SIGNS[finding.kind]}: {finding.text}" for finding in result.findings)
        )
    return bytes(ET.tostring(suite, encoding="utf-8", xml_declaration=True))


def _xml(text: str) -> str:
    """Without the controls XML 1.0 has no way to write."""
    return "".join(c if c in "\t\n" or c >= " " else "\N{REPLACEMENT CHARACTER}" for c in text)
