import re
from pathlib import Path

import pytest
from musterroll.domain.values.errors import DomainError
from musterroll.settings import address, load


def test_the_defaults_stay_on_loopback() -> None:
    settings = load({})
    assert settings.http_listen.startswith("127.0.0.1:")
    assert settings.mqtt_listen.startswith("127.0.0.1:")
    assert settings.embedded_broker


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://me:hunter2@db/roll\n")
    settings = load({"MUSTERROLL_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database == "postgresql://me:hunter2@db/roll"
    assert "hunter2" not in repr(settings)


def test_settings_of_channels_are_read_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("smtp://mail\n")
    settings = load({"MUSTERROLL_SMTP_URL_FILE": str(tmp_path / "url"), "MUSTERROLL_WEBHOOK_HOSTS": "one, two"})
    assert settings.smtp_url is not None
    assert settings.smtp_url.get_secret_value() == "smtp://mail"
    assert settings.webhook_hosts == ["one", "two"]


def test_a_missing_secret_file_is_named() -> None:
    with pytest.raises(DomainError, match="MUSTERROLL_SECRET_KEY_FILE: /nowhere/key cannot be read"):
        load({"MUSTERROLL_SECRET_KEY_FILE": "/nowhere/key"})


@pytest.mark.parametrize(("variable", "value"), [("INTERVAL", "1"), ("LOG_LEVEL", "loud"), ("PROXIES", "many"), ("SWEEP_SECONDS", "0")])
def test_a_wrong_value_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(DomainError, match=f"MUSTERROLL_{variable}: "):
        load({f"MUSTERROLL_{variable}": value})


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("MUSTERROLL_HTTP_LISTN", "MUSTERROLL_HTTP_LISTN is not a setting; did you mean MUSTERROLL_HTTP_LISTEN?"),
        ("MUSTERROLL_SECRET_KEYFILE", "did you mean MUSTERROLL_SECRET_KEY_FILE?"),
        ("MUSTERROLL_INTERVAL_FILE", "MUSTERROLL_INTERVAL_FILE is not a setting; did you mean MUSTERROLL_INTERVAL?"),
        ("MUSTERROLL_COLOUR", "MUSTERROLL_COLOUR is not a setting; musterroll config show lists every setting"),
    ],
)
def test_a_name_that_is_not_a_setting_is_refused_with_the_nearest_one(name: str, sentence: str) -> None:
    with pytest.raises(DomainError, match=re.escape(sentence)):
        load({name: "x"})
    load({"MUSTERROLL_AGENT_TOKEN": "x", "MUSTERROLL_SOURCE_CRM": "x", "MUSTER": "x"})


def test_a_data_directory_that_cannot_be_used_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DomainError, match=r"file cannot be used: it is a file; set MUSTERROLL_DATA_DIR to another one"):
        load({}, data_dir=tmp_path / "file").make_data_dir()
    with pytest.raises(DomainError, match=r"below cannot be used: Not a directory; set MUSTERROLL_DATA_DIR"):
        load({}, data_dir=tmp_path / "file" / "below").make_data_dir()
    load({}, data_dir=tmp_path / "new").make_data_dir()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("[::]:8080", ("::", 8080)),
        ("[::1]:0", ("::1", 0)),
        ("[fe80::1%eth0]:1883", ("fe80::1%eth0", 1883)),
        ("[fe80::1%25eth0]:1883", ("fe80::1%eth0", 1883)),
    ],
)
def test_an_ipv6_address_is_written_in_brackets(listen: str, expected: tuple[str, int]) -> None:
    assert address(listen, "MUSTERROLL_HTTP_LISTEN") == expected


@pytest.mark.parametrize(
    ("listen", "says"),
    [
        ("::1:8080", "in brackets"),
        ("::1", "in brackets"),
        ("[::1]", "an address and a port"),
        ("[fe80::1]:8080", "the zone it is in"),
        ("[127.0.0.1]:8080", "is not an IPv6 address"),
        ("[::g]:8080", "is not an IPv6 address"),
    ],
)
def test_an_ipv6_address_that_cannot_be_is_refused_with_the_way_to_write_it(listen: str, says: str) -> None:
    with pytest.raises(DomainError, match=says):
        address(listen, "MUSTERROLL_HTTP_LISTEN")


@pytest.mark.parametrize("listen", ["8080", "host:", "host:http", "host:99999"])
def test_an_address_without_a_port_is_refused(listen: str) -> None:
    with pytest.raises(DomainError, match="MUSTERROLL_HTTP_LISTEN is"):
        address(listen, "MUSTERROLL_HTTP_LISTEN")
