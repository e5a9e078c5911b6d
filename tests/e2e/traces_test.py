"""Traces: a caller's trace goes on upstream and into the log, and spans arrive at a collector as OpenTelemetry's own schema has
them."""
import base64
import http.server
import json
import re
import sys
import threading
from pathlib import Path

import pytest
from processes import until
from service import refused, state

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SCHEMA = Path(__file__).parents[2] / "build" / "otlp"


class Collector:
    """Takes what an OTLP/HTTP collector takes."""

    def __init__(self):
        self.bodies, self.headers, self.failures = [], [], 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def handler(self):
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fails, collector.failures = collector.failures > 0, max(0, collector.failures - 1)
                if not fails:
                    collector.headers.append((self.path, dict(self.headers)))
                    collector.bodies.append(json.loads(body))
                self.send_response(503 if fails else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        return Handler

    def spans(self):
        return [span for body in self.bodies for resource in body["resourceSpans"] for scope in resource["scopeSpans"]
                for span in scope["spans"]]

    def wait_for(self, count):
        until(lambda: len(self.spans()) >= count, f"{count} spans have arrived")
        return self.spans()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def collector():
    one = Collector()
    yield one
    one.close()


def test_a_trace_goes_through(workshop, zai, collector):
    service = workshop.easeld(zai, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_HEADERS="api-key=letmein")
    trace = f"00-{TRACE}-{PARENT}-01"
    generation = service.generate("A traced kitten", metadata=[("traceparent", trace)]).generation
    assert state(generation) == "SUCCEEDED"
    spans = collector.wait_for(4)
    assert {span["traceId"] for span in spans} == {TRACE}
    whole, = [span for span in spans if span.get("parentSpanId") == PARENT]
    assert {span["parentSpanId"] for span in spans if span is not whole} == {whole["spanId"]}
    assert sorted(span["name"] for span in spans if span is not whole) == ["attempt", "fetch", "queue"]
    assert all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in spans)

    attempt, = [span for span in spans if span["name"] == "attempt"]
    sent, = [request.headers["traceparent"] for request in zai.submissions_of("A traced kitten")]
    assert sent == f"00-{TRACE}-{attempt['spanId']}-01"
    assert f'"traceparent":"{trace}"' in service.log()
    path, headers = collector.headers[0]
    assert (path, headers["Content-Type"], headers["api-key"]) == ("/v1/traces", "application/json", "letmein")
    assert "letmein" not in service.log() and "kitten" not in json.dumps(collector.bodies)


def test_the_last_spans_are_sent_at_the_end_and_a_refusal_is_tried_again(workshop, zai, collector):
    service = workshop.easeld(zai, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    collector.failures = 1
    service.generate("Ends with the service")
    service.stop()
    assert len(collector.spans()) == 4


def test_a_lost_collector_costs_nothing_but_its_spans(workshop, zai, collector):
    service = workshop.easeld(zai, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert state(service.generate("Without a collector").generation) == "SUCCEEDED"
    until(lambda: "spans lost" in service.log(), "the loss is said")


def test_what_is_not_sampled_is_not_sent(workshop, zai, collector):
    service = workshop.easeld(zai, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    service.generate("Not sampled", metadata=[("traceparent", f"00-{TRACE}-{PARENT}-00")])
    service.generate("Without a trace")
    spans = collector.wait_for(4)
    assert TRACE not in {span["traceId"] for span in spans}


def test_spans_are_what_the_published_schema_says(workshop, zai, collector):
    sys.path.insert(0, str(SCHEMA))
    trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2",
                                        reason="tests/run installs OpenTelemetry's schema")
    from google.protobuf import json_format

    service = workshop.easeld(zai, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    service.generate("By the schema")
    refused(service.generate, "Refused by the schema", size=(1, 1))
    collector.wait_for(4)
    for body in collector.bodies:
        # OTLP writes ids in hexadecimal where protobuf's own mapping has base64; all else is the same, and unknown fields are errors.
        text = re.sub(r'"((?:trace|span|parentSpan)Id)": "([0-9a-f]+)"',
                      lambda m: f'"{m[1]}": "{base64.b64encode(bytes.fromhex(m[2])).decode()}"', json.dumps(body))
        request = json_format.Parse(text, trace_service.ExportTraceServiceRequest())
        for span in request.resource_spans[0].scope_spans[0].spans:
            assert (len(span.trace_id), len(span.span_id)) == (16, 8) and span.name
