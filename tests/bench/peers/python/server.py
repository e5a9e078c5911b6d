#!/usr/bin/python3
"""The wrapper that a team writes by hand today: one gRPC method, a POST upstream, a GET of the image, an answer.

It checks and keeps nothing: grpc.aio, and aiohttp with its keep-alive connections. The stubs are on PYTHONPATH.
"""
import argparse
import asyncio
import json
import os
import pathlib
import uuid

import aiohttp
import grpc
from easel.v1 import generation_pb2, image_pb2, image_service_pb2, image_service_pb2_grpc, model_pb2

QUALITIES = {model_pb2.QUALITY_HD: "hd", model_pb2.QUALITY_STANDARD: "standard"}
NO_LIMIT = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]


class Images(image_service_pb2_grpc.ImageServiceServicer):
    def __init__(self, upstream, session):
        self.url, self.session = upstream + "/images/generations", session

    async def GenerateImage(self, request, context):  # pylint: disable=invalid-name
        try:
            return await self._generate(request)
        except (aiohttp.ClientError, KeyError, ValueError) as error:
            return await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))

    async def _generate(self, request):
        spec = request.spec
        body = {"model": spec.model or "glm-image", "prompt": spec.prompt,
                "size": f"{spec.size.width or 1024}x{spec.size.height or 1024}"}
        if spec.quality in QUALITIES:
            body["quality"] = QUALITIES[spec.quality]
        async with self.session.post(self.url, json=body) as reply:
            url = json.loads(await reply.read())["data"][0]["url"]
        async with self.session.get(url, headers={"authorization": ""}) as reply:
            image = await reply.read()
            kind = reply.content_type
        generation = generation_pb2.Generation(
            name=f"generations/{uuid.uuid4()}", request_id=request.request_id, spec=spec,
            state=generation_pb2.GENERATION_STATE_SUCCEEDED,
            image=image_pb2.Image(url=url, content_type=kind, size_bytes=len(image), width=spec.size.width or 1024,
                                  height=spec.size.height or 1024))
        inline = request.image_delivery == image_pb2.IMAGE_DELIVERY_INLINE
        return image_service_pb2.GenerateImageResponse(generation=generation, image_data=image if inline else b"")


async def serve(options):
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, raise_for_status=True,
                                     timeout=aiohttp.ClientTimeout(total=330),
                                     headers={"authorization": "Bearer bench-key"}) as session:
        server = grpc.aio.server(options=NO_LIMIT)
        image_service_pb2_grpc.add_ImageServiceServicer_to_server(Images(options.upstream, session), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        new = options.ready_file.with_suffix(".new")
        new.write_text(json.dumps({"grpc": f"127.0.0.1:{port}"}))
        os.rename(new, options.ready_file)
        await server.wait_for_termination()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, help="http://host:port/api/paas/v4")
    parser.add_argument("--ready-file", type=pathlib.Path, required=True)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
