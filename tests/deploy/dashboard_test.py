"""The dashboard and the alerts against what a real easeld exports, through a real Prometheus."""
import json
import re
import urllib.parse

import pytest
import yaml
from processes import until
from service import HD, STANDARD, http_get, refused
from shop import DEPLOY

DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "easel.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
RUNBOOK = (DEPLOY / "runbook.md").read_text()
ADVISED = [line for block in re.findall(r"^```\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
ADVISED += re.findall(r"`((?:sum|topk)[^`]*)`", RUNBOOK)
# Only of callers that have limits and exceeded one.
MAY_BE_EMPTY = ("easel_caller_limit_exceeded_total",)
# What it says of a slow machine is true.
MAY_WAIT_TO_FIRE = ("EaselOverheadHigh",)
VARIABLES = {"$instance": ".*", "$__rate_interval": "30m", "$__range": "30m"}

CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [recording.yml, alerts.yml]
scrape_configs:
  - job_name: easel
    static_configs: [{targets: ["%s"]}]
"""


def expand(query):
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    assert "$" not in query, f"a variable that this test does not know: {query}"
    return query


class Prometheus:
    def __init__(self, origin):
        self.origin = origin

    def get(self, path, **parameters):
        answer = json.loads(http_get(f"{self.origin}/api/v1/{path}?" + urllib.parse.urlencode(parameters)).body)
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        return answer["data"]

    def ask(self, query):
        return self.get("query", query=query)["result"]

    def number(self, query):
        """The value of the only series, as text; empty while there is none."""
        found = self.ask(query)
        return found[0]["value"][1] if len(found) == 1 else ""

    def rules(self):
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def alerting(self):
        """The names of alerts that fire, or wait to."""
        return [rule["name"] for rule in self.rules() if rule["type"] == "alerting" for alert in rule["alerts"]
                if alert["state"] == "firing" or rule["name"] not in MAY_WAIT_TO_FIRE]


@pytest.fixture(scope="module")
def service(shop):
    """It has made images of both models and both qualities, and met refusals."""
    return shop.easeld()


@pytest.fixture(scope="module")
def prometheus(shop, service):
    config = shop.directory / "prometheus.yml"
    config.write_text(CONFIG % service.http.removeprefix("http://"))
    for name in ("recording.yml", "alerts.yml"):
        text = (DEPLOY / "prometheus" / name).read_text()
        (shop.directory / name).write_text(text.replace("interval: 1m", "interval: 1s"))
    started = Prometheus(shop.prometheus(config))
    # Counters have to be seen before they move.
    until(lambda: started.ask("easel_build_info"), "a scrape")
    work(service)
    return started


def work(service):
    small = {"size": (512, 512)}
    made = service.generate("A kitten", quality=HD, metadata=[("easel-caller", "shop")], **small).generation
    service.generate("A kitten", quality=STANDARD, **small)
    service.generate("A kitten", model="cogview-4-250304", quality=STANDARD, **small)
    assert len(b"".join(chunk.data for chunk in service.read_image(service.generate("Read", **small).generation.name))) > 0
    assert made.charge.cost_micros == 15000
    refused(service.generate, "[[sandbox: code=1301]] blocked", **small)
    refused(service.get, "generations/none")


@pytest.mark.parametrize("title, query", QUERIES, ids=lambda value: value[:60])
def test_every_query_of_the_dashboard_has_an_answer(prometheus, title, query):
    if any(metric in query for metric in MAY_BE_EMPTY):
        prometheus.ask(expand(query))
        return
    until(lambda: prometheus.ask(expand(query)), f"data for '{title}': {expand(query)}")


def test_the_numbers_are_those_of_what_was_done(prometheus, service):
    # Each is waited for: a scrape may come in the middle of the work, or fail on a busy machine.
    until(lambda: prometheus.number('sum(easel_generation_duration_seconds_count{outcome="succeeded"})') == "4", "the counts")
    until(lambda: prometheus.number("sum(easel_charge_micros_total)") == "55000", "the charges")
    failures = until(lambda: prometheus.ask("easel_generation_failures_total > 0"), "the failure")
    assert {one["metric"]["reason"]: one["value"][1] for one in failures} == {"CONTENT_BLOCKED": "1"}


def test_every_rule_is_evaluated_and_a_healthy_service_alerts_nobody(prometheus):
    rules = until(lambda: all(rule["health"] == "ok" for rule in prometheus.rules()) and prometheus.rules(), "the rules")
    shipped = [rule for name in ("recording.yml", "alerts.yml")
               for group in yaml.safe_load((DEPLOY / "prometheus" / name).read_text())["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == {rule.get("alert") or rule["record"] for rule in shipped}
    # A scrape that failed on a busy machine makes one wait to fire until the next.
    until(lambda: not prometheus.alerting(), "nobody to be alerted")


def test_every_metric_that_is_asked_for_is_exported_or_recorded(prometheus, service):
    exported = set(re.findall(r"^([a-z_]+)[{ ]", service.metrics(), re.MULTILINE))
    rules = prometheus.rules()
    known = exported | {rule["name"] for rule in rules} | {"up", *MAY_BE_EMPTY}
    asked = [expand(query) for _, query in QUERIES] + [rule["query"] for rule in rules] + ADVISED
    for query in asked:
        bare = re.sub(r'"[^"]*"', '""', query)
        for name in re.findall(r"\b(?:easel|grpc_server)[a-zA-Z0-9_:]*\b(?=\s*[{\[)]|\s|$)", bare):
            assert name in known, f"{name} in {query}"


@pytest.mark.parametrize("query", ADVISED)
def test_every_query_of_the_runbook_is_understood(prometheus, query):
    prometheus.ask(query)


def test_the_panels_lie_beside_each_other():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_the_panels_ask_the_datasource_of_the_dashboard():
    for panel in PANELS:
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        assert panel["title"] and all(target["refId"] for target in panel["targets"])
