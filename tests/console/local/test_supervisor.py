import time

from console.local.process import Service, stop_all
from console.local.supervisor import LONGEST_PAUSE, STEADY_SECONDS, Watch


def _ended(command: str) -> Service:
    service = Service("thing", [command])
    service.start()
    assert service.process is not None
    service.process.wait()
    return service


def test_a_dying_service_is_restarted_after_growing_pauses() -> None:
    watched, said, now = Watch(_ended("false")), [], time.monotonic()
    for pause in (1, 2, 4, 8, 10, 10):
        said.clear()
        watched.look(now, said.append)
        assert said == [f"thing stopped with code 1. Restarting in {pause} s."]
        died = watched.service.process
        watched.look(now + pause - 0.1, said.append)
        assert watched.service.process is died
        now += pause
        watched.look(now, said.append)
        assert watched.service.process is not died
        assert watched.service.process is not None
        watched.service.process.wait()
        watched.service.started = now  # On the test's clock, which runs faster.
    assert watched.pause == LONGEST_PAUSE


def test_a_long_life_is_forgiven_earlier_deaths() -> None:
    watched, said = Watch(_ended("false"), pause=16.0), []
    watched.look(time.monotonic() + STEADY_SECONDS + 1, said.append)
    assert said == ["thing stopped with code 1. Restarting in 1 s."]


def test_what_does_not_listen_is_killed() -> None:
    stubborn = Service("stubborn", ["sh", "-c", "trap '' TERM; echo ready; sleep 600 & wait; wait"])
    stubborn.start()
    begun = time.monotonic()
    stop_all([stubborn], patience=0.3)
    assert not stubborn.running
    assert time.monotonic() - begun < 3
