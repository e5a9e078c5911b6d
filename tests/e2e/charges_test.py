"""Money: what records, errors, metrics and the upstream's own ledger say of it agrees."""
import json
import re

import grpc
import pytest
from service import charge, read_status, refusal_of, refused, state, together

MODELS = [("glm-image", 15000), ("cogview-4-250304", 10000)]
TROUBLE = ["", "", "", "code=1301", "code=1214", "code=1302 times=1", "http=502", "drop", "drop=after-accept", "fail", "no-image",
           "not-image", "redirect=http://127.0.0.2:9/x", "code=1200 times=1", "wrong-size"]
# A task that fails costs perhaps; a synchronous call that does costs nothing and is tried for as long as may be.
WORKS = [(words, model) for model, _ in MODELS for words in TROUBLE if (words, model) != ("fail", "cogview-4-250304")]


def total(service, name, **labels):
    """The sum over all series of this name with these labels."""
    found = 0
    for line in service.metrics().splitlines():
        series = re.fullmatch(re.escape(name) + r"(?:\{(.*)\})? (\S+)", line)
        if series and labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', series[1] or "")).items():
            found += float(series[2])
    return found


def charges(generations, kind):
    return [attempt.charge.cost_micros for one in generations for attempt in one.attempts if charge(attempt) == kind]


def make(service, words, number, model):
    prompt = f"Picture {number}" + (f" [[sandbox: {words}]]" if words else "")
    return service.start(prompt, model=model, size=(512, 512), request_id=f"{model}-{number}")


def agree(service, sandbox):
    """Records and ledger; returns the records."""
    generations = service.list(page_size=1000)
    made, unknown = sum(charges(generations, "MADE")), sum(charges(generations, "UNKNOWN"))
    by_record = {kind: sum(one.charge.cost_micros for one in generations if charge(one) == kind) for kind in ("MADE", "UNKNOWN")}
    ledger = sandbox.ledger()["charged_micros"]
    assert made <= ledger <= made + unknown
    assert by_record["MADE"] <= ledger <= by_record["MADE"] + by_record["UNKNOWN"]
    return generations


def test_without_trouble_the_sums_are_equal(workshop):
    sandbox = workshop.sandbox(scale="0.001")
    service = workshop.easeld(sandbox, EASEL_UPSTREAM_CONCURRENCY_START=4)
    names = together(8, lambda number: make(service, "", number, MODELS[number % 2][0]).name)
    assert {state(service.end_of(name)) for name in names} == {"SUCCEEDED"}
    generations = agree(service, sandbox)
    assert sum(charges(generations, "MADE")) == sandbox.ledger()["charged_micros"] == 4 * 15000 + 4 * 10000
    for model, price in MODELS:
        assert total(service, "easel_charge_micros_total", model=model) == 4 * price
    assert total(service, "easel_caller_charge_micros_total", caller="default", currency="USD") == 100000
    assert total(service, "easel_unknown_charges_total") == total(service, "easel_orphaned_images_total") == 0


def test_with_all_kinds_of_trouble_the_ledger_lies_in_between_and_the_metrics_say_the_same(workshop):
    sandbox = workshop.sandbox(scale="0.001")
    service = workshop.easeld(sandbox, EASEL_UPSTREAM_CONCURRENCY_START=4)
    names = together(len(WORKS), lambda number: make(service, WORKS[number][0], number, WORKS[number][1]).name)
    for name in names:
        service.end_of(name)
    generations = agree(service, sandbox)
    assert len(generations) == len(WORKS)
    assert total(service, "easel_charge_micros_total") == sum(charges(generations, "MADE"))
    assert total(service, "easel_caller_charge_micros_total") == sum(charges(generations, "MADE"))
    assert total(service, "easel_unknown_charges_total") == len(charges(generations, "UNKNOWN")) > 0
    orphaned = [one for one in generations if not one.HasField("image") and charges([one], "MADE")]
    assert total(service, "easel_orphaned_images_total") == len(orphaned) >= 2
    for one in generations:
        if not one.HasField("error"):
            continue
        told = read_status(one.error)
        assert (told.metadata["charge_state"], told.metadata["cost_micros"]) == (charge(one), str(one.charge.cost_micros))
        if charge(one) == "NONE":
            continue  # repeating it would start it again
        again = refused(service.generate, one.spec.prompt, model=one.spec.model, size=(512, 512), request_id=one.request_id)
        assert again.metadata == told.metadata


def test_after_a_crash_the_records_still_agree_and_the_metrics_begin_again(workshop):
    sandbox = workshop.sandbox(scale="0.001")
    service = workshop.easeld(sandbox, EASEL_UPSTREAM_CONCURRENCY_START=4)
    names = []

    def start(number):
        try:
            names.append(make(service, WORKS[number][0], number, WORKS[number][1]).name)
        except grpc.RpcError as error:
            assert refusal_of(error).code in ("UNAVAILABLE", "CANCELLED")
            return
        if number == 7:
            service.kill()

    together(len(WORKS), start)
    assert not service.running()
    service = workshop.easeld(sandbox, EASEL_UPSTREAM_CONCURRENCY_START=4)
    before = service.list(page_size=1000)
    assert set(names) <= {one.name for one in before}
    for one in before:
        service.end_of(one.name)
    generations = agree(service, sandbox)
    assert total(service, "easel_charge_micros_total") <= sum(charges(generations, "MADE"))
    for number, (words, model) in enumerate(WORKS):  # whatever had not arrived, and what may start again
        make(service, words, number, model)
    for one in service.list(page_size=1000):
        service.end_of(one.name)
    assert len(agree(service, sandbox)) == len(WORKS)


def test_prices_can_be_overridden(workshop):
    sandbox = workshop.sandbox(scale="0.001")
    config = workshop.directory / "prices.yaml"
    price = {"model": "glm-image", "quality": "hd", "cost_micros": 77, "currency": "EUR"}
    config.write_text(json.dumps({"upstream": {"prices": [price]}}))
    service = workshop.easeld(sandbox, arguments=["--config", config])
    made = service.generate("Cheap", size=(512, 512), quality=1).generation
    assert (made.charge.cost_micros, made.charge.currency) == (77, "EUR")
    assert total(service, "easel_charge_micros_total", currency="EUR") == 77


@pytest.mark.parametrize("what", ["invalid", "conflict", "full"])
def test_what_is_refused_says_that_it_cost_nothing(workshop, what):
    sandbox = workshop.sandbox(scale="0.001" if what == "conflict" else "10")
    service = workshop.easeld(sandbox, EASEL_QUEUE_MAX=1, EASEL_UPSTREAM_CONCURRENCY_START=1, EASEL_UPSTREAM_CONCURRENCY_MAX=1,
                              EASEL_GRACE_PERIOD="0s")
    if what == "invalid":
        told = refused(service.generate, "")
    elif what == "conflict":
        refused(service.generate, "One thing [[sandbox: code=1301]]", request_id="a")
        told = refused(service.generate, "Another", request_id="a")
    else:
        service.reach(service.start("First").name, "RENDERING")
        service.start("Second")
        told = refused(service.generate, "Third")
        assert told.reason == "QUEUE_FULL"
    assert (told.metadata["charge_state"], told.metadata["cost_micros"]) == ("NONE", "0")
