"""A disk that fills and has room again: a file system in memory of this process's own, whose size changes."""
import os
import shutil
import subprocess
import sys

MARK = "EASEL_CHAOS_OWN_MOUNTS"
ROOMY = "size=6g"


def enter_own_mounts():
    """Runs this program again where mounts are its own and vanish with it, if the system lets it."""
    if MARK in os.environ or shutil.which("unshare") is None:
        return
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--user", "--map-root-user"]
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode != 0:
        return
    os.environ[MARK] = "1"
    os.execvp(own[0], [*own, sys.executable, *sys.argv])


class Disk:
    """`why_not` says why it cannot fill; then its path is a plain directory."""

    def __init__(self, path):
        self.path, self.full, self.why_not = path, False, ""
        path.mkdir(parents=True, exist_ok=True)
        if MARK not in os.environ:
            self.why_not = "this user may not mount a file system of its own"
        elif (said := self._mount("tmpfs", ROOMY)):
            self.why_not = said

    def _mount(self, kind, options):
        done = subprocess.run(["mount", "-t", kind, "-o", options, "tmpfs", str(self.path)], capture_output=True, check=False)
        return done.stderr.decode().strip() if done.returncode else ""

    def fill(self, room):
        """Leaves about `room` bytes. Returns whether it could: a busy writer may have been faster."""
        for _ in range(10):
            facts = os.statvfs(self.path)
            used = (facts.f_blocks - facts.f_bfree) * facts.f_frsize
            if not self._mount("tmpfs", f"remount,size={used + room}"):
                self.full = True
                return True
        return False

    def empty(self):
        if self.full:
            said = self._mount("tmpfs", "remount," + ROOMY)
            assert not said, said
            self.full = False
