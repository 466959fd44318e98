"""`python -m ttsink`."""

import sys

from ttsink.cli import main

if __name__ == "__main__":
    sys.exit(main())
