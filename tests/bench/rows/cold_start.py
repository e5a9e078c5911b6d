"""Row 10: from nothing to SERVING, what it takes when idle, and how large it is."""
import subprocess
import time

import contenders as who
import figures
import grpc
import settings
from rounds import Rounds

TITLE = "Cold start to SERVING, and idle"
SERVING = b"\x08\x01"  # grpc.health.v1.HealthCheckResponse
IDLE = 0.5  # seconds after which it has settled


def run(tools):
    result = figures.Result(10, TITLE)
    rounds = Rounds(result)
    rounds.run(tools.options.few(10, 3), ["durable", "memory"], lambda name: _measure(name == "durable"))
    rounds.show("ready_ms", "serving_ms", "idle_mb", "threads")
    result.goal("durable (the default): start to SERVING", rounds.values("durable", "serving_ms"), 150, unit=" ms")
    result.goal("durable (the default): RSS when idle", rounds.values("durable", "idle_mb"), 40, unit=" MB")
    result.goal("stripped binary", [_stripped_mb()], unit=" MB")
    result.notes.append("Cold: a new process with an empty data directory; the binary is in the page cache.")
    return [result]


def _measure(durable):
    with who.upstream() as up, who.easel(up, durable=durable) as program:
        with grpc.insecure_channel(program.addresses["grpc"], [("grpc.enable_http_proxy", 0)]) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)
            reply = check(b"", timeout=10)
            serving = time.monotonic() - program.began
            if reply != SERVING:
                raise RuntimeError("the ready file is there, and it does not serve")
        time.sleep(IDLE)
        usage = who.sampling.usage(program.pid)
        return {"ready_ms": 1000 * program.started, "serving_ms": 1000 * serving, "idle_mb": usage.rss / who.sampling.MIB,
                "threads": usage.threads}


def _stripped_mb():
    stripped = settings.SCRATCH / "easeld-stripped"
    subprocess.run(["strip", "-o", str(stripped), str(settings.BIN / "easeld")], check=True)
    size = stripped.stat().st_size / 1e6
    stripped.unlink()
    return size
