"""The arrows between the folders of service/ point inward: what each may include is here, and nothing else passes."""

import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Which other folders of service/ a folder may include; app, the composition root, may include them all.
ARROWS = {
    "imaging": set(),
    "generation": {"imaging"},
    "storage": {"generation", "imaging"},
    "upstream": {"generation", "imaging"},
    "telemetry": {"generation", "imaging"},
    "rpc": {"generation", "imaging"},
    "http": {"generation"},
    "sandbox": {"http"},
    "app": {"imaging", "generation", "storage", "upstream", "telemetry", "rpc", "http", "sandbox"},
}

# Of http, the sandbox takes the bare server alone: it is a stand-in for somebody else's service.
BARE_HTTP = {"http/http_server.h", "http/request.h", "http/responder.h"}

# Of upstream, the storage takes the port of its HTTP layer: S3 is spoken over the same client.
HTTP_CLIENT = {"upstream/http/http_client.h", "upstream/http/http_clients.h"}

# What stands for a library, and the folders that may know it.
LIBRARIES = {
    "gRPC": (r"grpc(pp)?/|.*\.grpc\.pb\.h$", {"rpc"}),
    "curl": (r"curl/", {"upstream"}),
    "SQL": (r"sqlite3\.h|libpq|postgresql/", {"storage"}),
    "Prometheus": (r"prometheus/", {"telemetry"}),
    "YAML": (r"yaml-cpp/", {"app"}),
    "Beast": (r"boost/beast", {"http"}),
    "JSON": (r"boost/json|nlohmann/|google/protobuf/util/json_util\.h", set(ARROWS) - {"generation", "imaging"}),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def wrong_with(folder, include):
    """Why a file of this folder may not include this header, or nothing."""
    other = include.split("/")[0]
    if folder == "storage" and include in HTTP_CLIENT:
        return None
    if other in ARROWS and other != folder and other not in ARROWS[folder]:
        return f"{folder} must not know {other}"
    if folder == "sandbox" and other == "http" and include not in BARE_HTTP:
        return f"sandbox may include of http only {', '.join(sorted(BARE_HTTP))}"
    for library, (pattern, homes) in LIBRARIES.items():
        if re.match(pattern, include) and folder not in homes:
            return f"{library} belongs to {', '.join(sorted(homes))}"
    return None


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in {".h", ".cc"})


def violations(service):
    """One line for each forbidden include below a tree that looks like service/."""
    found = []
    for folder in sorted(path for path in service.iterdir() if path.is_dir()):
        if folder.name not in ARROWS:
            found.append(f"{folder.name}: no rule says what this folder may include")
            continue
        for path in sources(folder):
            for include in INCLUDE.findall(path.read_text(encoding="utf-8")):
                if reason := wrong_with(folder.name, include):
                    found.append(f"{path.relative_to(service)}: {include}: {reason}")
    return found


class LayeringTest(unittest.TestCase):
    def test_arrows_point_inward(self):
        self.assertEqual(violations(ROOT / "service"), [])

    def test_the_client_knows_the_contract_alone(self):
        found = [
            f"{path.relative_to(ROOT)}: {include}"
            for path in sources(ROOT / "client")
            for include in INCLUDE.findall(path.read_text(encoding="utf-8"))
            if include.split("/")[0] in ARROWS or include.startswith("service/")
        ]
        self.assertEqual(found, [])

    def test_there_is_something_to_read(self):
        self.assertGreater(len(sources(ROOT / "service" / "generation")), 0)


class SelfTest(unittest.TestCase):
    def violations_of(self, path, text):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / path
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
            return violations(pathlib.Path(directory))

    def test_sees_an_arrow_outward(self):
        self.assertEqual(
            self.violations_of("generation/ports/x.h", '#include "rpc/status.h"\n'),
            ["generation/ports/x.h: rpc/status.h: generation must not know rpc"],
        )

    def test_sees_a_library_in_the_domain(self):
        for header in ("<grpcpp/grpcpp.h>", '"easel/v1/image_service.grpc.pb.h"', "<curl/curl.h>", "<sqlite3.h>",
                       "<libpq-fe.h>", "<boost/json.hpp>", '"google/protobuf/util/json_util.h"',
                       "<prometheus/counter.h>"):
            self.assertEqual(len(self.violations_of("generation/x.cc", f"  #  include {header}\n")), 1, header)

    def test_sees_more_of_http_than_the_server_in_the_sandbox(self):
        self.assertEqual(self.violations_of("sandbox/x.cc", '#include "http/http_server.h"\n'), [])
        self.assertEqual(len(self.violations_of("sandbox/x.cc", '#include "http/endpoints.h"\n')), 1)

    def test_sees_a_leaf_that_looks_up(self):
        self.assertEqual(len(self.violations_of("imaging/x.cc", '#include "generation/error.h"\n')), 1)

    def test_sees_that_nothing_includes_the_root(self):
        self.assertEqual(len(self.violations_of("rpc/x.cc", '#include "app/config.h"\n')), 1)

    def test_sees_a_folder_without_a_rule(self):
        self.assertEqual(len(self.violations_of("utils/x.cc", "")), 1)

    def test_takes_what_is_allowed(self):
        allowed = '#include <string>\n#include "generation/error.h"\n#include "easel/v1/image.pb.h"\n'
        self.assertEqual(self.violations_of("storage/x.cc", allowed), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
