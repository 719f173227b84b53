"""The services of systemd that are shipped."""

from tests.support.deployment import ROOT

_UNITS = ROOT / "deploy" / "systemd"


def _settings(name: str) -> dict[str, list[str]]:
    pairs = [line.split("=", 1) for line in (_UNITS / name).read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {key: [value for other, value in pairs if other == key] for key, _ in pairs}


def test_services_of_the_server_are_as_confined_as_the_agents() -> None:
    agent = _settings("musterroll-agent.service")
    confined = {key for key in agent if key.startswith(("Protect", "Private", "Restrict", "Capability", "System", "Lock", "MemoryDeny"))}
    confined |= {"NoNewPrivileges", "RemoveIPC", "UMask"}
    for path in sorted(_UNITS.glob("musterroll-*.service")):
        settings = _settings(path.name)
        for key in confined - {"SystemCallFilter"}:
            assert settings[key] == agent[key], (path.name, key)
        assert settings["SystemCallFilter"][:2] == agent["SystemCallFilter"][:2], path.name
