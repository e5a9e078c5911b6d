"""The file system of the container image, run as Kubernetes runs it: without root, without capabilities, read-only, with a volume
and a /tmp. It takes root to set that up, and neither a registry nor a daemon."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import grpc
import pytest
from png import read
from processes import BIN, PATIENCE, clean_environment, until
from service import QUICK, api, api_grpc, http_get, spec
from shop import DEPLOY, ROOT, output_of

USER = 65532


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What deploy/image-root lays out, of the programs under test."""
    root = tmp_path_factory.mktemp("image") / "root"
    output_of(DEPLOY / "image-root", BIN, root)
    yield root
    shutil.rmtree(root)


@pytest.fixture
def volume(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("it takes root to change the root directory")
    place = tmp_path / "volume"
    place.mkdir()
    os.chown(place, USER, USER)
    return place


def contained(image, volume, *command, **settings):
    arguments = [sys.executable, pathlib.Path(__file__).parent / "contained.py", image, volume, *command]
    # What the programs under test need to run at all, and nothing of the host's.
    environment = clean_environment("/var/lib/easel", **settings)
    return subprocess.Popen([str(one) for one in arguments], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


@pytest.fixture
def mounts(image, volume):
    """Whether such a place can be made here at all."""
    probe = contained(image, volume, "/usr/bin/easeld", "--version")
    said = probe.communicate(timeout=PATIENCE)[0].decode()
    if probe.returncode == 125:
        pytest.skip(said.strip())
    assert probe.returncode == 0, said
    assert said.startswith("easeld ")


def test_it_serves_without_root_and_with_nothing_to_write_to_but_its_volume(image, volume, mounts):  # pylint: disable=unused-argument
    settings = {**QUICK, "EASEL_DATA_DIR": None, "EASEL_LOG_LEVEL": "info"}
    process = contained(image, volume, "/usr/bin/easeld", "--config", "/etc/easel/easel.yaml", "--ready-file",
                        "/var/lib/easel/ready.json", **settings)
    try:
        ready = volume / "ready.json"
        until(lambda: process.poll() is not None or ready.exists(), "it")
        assert process.poll() is None, process.stdout.read().decode()
        (status,) = [line for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("CapBnd")]
        assert int(status.split()[1], 16) == 0
        assert os.stat(f"/proc/{process.pid}").st_uid == USER
        addresses = json.loads(ready.read_text())
        with grpc.insecure_channel(addresses["grpc"], [("grpc.enable_http_proxy", 0)]) as channel:
            made = api_grpc.ImageServiceStub(channel).GenerateImage(
                api.GenerateImageRequest(spec=spec("海报，上面写着「春天」", size=(768, 512))), timeout=PATIENCE).generation
        assert read(http_get(made.image.url).body) == (768, 512)
        assert {entry.name for entry in volume.iterdir()} > {"ready.json"}
        process.terminate()
        said = process.communicate(timeout=PATIENCE)[0].decode()
        assert process.returncode == 0, said
    finally:
        process.kill()
        process.wait()


def test_there_is_no_shell_and_no_interpreter(image):
    programs = {path.name for path in image.rglob("*") if path.is_file() and os.access(path, os.X_OK) and ".so" not in path.name}
    assert programs == {"easeld", "easel"}


def test_nothing_is_set_user_id_and_only_tmp_is_for_everybody(image):
    for path in image.rglob("*"):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        assert not mode & 0o6000, path
        assert not mode & 0o002 or path == image / "tmp", path


def test_every_library_has_its_licence_and_its_record(image):
    bill = json.loads((image / "usr/share/doc/easel/sbom.cdx.json").read_text())
    packages = {part["name"] for part in bill["components"] if not part["name"].endswith("-dev")}
    assert len(packages) > 10
    for package in packages:
        assert (image / "usr/share/doc" / package / "copyright").stat().st_size > 0
        assert f"Package: {package}\n" in (image / "var/lib/dpkg/status.d" / package).read_text()


def test_an_image_is_not_laid_over_what_is_there(image):
    done = subprocess.run([DEPLOY / "image-root", BIN, image], capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1 and str(image) in done.stderr.decode()


def instructions():
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
    return [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_dockerfile_ends_in_an_image_of_nothing_else():
    stages = [index for index, (name, _) in enumerate(instructions()) if name == "FROM"]
    last = instructions()[stages[-1]:]
    assert last[0] == ["FROM", "scratch"] and not [one for one in last if one[0] in ("RUN", "SHELL", "ADD")]
    said = dict(last)
    assert said["USER"] == f"{USER}:{USER}"
    assert json.loads(said["ENTRYPOINT"]) == ["/usr/bin/easeld"] and json.loads(said["CMD"])[0] == "--config"


def test_the_build_sees_the_sources_and_no_secret():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*" and "deploy/secrets" in lines
    for part in ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "client", "deploy", "proto", "service"):
        assert "!" + part in lines and (ROOT / part).exists()
