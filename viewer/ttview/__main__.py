import sys

from ttview.cli import main

sys.exit(main())
