"""A child of `ttsink demo`: ends when its parent does, however that ended.

Its standard input is a pipe the parent holds; the end of that pipe is the parent's end.
"""

import os
import signal
import sys
import threading

from ttsink import cli


def follow_parent() -> None:
    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def main(arguments: list[str]) -> int:
    follow_parent()
    if arguments[0] != "post":
        return cli.main(arguments)
    from ttsink.demo.post import run  # noqa: PLC0415  aiohttp

    return run(arguments[1], int(arguments[2]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
