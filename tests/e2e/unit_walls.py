"""What a systemd unit says, and its walls around a process without systemd.

read() parses a unit; Walls(unit).enter is for preexec_fn: the unit's filter of
system calls, address families, writable code, setuid and setgid modes,
capabilities, umask and limits of descriptors, as systemd would set them. Name
spaces are not set up.
"""
import ctypes
import ctypes.util
import errno
import os
import re
import resource
import socket
import subprocess

ALLOW = 0x7FFF0000
EQ, MASKED_EQ = 4, 7
PROT_WRITE, PROT_EXEC = 2, 4
# RestrictSUIDSGID: calls that may not give these bits, with their mode's place.
SXID = 0o6000
MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2,
         "mknod": 1, "mknodat": 2, "creat": 1}
OPENS = {"open": 1, "openat": 2}  # the flags' place, before the mode's


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def read(path):
    """{section: {key: [value, ..]}}"""
    unit, section = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if not line or line[0] in "#;":
                continue
            if line[0] == "[":
                section = unit.setdefault(line[1:-1], {})
                continue
            key, value = line.split("=", 1)
            section.setdefault(key, []).append(value)
    return unit


def call_groups():
    """{"@name": [member, ..]} as this systemd knows them."""
    out = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True, check=True).stdout
    groups, members = {}, None
    for line in re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines():
        if line.startswith("@"):
            members = groups.setdefault(line.strip(), [])
        elif line.startswith("    ") and members is not None:
            if not line.strip().startswith("#"):
                members.append(line.strip())
        else:
            members = None
    return groups


def expand(words, groups):
    names = set()
    for word in words:
        if word.startswith("@"):
            names |= expand(groups[word], groups)
        else:
            names.add(word)
    return names


class Walls:
    def __init__(self, unit):
        service = unit["Service"]
        groups = call_groups()
        self.calls = set()
        for value in service["SystemCallFilter"]:
            if value.startswith("~"):
                self.calls -= expand(value[1:].split(), groups)
            else:
                self.calls |= expand(value.split(), groups)
        # What systemd's own child needs to get as far as our program.
        self.calls |= expand(["@default"], groups) | {"execve"}
        self.families = [int(getattr(socket, name)) for name in
                         service["RestrictAddressFamilies"][0].split()]
        self.files = int(service["LimitNOFILE"][0])
        self.no_caps = service["CapabilityBoundingSet"] == [""]
        self.no_sxid = service["RestrictSUIDSGID"] == ["yes"]
        self.nice = int(service.get("Nice", ["0"])[0])
        self.umask = int(service["UMask"][0], 8)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.lib = ctypes.CDLL("libseccomp.so.2")
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.lib.seccomp_init.argtypes = [ctypes.c_uint32]
        self.lib.seccomp_load.argtypes = [ctypes.c_void_p]
        self.lib.seccomp_rule_add_array.argtypes = [
            ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
            ctypes.POINTER(Compare)]
        self.filter = self.compile()

    def add(self, context, name, *compare):
        number = self.lib.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # not of this architecture
            return
        rows = (Compare * max(1, len(compare)))(*compare)
        rc = self.lib.seccomp_rule_add_array(
            context, ALLOW, number, len(compare), rows)
        if rc != 0:
            raise OSError(-rc, "seccomp: " + name)

    def compile(self):
        context = self.lib.seccomp_init(0x00050000 | errno.EPERM)
        special = {"socket", "socketpair", "mmap", "mprotect", "pkey_mprotect"}
        if self.no_sxid:
            special |= set(MODES) | set(OPENS) | {"openat2"}
            self.compile_modes(context)
        for name in sorted(self.calls - special):
            self.add(context, name)
        for family in self.families:
            for name in ("socket", "socketpair"):
                self.add(context, name, Compare(0, EQ, family, 0))
        self.add(context, "mmap", Compare(2, MASKED_EQ, PROT_EXEC, 0))
        self.add(context, "mmap", Compare(2, MASKED_EQ, PROT_WRITE, 0))
        self.add(context, "mprotect", Compare(2, MASKED_EQ, PROT_EXEC, 0))
        return context

    def compile_modes(self, context):
        for name, place in MODES.items():
            self.add(context, name, Compare(place, MASKED_EQ, SXID, 0))
        for name, place in OPENS.items():
            self.add(context, name, Compare(place, MASKED_EQ, os.O_CREAT, 0))
            self.add(context, name, Compare(place + 1, MASKED_EQ, SXID, 0))

    def enter(self):
        os.nice(self.nice)
        if self.no_caps and os.geteuid() == 0:
            for capability in range(64):
                self.libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
        files = min(self.files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.umask(self.umask)
        if self.libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
            os._exit(98)
        if self.lib.seccomp_load(self.filter) != 0:
            os._exit(99)
