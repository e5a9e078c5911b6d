"""Fixtures: a workshop for each test or module, in which programs are started and at whose end they are stopped."""
import pytest
from fake_zai import FakeZai
from service import Sandbox, Service


class Workshop:
    """Starts programs in one directory; closing it stops them all and says what went wrong with any."""

    def __init__(self, directory):
        self.directory = directory
        self.started = []

    def easeld(self, upstream=None, **more):
        return self.keep(Service(self.directory, upstream, **more))

    def sandbox(self, **more):
        return self.keep(Sandbox(self.directory, **more))

    def keep(self, process):
        self.started.append(process)
        return process

    def close(self):
        problems = []
        for process in reversed(self.started):
            try:
                process.stop()
            except AssertionError as problem:
                problems.append(str(problem))
        assert not problems, "\n\n".join(problems)


@pytest.fixture
def workshop(tmp_path):
    place = Workshop(tmp_path)
    yield place
    place.close()


@pytest.fixture(scope="module")
def shared_workshop(tmp_path_factory):
    place = Workshop(tmp_path_factory.mktemp("shared"))
    yield place
    place.close()


def _zai():
    fake = FakeZai()
    yield fake
    fake.close()
    assert not fake.complaints, f"the upstream was asked what it cannot understand: {fake.complaints}"


@pytest.fixture
def zai():
    """A Z.AI of this test's own."""
    yield from _zai()


@pytest.fixture(scope="module")
def shared_zai():
    yield from _zai()


@pytest.fixture(scope="module")
def shared_service(shared_workshop, shared_zai):
    """One easeld for all tests of a module, in front of shared_zai."""
    return shared_workshop.easeld(shared_zai)


@pytest.fixture
def service(shared_service):
    assert shared_service.running(), "an earlier test of this module ended the service"
    return shared_service
