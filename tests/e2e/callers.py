"""Callers with keys, and configurations that let them in."""
import hashlib
import json

import grpc

from processes import until
from service import api, api_grpc

KEYS = {name: f"{name}-key-0123456789abcdef0123456789" for name in ("ada", "bob")}


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()


def caller(name, *keys, **more):
    """An entry of `callers`; without keys, with its usual one."""
    entries = [key if isinstance(key, dict) else {"sha256": digest(key)} for key in keys or (KEYS[name],)]
    return {"name": name, "keys": entries, **more}


def write_whole(path, text):
    """As an orchestrator does: nobody sees it empty or half."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.rename(path)
    return path


def write_config(directory, callers=(), **sections):
    """JSON is YAML too."""
    return write_whole(directory / "easel.yaml", json.dumps({"callers": list(callers), **sections}, indent=1))


def bearer(key):
    return (("authorization", f"Bearer {key}"),)


class As:
    """The service as one caller sees it."""

    def __init__(self, service, key, channel=None):
        self.metadata = bearer(key)
        self.images = api_grpc.ImageServiceStub(channel or service.channel)

    def models(self):
        return self.images.ListModels(api.ListModelsRequest(), metadata=self.metadata, timeout=60).models

    def start(self, spec, request_id=""):
        request = api.StartGenerationRequest(spec=spec, request_id=request_id)
        return self.images.StartGeneration(request, metadata=self.metadata, timeout=60).generation

    def get(self, name):
        return self.images.GetGeneration(api.GetGenerationRequest(name=name), metadata=self.metadata, timeout=60).generation

    def list(self):
        return self.images.ListGenerations(api.ListGenerationsRequest(), metadata=self.metadata, timeout=60).generations

    def delete(self, name):
        self.images.DeleteGeneration(api.DeleteGenerationRequest(name=name), metadata=self.metadata, timeout=60)

    def end_of(self, name):
        request = api.WatchGenerationRequest(name=name)
        return list(self.images.WatchGeneration(request, metadata=self.metadata, timeout=60))[-1].generation

    def let_in(self):
        try:
            self.models()
            return True
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error
            return False


def until_reloaded(service, outcome, count=1):
    """There may be one more: who changes a file and sends SIGHUP may have it read twice."""
    until(lambda: service.sample("easel_config_reloads_total", outcome=outcome) >= count, f"a reload that is {outcome}")
