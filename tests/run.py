#!/usr/bin/env python3
"""Everything `make check` runs: builds, then tests, two at a time.

Each part is a command with a time limit whose output goes to a file; its own
summary (`N passed, N failed`, or unittest's) is what it counts for. A part that
says no number, ends badly or takes too long is one failure. Last line: the sum.

Arguments name the parts to run (--list shows them); builds they need are made.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOBS = os.cpu_count() or 1
ASAN = "-fsanitize=address,undefined -fno-omit-frame-pointer"
# A report of a sanitizer is a failure wherever it comes up, in a child too.
ASAN_ENV = {
    "SLUSE_SANITIZED": "1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
# Seconds, where a part needs more than the usual.
LIMITS = {"unit": 240, "asan-unit": 300, "e2e-demo": 240, "fault-kill_storm": 300, "fault-outputs": 400,
          "fault-kill_points": 300, "fault-inject": 300,
          "e2e-mean": 300, "e2e-targets": 300, "e2e-settling": 300}
LIMIT = 180
BUILD_LIMIT = 900


class Part:
    def __init__(self, name, command, build=None, env=None, counts=True):
        self.name, self.command, self.build = name, command, build
        self.env = dict(os.environ, **(env or {}))
        if build is not None:
            self.env["SLUSE_BUILD"] = build
        self.counts = counts
        self.limit = LIMITS.get(name, LIMIT if counts else BUILD_LIMIT)
        self.passed = self.failed = self.skipped = 0
        self.why, self.seconds = "", 0.0
        self.log = None

    # -- running --------------------------------------------------------------
    def run(self, logs):
        self.log = os.path.join(logs, self.name + ".log")
        began = time.monotonic()
        with open(self.log, "wb") as log:
            child = subprocess.Popen(
                self.command, cwd=TOP, env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                status = child.wait(self.limit)
            except subprocess.TimeoutExpired:
                status = None
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.seconds = time.monotonic() - began
        self.judge(status)
        return self

    def judge(self, status):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            said = file.read()
        if self.counts:
            numbers = self.count(said)
        else:
            self.passed, numbers = int(status == 0), 1
        if status is None:
            self.fail("took longer than %d s" % self.limit)
        elif numbers == 0:
            self.fail("gave no count")
        elif status != 0 and self.failed == 0:
            self.fail("ended with status %d" % status)
        elif status == 0 and self.failed != 0:
            self.why = "said status 0 all the same"
        elif self.passed + self.failed == 0:
            self.fail("ran nothing") if self.skipped == 0 else None

    def fail(self, why):
        self.failed += 1
        self.why = why

    def count(self, said):
        """Adds up every summary; result: how many there were."""
        numbers = 0
        for line in said.splitlines():
            found = re.search(r"\b(\d+) passed, (\d+) failed\b", line)
            if found:
                self.passed += int(found[1])
                self.failed += int(found[2])
                numbers += 1
        for found in re.finditer(
                r"^Ran (\d+) tests? in .*?\n+(OK|FAILED|NO TESTS RAN)"
                r"(?: \((.*)\))?", said, re.M):
            bad = skipped = 0
            for word, n in re.findall(r"([a-z ]+)=(\d+)", found[3] or ""):
                if word.strip() in ("failures", "errors",
                                    "unexpected successes"):
                    bad += int(n)
                elif word.strip() == "skipped":
                    skipped += int(n)
            # A class or module that cannot be set up is no test, but an error.
            self.passed += max(0, int(found[1]) - bad - skipped)
            self.failed += bad
            self.skipped += skipped
            numbers += 1
        return numbers

    # -- telling ----------------------------------------------------------------
    def line(self):
        text = "%-6s %-24s %6.1f s" % (
            "ok" if self.failed == 0 else "NOT OK", self.name, self.seconds)
        if self.counts:
            text += "  %d passed, %d failed" % (self.passed, self.failed)
        if self.skipped:
            text += ", %d skipped" % self.skipped
        return text + ("  (%s)" % self.why if self.why else "")

    def tail(self, lines=40):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join("    | " + line for line in file.readlines()[-lines:])


def make(name, build, *words, **variables):
    command = ["make", "--no-print-directory", "-j%d" % JOBS, "B=" + build]
    command += ["%s=%s" % pair for pair in variables.items()]
    return Part(name, command + list(words), build, counts=False)


def programs(folder):
    """The tests of a folder: what can be run, not what they share."""
    for path in sorted(glob.glob(os.path.join(TOP, "tests", folder, "*.py"))):
        with open(path, encoding="utf-8") as file:
            if 'if __name__ == "__main__"' in file.read():
                name = os.path.basename(path)[:-3]
                yield "%s-%s" % (folder, name), os.path.relpath(path, TOP)


def stages():
    """Lists of parts; what stands in one list may run together."""
    gcc, clang, asan = "build-check", "build-clang", "build-asan"
    quick = ["make", "--no-print-directory", "B=" + gcc]
    python = sys.executable
    tests = [Part("unit", quick + ["check-unit"], gcc),
             Part("schemas", quick + ["check-schemas"], gcc),
             Part("fuzz-replay", quick + ["fuzz-replay"], gcc),
             Part("push", quick + ["check-push"], gcc),
             Part("docs", [python, "tests/docs/check_docs.py"], gcc),
             Part("banned", [python, "tests/style/banned.py"]),
             Part("style", [python, "tests/style/format.py"]),
             Part("fakes", [python, "tests/fakes/test_fakes.py"]),
             Part("demo-manifest", [python, "tests/demo/test_demo.py"]),
             Part("cli", ["tests/e2e/010-cli-run.sh", gcc + "/bin"], gcc)]
    for folder in ("e2e", "fault"):
        for name, path in programs(folder):
            command = [python, path]
            if name == "e2e-011-cli-try":
                command.append(gcc + "/bin")
            tests.append(Part(name, command, gcc))
    # The long ones first, so that the end is not one of them alone.
    tests.sort(key=lambda part: -part.limit)
    under = ["make", "--no-print-directory", "B=" + asan, "CC=gcc", "OPT=-O1 -g",
             "SAN=" + ASAN]
    return [
        [make("build-gcc", gcc, "all-tests", CC="gcc", WERROR="-Werror")],
        [make("build-clang", clang, "all-tests", CC="clang-14",
              WERROR="-Werror")],
        tests,
        # Instrumented code warns of what cannot be: no -Werror here.
        [make("build-asan", asan, "all-tests", CC="gcc", OPT="-O1 -g",
              SAN=ASAN)],
        [Part("asan-unit", under + ["check-unit"], asan, ASAN_ENV),
         Part("asan-fuzz-replay", under + ["fuzz-replay"], asan, ASAN_ENV),
         Part("asan-e2e", [python, "tests/e2e/queues.py"], asan, ASAN_ENV)],
    ]


def wanted(part, names, every):
    if not names or part.name in names:
        return True
    return not part.counts and any(
        other.build == part.build and other.name in names for other in every)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    plan = stages()
    every = [part for stage in plan for part in stage]
    if options.list:
        print("\n".join(part.name for part in every))
        return 0
    unknown = set(options.parts) - {part.name for part in every}
    if unknown:
        parser.error("no such part: " + ", ".join(sorted(unknown)))
    logs = os.path.join(TOP, "build-check", "log")
    os.makedirs(logs, exist_ok=True)
    began, done, broken = time.monotonic(), [], set()
    for stage in plan:
        todo = [part for part in stage
                if wanted(part, options.parts, every)]
        with concurrent.futures.ThreadPoolExecutor(options.lanes) as pool:
            runs = []
            for part in todo:
                if part.counts and part.build in broken:
                    part.fail("its build failed")
                    done.append(part)
                    print(part.line(), flush=True)
                else:
                    runs.append(pool.submit(part.run, logs))
            for run in concurrent.futures.as_completed(runs):
                part = run.result()
                done.append(part)
                print(part.line(), flush=True)
                if part.failed:
                    print(part.tail(), flush=True)
                    if not part.counts:
                        broken.add(part.build)
    passed = sum(part.passed for part in done)
    failed = sum(part.failed for part in done)
    skipped = sum(part.skipped for part in done)
    print("%.0f s; output of each part in %s%s" % (
        time.monotonic() - began, os.path.relpath(logs, TOP),
        "; %d skipped" % skipped if skipped else ""))
    print("%d passed, %d failed" % (passed, failed))
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
