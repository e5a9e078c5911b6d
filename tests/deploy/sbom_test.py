"""The bill of materials: what CycloneDX 1.5 requires, and that it is whole."""
import json
import re
import subprocess
import uuid

import pytest
from processes import BIN
from shop import DEPLOY, output_of

KINDS = {"application", "framework", "library", "container", "operating-system", "device", "firmware", "file"}


@pytest.fixture(scope="module")
def bill():
    return json.loads(output_of(DEPLOY / "sbom", BIN / "easeld"))


def test_it_has_what_the_schema_requires(bill):
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert isinstance(bill["version"], int) and bill["version"] >= 1
    assert uuid.UUID(bill["serialNumber"].removeprefix("urn:uuid:"))
    assert set(bill) <= {"bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"}
    for part in [bill["metadata"]["component"], *bill["components"]]:
        assert part["type"] in KINDS and part["name"] and part["version"] and part["bom-ref"]
        for licence in part["licenses"]:
            assert set(licence) == {"license"} and len({"id", "name"} & set(licence["license"])) == 1
    for reference in [one for part in bill["components"] for one in part.get("externalReferences", [])]:
        assert set(reference) == {"type", "url"} and reference["type"] == "website"


def test_every_part_is_named_once_and_depended_on(bill):
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(references) == len(set(references))
    (easel,) = bill["dependencies"]
    assert easel["ref"] == bill["metadata"]["component"]["bom-ref"] and easel["dependsOn"] == references
    for part in bill["components"]:
        assert re.fullmatch(r"pkg:deb/debian/[a-z0-9+.-]+@[^@?]+\?arch=\w+&distro=debian-12", part["purl"])
        assert part["licenses"], part["name"]


def test_every_library_of_the_program_is_in_it(bill):
    versions = {part["name"]: part["version"] for part in bill["components"]}
    for package in ("libc6", "libcurl4", "libgrpc++1.51", "libprotobuf32", "libsqlite3-0", "libssl3", "libboost1.81-dev"):
        assert versions[package] == output_of("dpkg-query", "-W", "-f", "${Version}", package)
    loaded = re.findall(r"=> (/\S+)", output_of("ldd", BIN / "easeld"))
    assert len(loaded) >= len(bill["components"]) / 2


def test_the_same_program_has_the_same_bill(bill):
    assert json.loads(output_of(DEPLOY / "sbom", BIN / "easeld")) == bill


def test_what_is_no_program_is_refused():
    done = subprocess.run([DEPLOY / "sbom", DEPLOY / "runbook.md"], capture_output=True, check=False, timeout=60)
    assert done.returncode != 0
