"""Who is measured: how each is started in front of an upstream, and how the load generator calls it."""
import dataclasses
import typing

import gateways
import load
import programs
import sampling
import settings
from programs import Program

API = "/api/paas/v4"
SYNC = {"model": "cogview-4-250304", "quality": "standard", "size": "1024x1024"}
ASYNC = {"model": "glm-image", "quality": "hd", "size": "1280x1280"}
MANY = 100_000


def upstream(**flags):
    """The fake Z.AI."""
    words = [word for name, value in flags.items() for word in (f"--{name.replace('_', '-')}", value)]
    return Program("upstream", [settings.BIN / "bench_upstream", "--listen", "127.0.0.1:0", *words])


def origin(up):
    return "http://" + up.addresses["http"]


def easel_environment(up, durable, **more):
    kept = {} if durable else {"EASEL_STORE": "memory", "EASEL_IMAGES": "memory"}
    return {"ZAI_API_KEY": "bench-key", "ZAI_BASE_URL": origin(up) + API, "EASEL_IMAGE_HOSTS": "127.0.0.1",
            "EASEL_UPSTREAM_CONCURRENCY_START": MANY, "EASEL_UPSTREAM_CONCURRENCY_MAX": MANY, "EASEL_QUEUE_MAX": MANY,
            "EASEL_GRPC_LISTEN": "127.0.0.1:0", "EASEL_HTTP_LISTEN": "127.0.0.1:0", "EASEL_GRACE_PERIOD": "1s",
            "EASEL_DATA_DIR": "data", **kept, **more}


def easel(up, durable=False, prefix=(), **more):
    return Program("easel", [settings.BIN / "easeld"], easel_environment(up, durable, **more), prefix=prefix)


def resident(program):
    """In MB."""
    return sampling.usage(program.pid).rss / sampling.MIB


def bridge(up):
    return Program("bridge", [settings.BIN / "bench_bridge", "--listen", "127.0.0.1:0", "--upstream", origin(up) + API])


def raw(**flags):
    """Raw gRPC: nothing behind it."""
    words = [word for name, value in flags.items() for word in (f"--{name.replace('_', '-')}", value)]
    return Program("raw gRPC", [settings.BIN / "bench_raw", "--listen", "127.0.0.1:0", *words])


def node(up):
    return Program("node", ["node", settings.ROOT / "tests/bench/peers/node/server.js", "--proto", settings.ROOT / "proto",
                            "--upstream", origin(up) + API],
                   {"NODE_PATH": settings.PEERS / "node/node_modules", "NODE_ENV": "production"})


def python(up):
    return Program("python", ["/usr/bin/python3", settings.ROOT / "tests/bench/peers/python/server.py",
                              "--upstream", origin(up) + API],
                   {"PYTHONPATH": settings.PEERS / "python", "PYTHONDONTWRITEBYTECODE": "1"})


@dataclasses.dataclass
class Contender:
    """`start` takes the upstream. `http`: path and headers of its HTTP endpoint; None: it speaks gRPC. `told_by_headers`
    gives the contender for an upstream, where the caller says where to go.
    `compiles`: it gets faster for some seconds, and so is warmed up for longer."""
    name: str
    start: typing.Callable
    http: tuple = None
    told_by_headers: typing.Callable = None
    compiles: bool = False

    def measured(self, program, up, **flags):
        """URL delivery: the caller has a result, with the image fetched on the way."""
        if self.http is None:
            return load.measured(program, up, "generate", target=program.addresses["grpc"], **flags)
        path, headers = self.http
        where = program or up
        return load.measured(program, up, "http", url=f"http://{where.addresses['http']}{path}", header=headers, **flags)


_HEADERS = ["authorization: Bearer bench-key", "content-type: application/json"]
BRIDGE = Contender("bare bridge", bridge)
MEMORY = Contender("easel, memory", easel)
DURABLE = Contender("easel, durable", lambda up: easel(up, durable=True))
NODE = Contender("node wrapper", node, compiles=True)
PYTHON = Contender("python wrapper", python)
CURL = Contender("raw curl", lambda up: None, (API + "/images/generations", _HEADERS))
NGINX = Contender("nginx", lambda up: gateways.nginx(up.addresses["http"]), (API + "/images/generations", _HEADERS))


def _portkey_for(up):
    headers = [*_HEADERS, "x-portkey-provider: openai", f"x-portkey-custom-host: {origin(up)}{API}"]
    return dataclasses.replace(PORTKEY, http=("/v1/images/generations", headers))


PORTKEY = Contender("portkey", lambda up: gateways.portkey(), told_by_headers=_portkey_for, compiles=True)
LITELLM = Contender("litellm", lambda up: gateways.litellm(origin(up) + API), ("/v1/images/generations", _HEADERS), compiles=True)


def gateways_of(options):
    """With --peers, those that could be installed; and the names of those that could not."""
    if not options.peers:
        return [], []
    there = [one for one in (PORTKEY, LITELLM) if (settings.PEERS / one.name / "version").exists()]
    return there, [one.name for one in (PORTKEY, LITELLM) if one not in there]


def check_installed():
    for name in ("easeld", "bench_upstream", "bench_bridge", "bench_raw", "bench_load"):
        if not (settings.BIN / name).exists():
            raise FileNotFoundError(f"{settings.BIN / name} is not built; tests/bench/run builds it")
    programs.raise_descriptor_limit()
