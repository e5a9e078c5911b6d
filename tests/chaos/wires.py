"""Wires that break: TCP proxies which reset, stall and half-close the connections that pass through them."""
import asyncio
import collections
import contextlib
import random
import socket
import struct
import threading
from dataclasses import dataclass

PIECE = 64 * 1024


@dataclass
class Cut:
    """How one connection breaks: when `after` bytes have gone `way` ("request" or "reply")."""
    way: str
    after: int
    how: str  # "reset", "half-close", "stall"
    whole: bool  # the piece that crosses the limit is withheld whole: a request that is out, and no byte of an answer
    seconds: float


def choose_cut(chance, most):
    """Between the first byte and `most`, rather early than late."""
    return Cut(way=chance.choice(("request", "reply", "reply")), after=int(most ** chance.random()) - 1,
               how=chance.choices(("reset", "half-close", "stall"), (6, 2, 2))[0], whole=chance.random() < 0.5,
               seconds=chance.uniform(0.2, 4))


class _Broken(Exception):
    """The wire has broken as it was meant to."""


class Wire:
    """A port that stays the same, whatever becomes of those behind it. Runs on the loop of `Wires`."""

    def __init__(self, seed, name, share, most):
        self.seed, self.name, self.share, self.most = seed, name, share, most
        self.target, self.stormy, self.number = None, True, 0
        self.transports, self.counts = set(), collections.Counter()
        self.server = None

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]

    async def listen(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PIECE, backlog=1024)

    def break_all(self):
        for transport in list(self.transports):
            self.counts["all at once"] += 1
            _reset(transport)

    def _next_cut(self):
        self.number += 1
        chance = random.Random(f"{self.seed}/{self.name}/{self.number}")
        cut = choose_cut(chance, self.most)
        return cut if chance.random() < self.share and self.stormy else None

    async def _serve(self, reader, writer):
        near = writer.transport
        self.transports.add(near)
        far = None
        try:
            if self.target is None:
                return
            far_reader, far_writer = await asyncio.open_connection(*self.target, limit=PIECE)
            far = far_writer.transport
            self.transports.add(far)
            cut = self._next_cut()
            await _both(self._pump(reader, far_writer, cut, "request"), self._pump(far_reader, writer, cut, "reply"))
        except (OSError, _Broken):
            pass
        finally:
            for transport in (near, far):
                if transport is not None:
                    self.transports.discard(transport)
                    _reset(transport)

    async def _pump(self, reader, writer, cut, way):
        gone = 0
        while data := await reader.read(PIECE):
            if cut and cut.way == way and gone + len(data) > cut.after and self.stormy:
                writer.write(b"" if cut.whole else data[:max(0, cut.after - gone)])
                await writer.drain()
                data = await self._break(writer, cut, data if cut.whole else data[max(0, cut.after - gone):])
                cut = None
            gone += len(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _break(self, writer, cut, rest):
        self.counts[f"{cut.how} ({cut.way})"] += 1
        if cut.how == "half-close":
            writer.write_eof()
        if cut.how != "reset":
            await asyncio.sleep(cut.seconds)
        if cut.how == "stall":
            return rest
        raise _Broken


async def _both(*pumps):
    """Until both directions have ended, or one of them has broken."""
    tasks = [asyncio.ensure_future(pump) for pump in pumps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reset(transport):
    """Without a farewell: the peer meets a reset connection, not an end."""
    with contextlib.suppress(OSError, AttributeError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Wires:
    """The loop on which all wires run, in a thread of its own. Its methods are for other threads."""

    def __init__(self, seed):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True, name="wires")
        self.thread.start()
        self.upstream = Wire(seed, "upstream", share=0.3, most=400_000)
        self.callers = Wire(seed, "callers", share=0.5, most=400_000)
        self.all = [self.upstream, self.callers]
        for wire in self.all:
            self._do(wire.listen())
        self.seed = seed

    def add(self, name, share, most):
        wire = Wire(self.seed, name, share, most)
        self._do(wire.listen())
        self.all.append(wire)
        return wire

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def connect(self, wire, address):
        """Where the wire leads from now on; None: nowhere, connections are reset at once."""
        host, port = address.rsplit(":", 1) if address else ("", "")
        wire.target = (host, int(port)) if address else None

    def break_all(self, wire):
        self.loop.call_soon_threadsafe(wire.break_all)

    def calm(self):
        """No more cuts."""
        for wire in self.all:
            wire.stormy = False

    def counts(self):
        return {f"{wire.name}: {how}": count for wire in self.all
                for how, count in sorted(wire.counts.items())}
