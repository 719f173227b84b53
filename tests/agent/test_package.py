"""What is shipped: no imports beyond the device's, a zip of `agent/` that runs, one version."""

import subprocess
import sys
import tomllib
import zipapp
from pathlib import Path

from musterroll_agent import __version__

ROOT = Path(__file__).parents[2]
IMPORTS = """
import sys
import musterroll_agent.agent, musterroll_agent.cli, musterroll_agent.start, musterroll_agent.status
from musterroll_agent.lazy_paho import import_paho
import_paho(tls=False)
allowed = set(sys.stdlib_module_names) | {"musterroll_agent", "musterroll_wire", "paho", "psutil"}
ours = {name for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", None) or "")}
print(sorted(name for name in ours if name.partition(".")[0] not in allowed and not name.startswith("_")))
heavy = {"ssl", "urllib.request", "http.client", "psutil", "asyncio", "email", "dataclasses", "inspect"}
print(sorted(heavy & set(sys.modules)))
import urllib.request
print(urllib.request.Request.__name__)
"""


def test_a_running_agent_imports_nothing_superfluous() -> None:
    output = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "agent")}
    ).stdout
    assert output.splitlines() == ["[]", "[]", "Request"]


def test_a_zip_of_the_agents_folder_runs(tmp_path: Path) -> None:
    target = tmp_path / "musterroll-agent.pyz"
    zipapp.create_archive(ROOT / "agent", target, main="musterroll_agent.cli:main", compressed=True)
    process = subprocess.run([sys.executable, target, "status", "--state-dir", tmp_path], capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "is not enrolled" in process.stderr


def test_the_agents_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__
