"""Where the agents' own programs are, for tests that run them."""

import os
import shutil
from pathlib import Path

CONFIGS = Path(__file__).resolve().parent.parent.parent / "configs"


def program(name: str) -> str | None:
    """On PATH, or named by TTSINK_VECTOR or TTSINK_FLUENT_BIT."""
    variable = f"TTSINK_{name.upper().replace('-', '_')}"
    return shutil.which(os.environ.get(variable) or name)


def not_proven(name: str) -> str:
    return (
        f"not proven: {name} itself did not run; put it on PATH or name it in "
        f"TTSINK_{name.upper().replace('-', '_')}"
    )
