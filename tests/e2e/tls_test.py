"""TLS with real certificates: client certificates that stand for callers, and certificates that change while it runs."""
import socket
import ssl
import subprocess

import grpc
import pytest
from callers import KEYS, As, bearer, caller, until_reloaded, write_config
from pki import Authority
from processes import BIN, clean_environment
from service import api, api_grpc, refused, spec

PROXY = ("grpc.enable_http_proxy", 0)
ALONE = ("grpc.use_local_subchannel_pool", 1)  # a connection of its own


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("pki"))
    made.sign("server", "/CN=easel", "IP:127.0.0.1")
    made.sign("posters", "/CN=posters", "URI:spiffe://prod/posters,DNS:posters.example.com")
    made.sign("cards", "/CN=cards", "DNS:cards.example.com")
    made.sign("nobody", "/CN=nobody", "DNS:nobody.example.com")
    return made


def channel(service, authority, client=None, signed_by=None):
    key, chain = (None, None) if client is None else ((signed_by or authority).read(f"{client}.key"), (signed_by or authority).read(f"{client}.pem"))
    return grpc.secure_channel(service.address, grpc.ssl_channel_credentials(authority.root(), key, chain), [PROXY, ALONE])


def models(opened, metadata=()):
    return api_grpc.ImageServiceStub(opened).ListModels(api.ListModelsRequest(), metadata=metadata, timeout=60).models


def serve(workshop, authority, callers, **grpc_settings):
    folder = authority.directory
    config = write_config(workshop.directory, callers, grpc={
        "tls_cert_file": f"{folder}/server.pem", "tls_key_file": f"{folder}/server.key",
        "tls_client_ca_file": f"{folder}/{authority.name}.pem", **grpc_settings})
    return workshop.easeld(arguments=["--config", config])


CALLERS = [{"name": "posters", "certificates": ["URI:spiffe://prod/posters"]},
           {"name": "cards", "certificates": ["CN:cards"]}, caller("ada")]


@pytest.fixture(scope="module")
def mutual(shared_workshop, authority):
    return serve(shared_workshop, authority, CALLERS, tls_client_required="true")


def test_a_certificate_is_a_caller(mutual, authority):
    with channel(mutual, authority, "posters") as posters, channel(mutual, authority, "cards") as cards:
        started = api_grpc.ImageServiceStub(posters).StartGeneration(api.StartGenerationRequest(spec=spec("By certificate")), timeout=60)
        name = started.generation.name
        assert refused(api_grpc.ImageServiceStub(cards).GetGeneration, api.GetGenerationRequest(name=name), timeout=60).code == "NOT_FOUND"
        assert api_grpc.ImageServiceStub(posters).GetGeneration(api.GetGenerationRequest(name=name), timeout=60).generation.name == name


def test_a_certificate_that_is_nobodys_is_a_stranger(mutual, authority):
    with channel(mutual, authority, "nobody") as opened:
        stub = api_grpc.ImageServiceStub(opened)
        assert refused(stub.ListModels, api.ListModelsRequest(), timeout=60).reason == "CALLER_UNKNOWN"
        assert models(opened, bearer(KEYS["ada"]))


def test_without_a_good_certificate_there_is_no_connection(mutual, authority, tmp_path):
    other = Authority(tmp_path, "other")
    other.sign("posters", "/CN=posters", "URI:spiffe://prod/posters")
    for opened in (channel(mutual, authority), channel(mutual, authority, "posters", signed_by=other)):
        with opened:
            assert refused(api_grpc.ImageServiceStub(opened).ListModels, api.ListModelsRequest(), timeout=60).code == "UNAVAILABLE"


def test_a_key_goes_before_the_certificate(mutual, authority):
    with channel(mutual, authority, "posters") as opened:
        stub = api_grpc.ImageServiceStub(opened)
        assert refused(stub.ListModels, api.ListModelsRequest(), metadata=bearer("wrong"), timeout=60).code == "UNAUTHENTICATED"
        name = As(mutual, KEYS["ada"], opened).start(spec("By key")).name
        assert refused(stub.GetGeneration, api.GetGenerationRequest(name=name), timeout=60).code == "NOT_FOUND"


def test_where_certificates_are_not_required_a_key_does(workshop, authority):
    service = serve(workshop, authority, CALLERS)
    with channel(service, authority) as opened:
        assert refused(api_grpc.ImageServiceStub(opened).ListModels, api.ListModelsRequest(), timeout=60).code == "UNAUTHENTICATED"
        assert models(opened, bearer(KEYS["ada"]))
    with channel(service, authority, "cards") as opened:
        assert models(opened)


def test_the_command_shows_its_certificate(mutual, authority):
    folder = authority.directory
    command = [BIN / "easel", "models", "--tls-ca", "authority.pem", "--tls-cert", "posters.pem", "--tls-key", "posters.key"]
    done = subprocess.run(command, env=clean_environment(folder, EASEL_SERVER=mutual.address), cwd=folder, check=False,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def shown_certificate(service, authority):
    """What a new connection is shown."""
    context = ssl.create_default_context(cadata=authority.root().decode())
    context.check_hostname = False
    context.set_alpn_protocols(["h2"])
    host, port = service.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 60) as plain, context.wrap_socket(plain) as wrapped:
        return ssl.DER_cert_to_PEM_cert(wrapped.getpeercert(binary_form=True))


def test_certificates_change_while_it_runs(workshop, tmp_path):
    authority = Authority(tmp_path)
    authority.sign("server", "/CN=first", "IP:127.0.0.1")
    authority.sign("second", "/CN=second", "IP:127.0.0.1")
    config = write_config(workshop.directory, grpc={"tls_cert_file": f"{tmp_path}/server.pem", "tls_key_file": f"{tmp_path}/server.key"})
    service = workshop.easeld(arguments=["--config", config])

    def pem(name):
        return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(authority.read(f"{name}.pem").decode()[authority.read(f"{name}.pem").decode().index("-----BEGIN"):]))

    first, second = pem("server"), pem("second")
    assert shown_certificate(service, authority) == first
    with channel(service, authority) as old:
        assert models(old)
        # A half of it is refused, and what is there goes on.
        (tmp_path / "server.key").write_bytes(authority.read("second.key"))
        until_reloaded(service, "refused")
        assert shown_certificate(service, authority) == first
        (tmp_path / "server.pem").write_text("no certificate")
        until_reloaded(service, "refused", 2)
        assert shown_certificate(service, authority) == first
        (tmp_path / "server.pem").write_bytes(authority.read("second.pem"))
        until_reloaded(service, "applied")
        assert shown_certificate(service, authority) == second
        assert models(old)
    with channel(service, authority) as new:
        assert models(new)
    assert service.sample("easel_config_last_reload_success") == 1
    assert "does not belong to the certificate" in service.log()


def test_authorities_change_while_it_runs(workshop, tmp_path):
    authority = Authority(tmp_path)
    authority.sign("server", "/CN=easel", "IP:127.0.0.1")
    authority.sign("posters", "/CN=posters", "URI:spiffe://prod/posters")
    (tmp_path / "later").mkdir()
    later = Authority(tmp_path / "later", "later")
    later.sign("posters", "/CN=posters", "URI:spiffe://prod/posters")
    service = serve(workshop, authority, CALLERS[:1], tls_client_required="true")
    with channel(service, authority, "posters") as opened:
        assert models(opened)
        (tmp_path / "authority.new").write_bytes(later.root())
        root = authority.root()
        (tmp_path / "authority.new").rename(tmp_path / "authority.pem")
        until_reloaded(service, "applied")
        assert models(opened)
    (tmp_path / "authority.pem").write_bytes(root)  # for this test's own trust in the server
    until_reloaded(service, "applied", 2)
    with channel(service, authority, "posters", signed_by=later) as opened:
        assert refused(api_grpc.ImageServiceStub(opened).ListModels, api.ListModelsRequest(), timeout=60).code == "UNAVAILABLE"
    (tmp_path / "authority.pem").write_bytes(root + later.root())
    until_reloaded(service, "applied", 3)
    for signed_by in (authority, later):
        with channel(service, authority, "posters", signed_by=signed_by) as opened:
            assert models(opened)
