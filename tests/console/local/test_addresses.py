from pathlib import Path

import pytest

from console.local import addresses


def test_same_answer_without_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_LOCAL_DIR", "/srv/c")
    assert addresses.database_url() == "postgresql://console@/console?host=/srv/c/run/pg&port=5432"
    assert addresses.redis_url(3) == "unix:///srv/c/run/valkey.sock?db=3"
    assert addresses.broker_url() == "redis+socket:///srv/c/run/valkey.sock?virtual_host=0"


def test_broker_of_a_server_elsewhere_is_left_alone() -> None:
    assert addresses.broker_url("rediss://:p%40ss@cache:6380/1") == "rediss://:p%40ss@cache:6380/1"


@pytest.mark.parametrize("folder", ["/srv/" + "x" * 100, "/srv/with space", "/srv/小程序", "/srv/a?b#c"])
def test_long_and_odd_paths_have_their_sockets_in_tmp(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_LOCAL_DIR", folder)
    assert addresses.socket_dir().parent == Path("/tmp")
    assert len(str(addresses.socket_dir() / "pg" / ".s.PGSQL.5432")) < 104


def test_two_folders_have_two_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_LOCAL_DIR", "/srv/" + "x" * 100)
    one = addresses.socket_dir()
    monkeypatch.setenv("CONSOLE_LOCAL_DIR", "/srv/" + "x" * 101)
    assert addresses.socket_dir() != one
