"""The service in front of its sandbox: trouble on demand ends as the design says, and the ledger agrees with the records."""
import json
import urllib.request

import pytest
from service import charge, read_status, state


@pytest.fixture(scope="module")
def sandbox(shared_workshop):
    return shared_workshop.sandbox(scale="0.001", arguments=["--signed-urls"])


@pytest.fixture(scope="module")
def shared_service(shared_workshop, sandbox):
    return shared_workshop.easeld(sandbox, EASEL_STORE="memory", EASEL_IMAGES="memory")


def make(service, prompt, **more):
    return service.end_of(service.start(prompt, size=(512, 512), **more).name)


@pytest.mark.parametrize("words, reason, charged", [
    ("code=1301 filter=1", "CONTENT_BLOCKED", "NONE"), ("code=1214", "UPSTREAM_REJECTED", "NONE"),
    ("http=502", "OUTCOME_UNKNOWN", "UNKNOWN"), ("drop", "OUTCOME_UNKNOWN", "UNKNOWN"),
    ("drop=after-accept", "OUTCOME_UNKNOWN", "UNKNOWN"), ("fail", "UPSTREAM_DEFECT", "UNKNOWN"),
    ("fail=\"out of memory\"", "UPSTREAM_DEFECT", "UNKNOWN"), ("no-image", "UPSTREAM_DEFECT", "UNKNOWN"),
    ("not-image", "IMAGE_INVALID", "MADE"), ("redirect=http://127.0.0.2:9/x", "IMAGE_UNAVAILABLE", "MADE"),
])
def test_trouble_ends_typed(service, sandbox, words, reason, charged):
    prompt = f"Trouble ahead [[sandbox: {words}]]"
    generation = make(service, prompt)
    assert (read_status(generation.error).reason, charge(generation)) == (reason, charged)
    (entry,) = sandbox.entries(prompt)
    assert entry["charged"] or charged != "MADE"
    assert not entry["charged"] or charged != "NONE"


@pytest.mark.parametrize("words", ["404=2", "code=1200 times=1", "cut times=1", "slow=0.1", "filter=3",
                                   "operation=poll code=1234 times=2", "operation=fetch http=503 times=1", "wrong-size"])
def test_trouble_that_passes_ends_well(service, sandbox, words):
    prompt = f"A little trouble [[sandbox: {words}]]"
    generation = make(service, prompt)
    assert (state(generation), charge(generation)) == ("SUCCEEDED", "MADE")
    assert sum(entry["charged"] for entry in sandbox.entries(prompt)) == 1
    assert bool(generation.image.warnings) == (words == "wrong-size")
    assert [entry.level for entry in generation.content_filter] == ([3] if words == "filter=3" else [])


def test_faults_can_be_ordered_from_outside(service, sandbox):
    request = urllib.request.Request(sandbox.origin + "/sandbox/faults", json.dumps({"code": 1301}).encode())
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60).close()
    assert read_status(make(service, "Ordered").error).reason == "CONTENT_BLOCKED"
    assert state(make(service, "Not ordered")) == "SUCCEEDED"


def test_the_ledger_lies_between_what_is_known_and_what_is_at_risk(service, sandbox):
    generations = service.list(page_size=1000)
    sums = {kind: sum(one.charge.cost_micros for one in generations if charge(one) == kind) for kind in ("MADE", "UNKNOWN")}
    ledger = sandbox.ledger()
    assert sums["MADE"] <= ledger["charged_micros"] <= sums["MADE"] + sums["UNKNOWN"]
    assert ledger["leaked_authorization"] == 0
