"""A real Envoy with the shipped configuration, and the easelds behind it."""
import json
import ssl
import urllib.error
import urllib.request

import yaml
from processes import PATIENCE, until
from service import http_get
from shop import DEPLOY, output_of

METHOD = "/easel.v1.ImageService/"


def endpoints(addresses):
    return [{"endpoint": {"address": {"socket_address": dict(zip(("address", "port_value"), (host, int(port))))}}}
            for host, port in (address.rsplit(":", 1) for address in addresses)]


def secure(config, certificates):
    """Puts in what tls.yaml says, with the files of `certificates` in place of /etc/envoy/tls."""
    text = (DEPLOY / "envoy" / "tls.yaml").read_text().replace("/etc/envoy/tls", str(certificates))
    pieces, resources = yaml.safe_load(text), config["static_resources"]
    resources["listeners"][0]["filter_chains"][0] |= pieces["listener"]
    (easel,) = [cluster for cluster in resources["clusters"] if cluster["name"] == "easel"]
    easel |= pieces["cluster"]


def shipped(directory, services, certificates=None):
    """envoy.yaml on free ports, with these services in place of a name for DNS."""
    config = yaml.safe_load((DEPLOY / "envoy" / "envoy.yaml").read_text())
    config["admin"]["address"]["socket_address"]["port_value"] = 0
    listener = config["static_resources"]["listeners"][0]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
    for cluster, addresses in zip(config["static_resources"]["clusters"],
                                  ([one.address for one in services], [one.http.removeprefix("http://") for one in services])):
        cluster["type"] = "STATIC"
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = endpoints(addresses)
        cluster["health_checks"][0] |= {"interval": "0.2s", "no_traffic_interval": "0.2s"}
    if certificates:
        secure(config, certificates)
    (directory / "envoy.yaml").write_text(yaml.safe_dump(config))
    output_of(DEPLOY / "envoy" / "make-descriptors", directory / "easel.pb")
    return directory / "envoy.yaml"


class Front:
    """An Envoy and the easelds behind it; with TLS on both sides where there are `certificates`, a directory."""

    def __init__(self, shop, services, certificates=None):
        self.services, self.certificates = services, certificates
        self.address, self.admin = shop.envoy(shipped(shop.directory, services, certificates))
        self.origin = ("https://" if certificates else "http://") + self.address
        trusted = ssl.create_default_context(cafile=certificates / "easel-ca.crt") if certificates else None
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))
        until(lambda: self.healthy() == len(services), "healthy replicas")

    def healthy(self):
        state = json.loads(http_get(f"http://{self.admin}/clusters?format=json").body)
        (cluster,) = [one for one in state["cluster_statuses"] if one["name"] == "easel"]
        return sum(one["health_status"] == {"eds_health_status": "HEALTHY"} for one in cluster["host_statuses"])

    def post(self, path, body, **headers):
        """The status, the headers and the body of the answer."""
        request = urllib.request.Request(self.origin + path, data=body, headers={
            "Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}})
        try:
            with self.opener.open(request, timeout=PATIENCE) as reply:
                return reply.status, dict(reply.headers), reply.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def json(self, method, request, **headers):
        status, _, body = self.post(METHOD + method, json.dumps(request).encode(), **headers)
        return status, json.loads(body)
