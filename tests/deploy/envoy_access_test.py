"""A real Envoy with what tls.yaml adds: TLS on both sides, and callers' keys that Easel looks at."""
import shutil

import grpc
import pytest
from callers import KEYS, As, caller, write_config
from front import Front
from pki import Authority
from service import refused, spec


@pytest.fixture(scope="module")
def front(shop):
    authority = Authority(shop.directory)
    authority.sign("tls", "/CN=easel", "DNS:easel,IP:127.0.0.1")
    certificates = shop.directory / "tls"
    certificates.mkdir()
    for file, name in (("tls.pem", "tls.crt"), ("tls.key", "tls.key"), ("authority.pem", "easel-ca.crt")):
        shutil.copy(authority.directory / file, certificates / name)
    config = write_config(shop.directory, [caller("ada"), caller("bob")], grpc={
        "tls_cert_file": str(certificates / "tls.crt"), "tls_key_file": str(certificates / "tls.key")})
    return Front(shop, [shop.easeld(arguments=["--config", config])], certificates)


def as_json(front, method, request, name=None):
    return front.json(method, request, **({"Authorization": f"Bearer {KEYS[name]}"} if name else {}))


def test_a_key_lets_a_caller_in_and_nobody_else(front):
    request = {"spec": {"prompt": "Behind two doors", "size": {"width": 512, "height": 512}}}
    status, made = as_json(front, "GenerateImage", request, "ada")
    assert (status, made["generation"]["state"]) == (200, "GENERATION_STATE_SUCCEEDED")
    status, told = as_json(front, "GenerateImage", request)
    assert (status, told["code"]) == (401, 16)
    assert front.json("GenerateImage", request, Authorization="Bearer wrong")[0] == 401


def test_grpc_passes_with_its_metadata(front):
    trusted = grpc.ssl_channel_credentials((front.certificates / "easel-ca.crt").read_bytes())
    with grpc.secure_channel(front.address, trusted, [("grpc.enable_http_proxy", 0)]) as channel:
        ada, bob = (As(front.services[0], KEYS[name], channel) for name in ("ada", "bob"))
        name = ada.start(spec("Ada's", size=(512, 512))).name
        assert ada.get(name).name == name
        assert refused(bob.get, name).code == "NOT_FOUND"


def test_there_is_no_way_without_tls(front):
    for address in (front.address, front.services[0].address):
        with grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)]) as channel:
            assert refused(As(front.services[0], KEYS["ada"], channel).models).code == "UNAVAILABLE"
