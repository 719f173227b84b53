"""A private Mosquitto with the deployed configuration; its password file is maintained by the production code."""

import re
from pathlib import Path

from musterroll.broker.mosquitto import provision_mosquitto
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from pydantic import SecretStr

from tests.support.instances import scratch
from tests.support.mosquitto import Mosquitto

DEPLOY = Path(__file__).parents[2] / "deploy" / "mosquitto"
PASSWORD = "the registry's"


def config(folder: Path) -> str:
    """`deploy/mosquitto/mosquitto.conf` for a Mosquitto in `folder`: other paths, and only the listener it is given (no TLS)."""
    text = (DEPLOY / "mosquitto.conf").read_text()
    general, *listeners = re.split(r"^listener .*$", text, flags=re.MULTILINE)
    for path, here in {"/mosquitto/config": DEPLOY, "/mosquitto/credentials": folder, "/mosquitto/data": folder}.items():
        general = general.replace(path, str(here))
    return listeners[0] + general


class DeployedMosquitto:
    def __init__(self, database: Database) -> None:
        folder = scratch()
        folder.chmod(0o755)
        (folder / "passwords").touch()
        self._database = database
        self._broker = Mosquitto(config(folder), folder)
        self.settings = Settings(
            mqtt_url=SecretStr(f"mqtt://registry:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self._broker.port}"),
            mosquitto_password_file=folder / "passwords",
            mosquitto_pid_file=folder / "mosquitto.pid",
        )
        self.settle()

    @property
    def port(self) -> int:
        return self._broker.port

    @property
    def log(self) -> str:
        return self._broker.log.read_text()

    def settle(self) -> bool:
        """What the schedule does every second: let in whoever enrolled, shut out whoever was revoked."""
        return provision_mosquitto(self._database, self.settings)

    def stop(self) -> None:
        self._broker.stop()
