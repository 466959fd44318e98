"""VRL programs, compiled and run with Vector's own compiler as PyPI has it (`vrl-python`).

The package is part of `tracetail[check]`, not of the plain installation.
"""

import json
from typing import Any, Final, NamedTuple

from ttsink.agents.sample import Row

MISSING: Final = "VRL was not compiled: pip install 'tracetail[check]' brings Vector's compiler"


WRAPPED: Final = """\
ttresult = {
%s
}
. = {"event": encode_json(.), "result": ttresult}"""


class VrlError(Exception):
    """A program that does not compile, or fails on an event; the compiler's own words."""


class Ran(NamedTuple):
    event: dict[str, Any]
    result: Any


class Vrl:
    """One compiler. Raises ImportError where the package is not installed."""

    def __init__(self) -> None:
        import vrl_python  # noqa: PLC0415  an extra

        self._package = vrl_python

    def compile(self, program: str) -> None:
        """Raises VrlError."""
        found = self._package.VRLRuntime.check_syntax(program)
        if found is not None:
            raise VrlError(str(found).strip())

    def run(self, program: str, event: Row) -> Ran:
        """The event a program leaves, and its result. Raises VrlError.

        The event comes out as JSON made by VRL itself, as Vector's encoder writes it:
        the binding's own conversion turns timestamps into another form.
        """
        try:
            done = self._package.VRLRuntime().execute(WRAPPED % program, dict(event))
        except Exception as error:  # RuntimeError, SyntaxError or its own, by the fault
            raise VrlError(str(error).strip()) from None
        held = done.processed_event
        return Ran(json.loads(held["event"]), held.get("result"))


def loaded() -> Vrl | None:
    try:
        return Vrl()
    except ImportError:
        return None
