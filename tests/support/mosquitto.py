"""A private Mosquitto on a free port."""

import getpass
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.support.instances import answers, end, free_port, program, scratch, until


class Mosquitto:
    """Started at once with `config` (its listener line is added). `kill()` is kill -9; `start()` brings it back on the same port."""

    def __init__(self, config: str = "allow_anonymous true\n", folder: Path | None = None) -> None:
        self.folder = folder or scratch()
        self.port = free_port()
        self.log = self.folder / "mosquitto.log"
        self._config = self.folder / "mosquitto.conf"
        self._config.write_text(f"user {getpass.getuser()}\nlistener {self.port} 127.0.0.1\n{config}")
        self.start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._server.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._server = subprocess.Popen([program("mosquitto"), "-c", str(self._config)], stdout=log, stderr=log)
        until(lambda: answers(self.port) or self._server.poll() is not None, "Mosquitto takes connections")
        assert self._server.poll() is None, f"Mosquitto ended: {self.log.read_text()[-2000:]}"

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        end(self._server)
        shutil.rmtree(self.folder, ignore_errors=True)
