"""On what, and of what, the figures are."""
import os
import pathlib
import platform
import subprocess

import gateways
import settings


def _first(path, start):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(start):
            return line.partition(":")[2].strip()
    return ""


def _output(*words):
    try:
        done = subprocess.run(words, cwd=settings.ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout.strip() or done.stderr.strip()).splitlines()[0] if done.stdout or done.stderr else ""


def describe():
    changed = _output("git", "status", "--porcelain", "--untracked-files=no", "--", "service", "proto", "tests/bench")
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(_first("/proc/meminfo", "MemTotal").split()[0]) / 1024 / 1024),
        "kernel": platform.release(),
        "commit": _output("git", "rev-parse", "--short", "HEAD") + (" with changes" if changed else ""),
        "load_before": os.getloadavg()[0],
        "versions": {"node": _output("node", "--version"), "nginx": _output("/usr/sbin/nginx", "-v").rpartition("/")[2],
                     **gateways.versions()},
    }
