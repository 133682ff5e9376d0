#!/usr/bin/env python3
"""What the house does not write: calls that overrun or hide errors, files that
leak into other programs, comments that are not kept, hidden structs."""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES_MAX = 800  # of a file of the programs
CALLS = ("strcpy", "strncpy", "strcat", "strncat", "sprintf", "vsprintf", "gets",
         "strtok", "atoi", "atol", "atoll", "system", "popen", "basename",
         "alloca", "tmpnam", "mktemp", "tempnam")
# In the programs besides: numbers are read by sl_parse_u64, whole or not at all.
PROGRAM_CALLS = ("strtol", "atof")
BANNED = re.compile(r"(?<![\w.>*])(%s)\s*\(" % "|".join(CALLS + PROGRAM_CALLS))
OPENS = re.compile(r"(?<![\w.>*])(open|openat|accept4|memfd_create|mkostemp|"
                   r"socketpair|socket)\s*\(")
PIECE = re.compile(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*',
                   re.S)


def blank(match):
    """Comments and strings as spaces; `//` stays to be found."""
    piece = match[0]
    if piece.startswith("//"):
        return "//" + " " * (len(piece) - 2)
    return re.sub(r"[^\n]", " ", piece)


def arguments(code, at):
    depth = 0
    for i in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return code[at:i]
    return ""


def faults(path, text):
    code = PIECE.sub(blank, text)
    program = path.startswith(("daemon/", "plugins/"))
    for match in BANNED.finditer(code):
        if match[1] in PROGRAM_CALLS and not program:
            continue
        yield match.start(), match[1] + "() is banned"
    for match in OPENS.finditer(code):
        args = arguments(code, match.end() - 1)
        # A declaration of a function of that name has no flags.
        if re.search(r"\b(O|SOCK|MFD)_[A-Z]+", args) and "CLOEXEC" not in args:
            yield match.start(), match[1] + "() without CLOEXEC"
    for match in re.finditer("//", code):
        yield match.start(), "a // comment"
    for match in re.finditer(r"\btypedef\s+(?:struct|union)\b", code):
        if "\tGMimeStream parent;" in code[match.start():match.start() + 60]:
            continue  # what GObject's macros must have
        yield match.start(), "a typedef that hides a struct"
    if program and text.count("\n") > LINES_MAX:
        yield 0, "longer than %d lines" % LINES_MAX


def main():
    listed = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard", "*.c", "*.h", "*.def"],
        stdout=subprocess.PIPE, check=True).stdout.decode()
    passed = failed = 0
    for path in sorted(set(filter(None, listed.split("\0")))):
        full = os.path.join(TOP, path)
        if not os.path.exists(full):
            continue
        with open(full, encoding="utf-8") as file:
            text = file.read()
        found = list(faults(path, text))
        for at, what in found:
            print("%s:%d: %s" % (path, text.count("\n", 0, at) + 1, what))
        failed += bool(found)
        passed += not found
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
