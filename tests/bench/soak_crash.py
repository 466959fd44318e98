"""The crash test at length: `make soak`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from support.crash import Crash


async def main(kills: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = await Crash(Path(folder), seed=kills).run(kills)
    print(report)
    return int(any(report[3:]))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)))
