"""Recording rules and alerts: promtool runs their tests, and each alert leads to its section of the runbook."""
import re
import subprocess

import pytest
import yaml
from shop import DEPLOY, output_of

PROMETHEUS = DEPLOY / "prometheus"
TESTS = sorted((PROMETHEUS / "tests").glob("*_test.yml"))


def load(path):
    return yaml.safe_load(path.read_text())


def alerts():
    return {rule["alert"]: rule for group in load(PROMETHEUS / "alerts.yml")["groups"] for rule in group["rules"]}


def cases():
    """(alert, whether it must fire) of every check in the tests."""
    return {(check["alertname"], bool(check["exp_alerts"])) for path in TESTS for test in load(path)["tests"]
            for check in test["alert_rule_test"]}


def test_promtool_takes_the_configuration_and_its_rules():
    output_of("promtool", "check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_must_and_only_then(path):
    output_of("promtool", "test", "rules", path)


@pytest.mark.parametrize("alert", sorted(alerts()))
def test_every_alert_has_a_case_that_fires_and_one_that_does_not(alert):
    assert {(alert, True), (alert, False)} <= cases()


def test_a_test_that_expects_too_much_fails(tmp_path):
    """So that a green promtool means something."""
    text = TESTS[0].read_text().replace("../", f"{PROMETHEUS}/")
    broken = tmp_path / "broken_test.yml"
    broken.write_text(text.replace("exp_alerts: []", "exp_alerts: [{exp_labels: {job: nobody}}]", 1))
    done = subprocess.run(["promtool", "test", "rules", broken], capture_output=True, timeout=240, check=False)
    assert done.returncode != 0


def test_every_alert_says_how_grave_it_is_and_where_to_read_on():
    sections = {heading.lower() for heading in re.findall(r"^## (.*)$", (DEPLOY / "runbook.md").read_text(), re.MULTILINE)}
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("page", "ticket"), name
        assert rule["annotations"]["runbook"] == f"deploy/runbook.md#{name.lower()}"
        assert {"summary", "description"} <= set(rule["annotations"]), name
    assert sections == {name.lower() for name in alerts()}


def test_the_runbooks_own_links_lead_somewhere():
    text = (DEPLOY / "runbook.md").read_text()
    for target in re.findall(r"\]\(#([^)]*)\)", text):
        assert re.search(rf"^## {target}$", text, re.MULTILINE | re.IGNORECASE), target
    for target in re.findall(r"\]\(([^#)][^)]*)\)", text):
        assert (DEPLOY / target).exists(), target


def test_kubernetes_has_the_same_rules(tmp_path):
    written = tmp_path / "rule.yaml"
    output_of(DEPLOY / "kubernetes" / "update-rules", written)
    assert written.read_text() == (DEPLOY / "kubernetes" / "base" / "prometheus-rule.yaml").read_text(), (
        "run deploy/kubernetes/update-rules")
    groups = load(written)["spec"]["groups"]
    assert groups == load(PROMETHEUS / "recording.yml")["groups"] + load(PROMETHEUS / "alerts.yml")["groups"]
    names = [group["name"] for group in groups]
    assert len(names) == len(set(names)), "the operator puts them into one file, where a name may be used once"
