"""Events on their way through a Vector configuration's transforms, and its unit tests, by VRL.

Runs `remap` and `filter`; what another transform would make of an event only Vector knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ttsink.agents import vector_config
from ttsink.agents.finding import Finding, failed, proved, unproved
from ttsink.agents.sample import Row
from ttsink.agents.vector_config import Config
from ttsink.agents.vrl import Vrl, VrlError


class Unknown(Exception):  # noqa: N818  not an error: what cannot be known here
    """A transform that cannot be run without Vector."""


class Flow(NamedTuple):
    config: Config
    vrl: Vrl

    def delivered(self, sink: str, events: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
        """The events of each source (or `source.output`) that reach a sink, as it sends them.

        Raises:
            VrlError: a program failed on an event in a way that ends it.
            Unknown: a transform that is not remap or filter stands in the way.
        """
        return [
            event
            for given in self.config["sinks"][sink]["inputs"]
            for event in self._out(given, events)
        ]

    def _out(self, name: str, events: Mapping[str, Sequence[Row]]) -> Iterator[dict[str, Any]]:
        if name in events:
            yield from (dict(event) for event in events[name])
        transform = (self.config.get("transforms") or {}).get(name)
        if transform is not None:
            for given in transform["inputs"]:
                for event in self._out(given, events):
                    yield from self.through(name, event)

    def through(self, name: str, event: Row) -> Iterator[dict[str, Any]]:
        """What one transform makes of one event."""
        transform = self.config["transforms"][name]
        kind = transform.get("type")
        if kind == "remap" and "source" in transform:
            try:
                yield self.vrl.run(str(transform["source"]), event).event
            except VrlError:
                # As Vector does: the event passes as it was, unless the transform says otherwise.
                if not (transform.get("drop_on_error") or transform.get("drop_on_abort")):
                    raise
        elif kind == "filter":
            condition = next(vector_config.programs({"transforms": {name: transform}}))
            if self.vrl.run(condition.text, event).result is True:
                yield dict(event)
        else:
            raise Unknown(f"transforms.{name}: what {kind} does only Vector can run")


def compiled(config: Config, vrl: Vrl) -> Iterator[Finding]:
    """Every program through the compiler."""
    count = 0
    for program in vector_config.programs(config):
        try:
            vrl.compile(program.text)
            count += 1
        except VrlError as error:
            yield failed(f"{program.place} does not compile:\n{error}")
    if count:
        yield proved(f"{count} VRL programs compile")


def unit_tests(config: Config, vrl: Vrl) -> Iterator[Finding]:
    """The file's own `tests:`, one transform each."""
    flow = Flow(config, vrl)
    passed = 0
    for number, test in enumerate(config.get("tests") or (), 1):
        name = test.get("name", f"tests[{number}]")
        try:
            said = [*_unit_test(test, flow)]
        except Unknown as error:
            yield unproved(f"test {name!r}: {error}")
            continue
        except (VrlError, KeyError) as error:
            said = [str(error)]
        if said:
            yield failed(f"test {name!r}: {'; '.join(said)}")
        else:
            passed += 1
    if passed:
        yield proved(f"{passed} unit tests hold")


def _unit_test(test: Config, flow: Flow) -> Iterator[str]:
    for given in test.get("inputs") or ():
        produced = [*flow.through(given["insert_at"], _input(given, flow.vrl))]
        for output in test.get("outputs") or ():
            if output["extract_from"] != given["insert_at"]:
                raise Unknown("an event that passes several transforms only Vector can test")
            conditions = [
                program.text
                for condition in output.get("conditions") or ()
                for program in vector_config.programs(
                    {"tests": [{"outputs": [{"conditions": [condition]}]}]}
                )
            ]
            if not any(
                all(_holds(text, event, flow.vrl) for text in conditions) for event in produced
            ):
                yield "no event fulfils its conditions"
        for name in test.get("no_outputs_from") or ():
            if name == given["insert_at"] and produced:
                yield f"{name} let the event pass"


def _holds(condition: str, event: Row, vrl: Vrl) -> bool:
    try:
        return vrl.run(condition, event).result is True
    except VrlError:
        return False


def _input(given: Config, vrl: Vrl) -> dict[str, Any]:
    kind = given.get("type", "raw")
    if kind == "log":
        return dict(given.get("log_fields") or {})
    if kind == "vrl":
        return vrl.run(str(given["source"]), {}).event
    if kind == "raw":
        return {"message": given.get("value", "")}
    raise Unknown(f"an input of type {kind} only Vector can make")


def encoded(events: Sequence[Row]) -> bytes:
    """A request's body: lines of JSON without a newline at the end, as Vector sends them."""
    return b"\n".join(map(msgspec.json.encode, events))
