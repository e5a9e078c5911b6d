"""What a caller may take: at once, in a minute, in money a day; enforced or only counted."""
import signal

import pytest
from callers import KEYS, As, caller, until_reloaded, write_config
from fake_zai import Hold, error
from service import api, refused, spec


def begin(workshop, zai, callers, **more):
    return workshop.easeld(zai, arguments=["--config", write_config(workshop.directory, callers)], **more)


def refuse(ada, prompt, request_id=""):
    request = api.StartGenerationRequest(spec=spec(prompt), request_id=request_id)
    return refused(ada.images.StartGeneration, request, metadata=ada.metadata, timeout=60)


def exceeded(service, limit, mode="enforced"):
    return service.sample("easel_caller_limit_exceeded_total", caller="ada", limit=limit, mode=mode)


def test_no_more_at_once_than_allowed(workshop, zai):
    service = begin(workshop, zai, [caller("ada", max_in_flight=1), caller("bob")])
    ada, bob = As(service, KEYS["ada"]), As(service, KEYS["bob"])
    held = Hold()
    zai.script("Held", poll=[held])
    first = ada.start(spec("Held"), "held-1")
    told = refuse(ada, "One too many")
    assert (told.code, told.reason, told.metadata["limit"]) == ("RESOURCE_EXHAUSTED", "CALLER_LIMIT", "in_flight")
    assert told.retry_seconds > 0 and told.metadata["charge_state"] == "NONE"
    assert ada.start(spec("Held"), "held-1").name == first.name, "an id that is known is never refused"
    assert bob.end_of(bob.start(spec("Somebody else's")).name).image.url
    held.release()
    ada.end_of(first.name)
    assert ada.end_of(ada.start(spec("Now there is room")).name).image.url
    assert zai.charged("One too many") == 0
    assert exceeded(service, "in_flight") == 1


def test_whoever_sees_the_end_may_begin_the_next(workshop, zai):
    service = begin(workshop, zai, [caller("ada", max_in_flight=1)])
    ada = As(service, KEYS["ada"])
    for number in range(30):
        request = api.GenerateImageRequest(spec=spec(f"Number {number}"))
        ada.images.GenerateImage(request, metadata=ada.metadata, timeout=60)


def test_no_more_in_a_minute_than_allowed(workshop, zai):
    service = begin(workshop, zai, [caller("ada", starts_per_minute=1, burst=2)])
    ada = As(service, KEYS["ada"])
    for number in (1, 1, 2, 1):
        ada.start(spec(f"Start {number}"), f"start-{number}")
    told = refuse(ada, "Start 3", "start-3")
    assert (told.reason, told.metadata["limit"]) == ("CALLER_LIMIT", "starts")
    assert 0 < told.retry_seconds <= 60
    assert refused(ada.images.GetGeneration, api.GetGenerationRequest(name="generations/none"), metadata=ada.metadata,
                   timeout=60).code == "NOT_FOUND"
    listed = ada.images.ListGenerations(api.ListGenerationsRequest(request_id="start-3"), metadata=ada.metadata, timeout=60)
    assert not listed.generations, "a refusal leaves no record"


BUDGET = {"daily_budgets": [{"currency": "USD", "cost_micros": 30000}]}


def test_no_more_money_a_day_than_allowed_and_a_restart_knows(workshop, zai):
    service = begin(workshop, zai, [caller("ada", **BUDGET)])
    ada = As(service, KEYS["ada"])
    ada.end_of(ada.start(spec("First")).name)
    ada.end_of(ada.start(spec("Second"), "second").name)
    told = refuse(ada, "Third")
    assert (told.code, told.reason, told.metadata["limit"]) == ("RESOURCE_EXHAUSTED", "CALLER_BUDGET", "daily_budget")
    assert told.retry_seconds is None and told.metadata["reset_time"].endswith("T00:00:00Z")
    service.kill()
    again = begin(workshop, zai, [caller("ada", **BUDGET)])
    ada = As(again, KEYS["ada"])
    assert refuse(ada, "Third").reason == "CALLER_BUDGET"
    assert ada.end_of(ada.start(spec("Second"), "second").name).image.url
    # More money, without a restart.
    more = {"daily_budgets": [{"currency": "USD", "cost_micros": 45000}]}
    write_config(workshop.directory, [caller("ada", **more)])
    again.signal(signal.SIGHUP)
    until_reloaded(again, "applied")
    assert ada.end_of(ada.start(spec("Third")).name).image.url
    assert refuse(ada, "Fourth").reason == "CALLER_BUDGET"
    assert zai.charged("Fourth") == 0


def test_what_cost_nothing_is_not_spent(workshop, zai):
    service = begin(workshop, zai, [caller("ada", daily_budgets=[{"currency": "USD", "cost_micros": 15000}])])
    ada = As(service, KEYS["ada"])
    zai.script("Blocked", submit=[error(400, "1301")])
    ada.end_of(ada.start(spec("Blocked")).name)
    assert ada.end_of(ada.start(spec("Fine")).name).image.url
    assert refuse(ada, "Another").reason == "CALLER_BUDGET"


@pytest.mark.parametrize("limits, limit", [({"max_in_flight": 1}, "in_flight"), ({"starts_per_minute": 1}, "starts"),
                                           ({"daily_budgets": [{"currency": "USD", "cost_micros": 15000}]}, "daily_budget")])
def test_a_shadow_counts_and_lets_in(workshop, zai, limits, limit):
    service = begin(workshop, zai, [caller("ada", shadow=True, **limits)])
    ada = As(service, KEYS["ada"])
    assert exceeded(service, limit, "shadow") == 0
    held = Hold()
    zai.script("Held", poll=[held])
    first = ada.start(spec("Held")).name
    second = ada.start(spec("In the shadow")).name
    held.release()
    assert ada.end_of(first).image.url and ada.end_of(second).image.url
    assert exceeded(service, limit, "shadow") == 1
