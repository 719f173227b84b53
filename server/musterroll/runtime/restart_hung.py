"""A health check for containers: ends a process of the registry that hangs, so that its container starts it anew.

`python -m musterroll.runtime.restart_hung http://127.0.0.1:9101/livez`: the process that listens there is ended where it does not answer
well at one of three tries. Where nothing listens, it is still starting or has ended by itself.
"""

import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_TRIES = 3
_SECONDS = 5.0
_LISTENING = "0A"  # the state of a socket in /proc/net/tcp


def main(url: str) -> int:
    if any(_progressing(url) for _ in range(_TRIES)):
        return 0
    for number in listeners(urlsplit(url).port or 80):
        print(f"{url} does not answer: process {number} hangs and is ended")
        os.kill(number, signal.SIGKILL)
    return 1


def _progressing(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS):  # noqa: S310  our own address
            return True
    except OSError:
        return False


def listeners(port: int) -> set[int]:
    """The processes that listen on a port."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    return {number for number, target in _open_files() if target in sockets}


def _inodes(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and fields[1].endswith(f":{port:04X}"):
                yield fields[9]


def _open_files() -> Iterator[tuple[int, str]]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield from [(int(process.name), str(file.readlink())) for file in (process / "fd").iterdir()]
        except OSError:
            continue  # it has ended meanwhile, or is of another user


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
