"""Programs of a test: easeld, and those that stand around it in production. All are stopped at the end."""
import json
import pathlib
import socket
import subprocess

import pytest
from processes import PATIENCE, until
from service import Service, http_get

ROOT = pathlib.Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
TOOLS = ROOT / "build" / "deploy-tools" / "bin"


def tool(name):
    """The path of a program that tests/deploy/install-tools brings; without it the test is skipped."""
    path = TOOLS / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: tests/deploy/install-tools")
    return path


def output_of(*arguments, **more):
    """What a program says on both of its outputs; it must end well."""
    done = subprocess.run([str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=240, check=False, **more)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{arguments[0]} ended with {done.returncode}:\n{said}"
    return said


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        return http_get(url).status == 200
    except OSError:
        return False


class Shop:
    def __init__(self, directory):
        self.directory = directory
        self.services = []
        self.others = []

    def easeld(self, name="easeld", **settings):
        """One easeld with a sandbox and a data directory of its own."""
        place = self.directory / name
        place.mkdir(exist_ok=True)
        service = Service(place, **settings)
        self.services.append(service)
        return service

    def program(self, name, arguments):
        log = self.directory / f"{name}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=out, cwd=self.directory)
        self.others.append(process)
        return process, log

    def prometheus(self, config):
        """Its address. It cannot choose a free port itself, so another process may be quicker: again then."""
        for attempt in range(5):
            address = f"127.0.0.1:{free_port()}"
            process, log = self.program("prometheus", [
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory / f'tsdb{attempt}'}",
                f"--web.listen-address={address}"])
            until(lambda: process.poll() is not None or answers(f"http://{address}/-/ready"), "prometheus")
            if process.poll() is None:
                return "http://" + address
        raise AssertionError(log.read_text())

    def envoy(self, config):
        """The addresses of its listener and of its administration, both on free ports."""
        admin = self.directory / "envoy.admin"
        admin.unlink(missing_ok=True)
        process, log = self.program("envoy", [tool("envoy"), "-c", config, "--admin-address-path", admin, "--use-dynamic-base-id",
                                              "--concurrency", "1", "--log-level", "warning"])

        def ready():
            assert process.poll() is None, f"envoy ended:\n{log.read_text()}"
            return admin.exists() and admin.read_text() and answers(f"http://{admin.read_text()}/ready")

        until(ready, "envoy")
        listeners = json.loads(http_get(f"http://{admin.read_text()}/listeners?format=json").body)["listener_statuses"]
        address = listeners[0]["local_address"]["socket_address"]
        return f"127.0.0.1:{address['port_value']}", admin.read_text()

    def close(self):
        for process in self.others:
            process.terminate()
        for process in self.others:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
        for service in self.services:
            service.stop()
