"""The flood test at length, with the default bounds: `make soak`."""

import sys

from support.flood import flood
from ttsink.store.retention import Retention


def main(records: int) -> int:
    result = flood(records, keep=240, retention=Retention())
    print(result)
    return result.lost + result.over_budget


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))
