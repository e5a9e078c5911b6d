"""Faults of the disk under a running service: new work is refused in words and costs nothing, running work waits, what is
kept stays readable, and when the fault is gone the service goes on by itself."""
import contextlib
import os
import pathlib
import shutil
import sqlite3
import subprocess

import png
import pytest
from fake_zai import Hold
from health.v1 import health_pb2, health_pb2_grpc
from processes import BIN, clean_environment, run, until
from service import QUICK, charge, http_get, read_status, refused, state

COGVIEW = "cogview-4-250304"


@contextlib.contextmanager
def mounted(place, *arguments):
    done = subprocess.run(["mount", *arguments, str(place)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this takes the right to mount: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


class FullDisk:
    """A small disk of its own for the data directory."""

    def __init__(self, workshop):
        self.place = workshop.directory / "data"
        self.place.mkdir()
        self.mount = mounted(self.place, "-t", "tmpfs", "-o", "size=8m", "tmpfs")
        self.filler = self.place / "filler"

    def __enter__(self):
        self.mount.__enter__()
        return self

    def __exit__(self, *error):
        self.mount.__exit__(*error)

    def strike(self):
        with open(self.filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def mend(self):
        self.filler.unlink()


class Fault:
    part = "images"

    def __init__(self, workshop):
        self.data = workshop.directory / "data"
        self.images = self.data / "images"
        self.away = workshop.directory / "away"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class ImagesGone(Fault):
    def strike(self):
        self.images.rename(self.away)

    def mend(self):
        self.away.rename(self.images)


class ImagesReadOnly(Fault):
    """As after an error of the file system: what is there can be read."""

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        return self

    def __exit__(self, *error):
        self.stack.close()

    def strike(self):
        self.stack.enter_context(mounted(self.images, "--bind", str(self.images)))
        subprocess.run(["mount", "-o", "remount,bind,ro", str(self.images)], check=True)

    def mend(self):
        self.stack.close()


class RecordsFull(FullDisk):
    part = "records"


class RecordsLocked(Fault):
    part = "records"

    def strike(self):
        self.other = sqlite3.connect(self.data / "generations.db", isolation_level=None)
        self.other.execute("BEGIN IMMEDIATE")

    def mend(self):
        self.other.close()


class RecordsGone(Fault):
    part = "records"

    def strike(self):
        self.away.mkdir()
        for file in sorted(self.data.glob("generations.db*")):
            file.rename(self.away / file.name)

    def mend(self):
        """The database comes last: opened without its log, it would get another one."""
        for file in sorted(self.away.iterdir(), reverse=True):
            file.rename(self.data / file.name)


FAULTS = [ImagesGone, ImagesReadOnly, RecordsFull, RecordsLocked, RecordsGone]


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.__name__)
def fault(request, workshop):
    with request.param(workshop) as one:
        yield one
        # A process that outlives the fault's place would hold it.
        workshop.close()


def readiness(service):
    return http_get(service.http + "/readyz")


def strike(service, fault):
    fault.strike()
    red = until(lambda: (lambda reply: reply.status == 503 and reply)(readiness(service)), "red readiness")
    assert [line.split(":")[0] for line in red.body.decode().splitlines()].count(fault.part) == 1, red.body


def mend(service, fault):
    fault.mend()
    until(lambda: readiness(service).status == 200, "green readiness")


def test_new_work_is_refused_and_costs_nothing(workshop, zai, fault):
    service = workshop.easeld(zai)
    kept = service.generate("Kept", request_id="kept").generation
    strike(service, fault)
    told = refused(service.start, "During the fault", request_id="during")
    assert (told.code, told.reason) == ("UNAVAILABLE", "STORAGE_UNAVAILABLE")
    assert told.retry_seconds > 0 and str(workshop.directory) not in told.message
    assert not zai.submissions_of("During the fault")
    mend(service, fault)
    again = service.generate("During the fault", request_id="during").generation
    assert (state(again), zai.charged("During the fault")) == ("SUCCEEDED", 1)
    assert service.get(kept.name).image.sha256 == kept.image.sha256


def test_what_is_known_can_be_asked_for_while_the_fault_lasts(workshop, zai, fault):
    service = workshop.easeld(zai)
    kept = service.generate("Kept", request_id="kept").generation
    strike(service, fault)
    health = health_pb2_grpc.HealthStub(service.channel)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=60).status == health_pb2.HealthCheckResponse.SERVING
    assert http_get(service.http + "/healthz").status == 200
    if not isinstance(fault, RecordsGone):
        assert service.get(kept.name).name == kept.name
        assert [one.name for one in service.list()] == [kept.name]
        assert service.start("Kept", request_id="kept").name == kept.name
    if not isinstance(fault, (ImagesGone, RecordsGone)):
        assert png.read(b"".join(chunk.data for chunk in service.read_image(kept.name))) == (1280, 1280)
    mend(service, fault)
    assert png.read(b"".join(chunk.data for chunk in service.read_image(kept.name))) == (1280, 1280)


def test_running_work_waits_and_goes_on(workshop, zai, fault):
    held = Hold()
    zai.script("At work", poll=[held])
    service = workshop.easeld(zai)
    name = service.reach(service.start("At work").name, "RENDERING").name
    strike(service, fault)
    held.release()
    until(lambda: '"message":"fault"' in service.log(), "the first step that fails")
    mend(service, fault)
    last = service.end_of(name)
    assert (state(last), charge(last), zai.charged("At work")) == ("SUCCEEDED", "MADE", 1)
    assert png.read(b"".join(chunk.data for chunk in service.read_image(name))) == (1280, 1280)


def test_a_crash_during_the_fault_loses_nothing(workshop, zai, fault):
    held = Hold()
    zai.script("At work", poll=[held])
    service = workshop.easeld(zai)
    name = service.reach(service.start("At work", request_id="at-work").name, "RENDERING").name
    strike(service, fault)
    held.release()
    until(lambda: '"message":"fault"' in service.log(), "the first step that fails")
    service.kill()
    fault.mend()
    last = workshop.easeld(zai).end_of(name)
    assert (state(last), zai.charged("At work")) == ("SUCCEEDED", 1)


def test_the_directory_of_images_may_be_made_anew(workshop, zai):
    service = workshop.easeld(zai)
    first = service.generate("Lost with its directory").generation
    images = workshop.directory / "data" / "images"
    shutil.rmtree(images)
    assert readiness(service).status == 503
    images.mkdir()
    assert (readiness(service).status, readiness(service).body) == (200, b"ok\n")
    assert state(service.generate("Kept in the new one").generation) == "SUCCEEDED"
    assert refused(service.read_image, first.name).reason == "IMAGE_LOST"


def refusal_to_start(workshop, zai):
    environment = clean_environment(workshop.directory, **{**QUICK, "EASEL_DATA_DIR": workshop.directory / "data",
                                                           "ZAI_API_KEY": zai.key, "ZAI_BASE_URL": zai.base_url})
    code, _, errors = run([BIN / "easeld"], environment)
    assert code not in (0, None) and code > 0
    (line,) = [line for line in errors.splitlines() if line.startswith("easeld:")]
    return line


def damage(path, begin, end=None):
    """Overwrites bytes, and leaves the file as long as it was."""
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(begin)
        file.write(b"\xa5" * ((size if end is None else min(end, size)) - begin))


def checkpoint(path):
    other = sqlite3.connect(path)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()


@pytest.mark.parametrize("begin, end", [(0, 100), (100, 4096), (4096, None)], ids=["header", "schema", "tables"])
def test_a_damaged_database_stops_the_start_with_a_word_on_what_to_do(workshop, zai, begin, end):
    held = Hold()
    zai.script("Still running", poll=[held])
    service = workshop.easeld(zai)
    for number in range(20):
        service.generate(f"Before the damage {number}")
    service.reach(service.start("Still running").name, "RENDERING")
    service.kill()
    database = workshop.directory / "data" / "generations.db"
    checkpoint(database)
    shutil.copy(database, workshop.directory / "backup.db")
    damage(database, begin, end)
    line = refusal_to_start(workshop, zai)
    assert str(database) in line
    assert "damaged" in line or "not a database" in line
    assert "backup" in line
    shutil.copy(workshop.directory / "backup.db", database)
    for leftover in ("-wal", "-shm"):
        pathlib.Path(str(database) + leftover).unlink(missing_ok=True)
    held.release()
    again = workshop.easeld(zai)
    assert len(again.list()) == 21


def test_damage_under_a_running_service_is_told_and_not_paid_for(workshop, zai):
    service = workshop.easeld(zai)
    for number in range(5):
        service.generate(f"Before the damage {number}")
    database = workshop.directory / "data" / "generations.db"
    checkpoint(database)
    damage(database, 4096)
    told = refused(service.start, "After the damage", request_id="after")
    assert (told.code, told.reason) == ("UNAVAILABLE", "STORAGE_UNAVAILABLE")
    assert not zai.submissions_of("After the damage")
    assert "damaged" in service.log()


def test_a_directory_that_cannot_be_written_stops_the_start(workshop, zai):
    data = workshop.directory / "data"
    data.mkdir()
    with contextlib.ExitStack() as stack:
        stack.enter_context(mounted(data, "-t", "tmpfs", "-o", "ro", "tmpfs"))
        line = refusal_to_start(workshop, zai)
    assert str(data) in line and os.strerror(30) in line  # EROFS
