#!/usr/bin/env python3
"""Whether clang-format 14 would leave every source as it is (`make format`
rewrites them)."""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# To begin takes clang-format longer than most files do: so many at a time, and
# one by one where something is not as it should be.
BATCH = 100


def is_bad(*paths):
    """The first line of what it says of them; False where they are good."""
    done = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *paths],
                          cwd=TOP, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    return done.returncode != 0 and (done.stderr.splitlines() or ["?"])[0]


def main():
    listed = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard", "*.c", "*.h"],
        stdout=subprocess.PIPE, check=True).stdout.decode()
    paths = [path for path in sorted(set(filter(None, listed.split("\0"))))
             if os.path.exists(os.path.join(TOP, path))]
    if sys.argv[1:] == ["--write"]:
        return subprocess.run(["clang-format-14", "-i"] + paths,
                              cwd=TOP).returncode
    failed = 0
    for at in range(0, len(paths), BATCH):
        batch = paths[at:at + BATCH]
        for path in batch if is_bad(*batch) else ():
            said = is_bad(path)
            if said:
                print(path + ": " + said)
                failed += 1
    print("%d passed, %d failed" % (len(paths) - failed, failed))
    return 0 if paths and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
