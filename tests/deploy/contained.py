"""contained.py ROOT VOLUME COMMAND...: becomes the command, with ROOT as a read-only root directory, VOLUME at /var/lib/easel, a /tmp of its
own, without root, capabilities or any way to new ones. Takes root. Ends with 125 where the machine does not allow it."""
import ctypes
import os
import subprocess
import sys

USER = 65532
CLONE_NEWNS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 0x00020000, 24, 38
libc = ctypes.CDLL(None, use_errno=True)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def enter(root, volume):
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    mount("--bind", volume, root + "/var/lib/easel")
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", root + "/tmp")
    mount("--bind", "/dev", root + "/dev")
    mount("--bind", "/proc", root + "/proc")
    mount("-o", "remount,bind,ro", root)
    os.chroot(root)
    os.chdir("/var/lib/easel")


def drop():
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # beyond the last one it fails, and that is all
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")


try:
    enter(sys.argv[1], sys.argv[2])
    drop()
except (OSError, subprocess.CalledProcessError) as problem:
    print(f"no such place can be made here: {problem}", file=sys.stderr)
    sys.exit(125)
os.execv(sys.argv[3], sys.argv[3:])
