"""contained.py ROOT VOLUME COMMAND...: becomes the command, with ROOT as a read-only root directory, VOLUME at /var/lib/easel, a /tmp of its
own, without root, capabilities or any way to new ones, and killed by the first system call that container runtimes deny by default.
Takes root. Ends with 125 where the machine does not allow it."""
import ctypes
import os
import platform
import struct
import subprocess
import sys

USER = 65532
CLONE_NEWNS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 0x00020000, 24, 38, 22, 2
# On x86-64: modules, mounts, keys, clocks, memory policy, io_uring, tracing of the kernel, namespaces.
DENIED = (103, 134, 136, 139, 153, 155, 161, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 175, 176, 179, 212, 227, 237, 238,
          239, 246, 248, 249, 250, 256, 272, 279, 298, 303, 304, 305, 308, 312, 313, 320, 321, 323, 425, 426, 427, 428, 429, 430, 431,
          432, 433, 442)
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


def filtered():
    """A program for the kernel: kills the process for a denied call, allows every other one."""
    load, equal, end = 0x20, 0x15, 0x06
    code = [(load, 0, 0, 0)]
    code += [(equal, len(DENIED) - at, 0, number) for at, number in enumerate(DENIED)]
    code += [(end, 0, 0, 0x7FFF0000), (end, 0, 0, 0x80000000)]
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    program = ctypes.create_string_buffer(struct.pack("HP", len(code), ctypes.addressof(instructions)))
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


try:
    enter(sys.argv[1], sys.argv[2])
    drop()
    if platform.machine() == "x86_64":
        filtered()
except (OSError, subprocess.CalledProcessError) as problem:
    print(f"no such place can be made here: {problem}", file=sys.stderr)
    sys.exit(125)
os.execv(sys.argv[3], sys.argv[3:])
