"""A PostgreSQL server of a test's own, and a wire to it that can be cut."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import threading

from processes import PATIENCE, until


def programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "there is no PostgreSQL below /usr/lib/postgresql; deploy/install-deps --tests installs it"
    return found[-1].parent


class Postgres:
    """Listens on a socket in its directory. Where the tests run as root it runs as the user postgres, who must be let in."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.user = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
            self.directory.parent.chmod(0o711)  # a temporary one, closed to others
            self.user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "--pdeathsig", "QUIT"]
        self.data = self.directory / "data"
        self.log = open(self.directory / "log", "ab")
        self._run("initdb", "-D", self.data, "-U", "easel", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.popen = None
        self.start()

    def _command(self, program, *arguments):
        return [*self.user, str(programs() / program), *map(str, arguments)]

    def _run(self, program, *arguments):
        subprocess.run(self._command(program, *arguments), cwd=self.directory, stdout=self.log, stderr=self.log, check=True)

    @property
    def socket(self):
        return self.directory / ".s.PGSQL.5432"

    @property
    def url(self):
        return f"postgres:///postgres?user=easel&host={self.directory}"

    def start(self):
        """Syncs as in production: what is told as kept must be."""
        self.popen = subprocess.Popen(self._command("postgres", "-D", self.data, "-k", self.directory, "-c",
                                                    "listen_addresses=", "-c", "port=5432", "-c", "max_connections=200"),
                                      cwd=self.directory, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        until(self._ready, "PostgreSQL is ready")

    def _ready(self):
        assert self.popen.poll() is None, (self.directory / "log").read_text()[-2000:]
        return subprocess.run([str(programs() / "pg_isready"), "-q", "-h", str(self.directory), "-p", "5432"],
                              check=False).returncode == 0

    def stop(self, how=signal.SIGINT):
        """SIGINT: as an operator stops it; SIGQUIT: as a crash does."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.send_signal(how)
            self.popen.wait(PATIENCE)

    def running(self):
        return self.popen.poll() is None

    def sql(self, statement):
        """One value a line."""
        done = subprocess.run([str(programs() / "psql"), "-h", str(self.directory), "-U", "easel", "-Atqc", statement, "postgres"],
                              capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def kill(self):
        self.stop(signal.SIGQUIT)

    def check_sanitizers(self):
        pass

    def close(self):
        self.kill()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class Wire:
    """A TCP port in front of a server's socket: `cut` breaks all connections, and takes no more; `hang` lets nothing through."""

    def __init__(self, path):
        self.path = str(path)
        self.open = True
        self.flowing = threading.Event()
        self.flowing.set()
        self.pairs = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"postgres://easel@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            with self.lock:  # a cut comes before, or finds the pair
                try:
                    if not self.open:
                        raise OSError("cut")
                    far.connect(self.path)
                except OSError:
                    near.close()
                    far.close()
                    continue
                self.pairs.add((near, far))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other, (near, far)), daemon=True).start()

    def _carry(self, source, target, pair):
        try:
            while data := source.recv(65536):
                self.flowing.wait()
                target.sendall(data)
        except OSError:
            pass
        self._end(pair)

    def _end(self, pair):
        with self.lock:
            self.pairs.discard(pair)
        for one in pair:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def cut(self):
        with self.lock:
            self.open = False
            pairs = list(self.pairs)
        for pair in pairs:
            self._end(pair)

    def mend(self):
        self.open = True
        self.flowing.set()

    def hang(self):
        self.flowing.clear()

    def close(self):
        self.mend()
        self.cut()
        self.listener.close()
