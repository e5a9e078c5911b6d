"""A real Prometheus scrapes the service and answers what a dashboard asks."""
import json
import socket
import subprocess
import urllib.parse

import pytest
from processes import until
from service import HD, STANDARD, http_get, together

# A scrape that takes longer than its limit takes all series away until the next one.
CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: easel
    static_configs: [{targets: ["%s"]}]
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ready(origin):
    try:
        return http_get(origin + "/-/ready").status == 200
    except OSError:
        return False


@pytest.fixture
def prometheus(workshop):
    """Starts one in front of a service. It cannot choose a free port itself, so another process may be quicker: again then."""
    running = []

    def start(service):
        config = workshop.directory / "prometheus.yml"
        config.write_text(CONFIG % service.http.removeprefix("http://"))
        for _ in range(5):
            address = f"127.0.0.1:{free_port()}"
            with open(workshop.directory / "prometheus.stderr", "wb") as log:
                process = subprocess.Popen(
                    ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={workshop.directory / 'tsdb'}",
                     f"--web.listen-address={address}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            running.append(process)
            until(lambda: process.poll() is not None or ready("http://" + address), "prometheus")
            if process.poll() is None:
                return "http://" + address
        raise AssertionError((workshop.directory / "prometheus.stderr").read_text())

    yield start
    for process in running:
        process.terminate()
        process.wait(60)


def ask(origin, query):
    answer = http_get(f"{origin}/api/v1/query?" + urllib.parse.urlencode({"query": query}))
    return json.loads(answer.body)["data"]["result"]


def by_quality(origin, query):
    """The values, as soon as there is one of each quality."""
    def look():
        found = {one["metric"]["quality"]: one["value"][1] for one in ask(origin, query)}
        return found if set(found) == {"hd", "standard"} else None

    return until(look, query)


def test_prometheus_answers_a_p95_by_quality(workshop, zai, prometheus):
    service = workshop.easeld(zai)
    origin = prometheus(service)
    until(lambda: [one["value"][1] for one in ask(origin, 'up{job="easel"}')] == ["1"], "a scrape")
    together(6, lambda number: service.generate(f"Scraped {number}", quality=HD if number % 2 else STANDARD))
    count = 'sum by (quality) (easel_generation_duration_seconds_count{outcome="succeeded"})'
    until(lambda: by_quality(origin, count) == {"hd": "3", "standard": "3"}, "the counts")
    p95 = "histogram_quantile(0.95, sum by (le, quality) (easel_generation_duration_seconds_bucket))"
    assert all(0 < float(seconds) <= 300 for seconds in by_quality(origin, p95).values())
    rate = "histogram_quantile(0.95, sum by (le, quality) (rate(easel_generation_duration_seconds_bucket[5m])))"
    assert by_quality(origin, rate)
