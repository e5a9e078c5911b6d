"""What the black-box tests of the `easel` command share: the command, and a fake service of its own for each test."""

import os
import subprocess

import pytest


def pytest_addoption(parser):
    parser.addoption("--easel", required=True, help="the easel binary")
    parser.addoption("--server", required=True, help="the fake service's binary")


@pytest.fixture
def service(request):
    """The address of a fresh fake service."""
    process = subprocess.Popen(
        [request.config.getoption("--server")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process.stdout.readline().strip()
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    process.stdout.close()


@pytest.fixture
def environment(service):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("EASEL_")}
    return {**clean, "EASEL_SERVER": service, "TZ": "UTC", "TERM": "xterm"}


@pytest.fixture
def command(request):
    return request.config.getoption("--easel")


@pytest.fixture
def easel(command, environment, tmp_path):
    """Runs the command to its end, in a directory of its own, with pipes for all three streams."""

    def run(*arguments, stdin=b"", **variables):
        return subprocess.run(
            [command, *arguments],
            input=stdin,
            capture_output=True,
            timeout=120,
            cwd=tmp_path,
            env={**environment, **variables},
        )

    return run
