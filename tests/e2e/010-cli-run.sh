#!/bin/sh
# sluse init, and sluse run as supervisor: starts, restarts with a pause, hands
# signals on, kills what does not end. The programs are stand-ins.
# Usage: 010-cli-run.sh BIN   (the folder of sluse)
set -eu
bin=$(cd "${1:-build/bin}" && pwd)
work=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || :; rm -rf "$work"' EXIT
pid=
passed=0
ok() { passed=$((passed + 1)); echo "ok $1"; }
fail() { echo "not ok $1"; echo "$passed passed, 1 failed"; exit 1; }
# Waits up to 40 s for a command to be true.
until_true() {
	n=0
	until "$@" >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 800 ] || return 1
		sleep 0.05
	done
}
pid_of() { sed -n "s|^$1 ||p" "$i/run/pids"; }
alive() { [ -n "$(pid_of "$1")" ] && kill -0 "$(pid_of "$1")"; }
other_pid() { [ -n "$(pid_of "$1")" ] && [ "$(pid_of "$1")" != "$2" ]; }

i=$work/i
"$bin/sluse" init "$i" >/dev/null || fail "init"
[ -d "$i/spool/Post inn/Må avklares" ] || fail "init makes the folders"
[ "$(stat -c %a "$i/spool/Post inn/Inn")" = 2770 ] || fail "inlets are setgid"
[ "$(stat -c %a "$i/secrets")" = 700 ] || fail "secrets are closed"
"$bin/sluse" --root "$i" config check >/dev/null || fail "its file is in order"
before=$(sha256sum "$i/sluse.conf")
rmdir "$i/spool/Post inn/Stoppet"
"$bin/sluse" init "$i" | grep -q "already; folders" || fail "init again"
[ -d "$i/spool/Post inn/Stoppet" ] || fail "init makes what is missing"
[ "$before" = "$(sha256sum "$i/sluse.conf")" ] || fail "init keeps the file"
rc=0; "$bin/sluse" init "$work" >/dev/null 2>&1 || rc=$?
[ $rc = 2 ] || fail "a folder in use is refused"
"$bin/sluse" init "$work/en" --language en >/dev/null
[ -d "$work/en/spool/Incoming post/To be settled" ] || fail "init in English"
rmdir "$i/spool/Post inn/Stoppet"
for option in "--demo" "--language en"; do
	rc=0; "$bin/sluse" init "$i" $option >"$work/out" 2>&1 || rc=$?
	[ $rc = 2 ] || fail "init $option of an instance: 2, got $rc"
	grep -q "already and keeps its configuration, so ${option%% *} " \
	    "$work/out" || fail "init $option: $(cat "$work/out")"
	[ ! -d "$i/spool/Post inn/Stoppet" ] || fail "init $option made folders"
done
"$bin/sluse" init "$i" --language nb >/dev/null || fail "init as it is"
"$bin/sluse" init "$work/demo" --demo >/dev/null || fail "init --demo"
"$bin/sluse" init "$work/demo" --demo >/dev/null || fail "init --demo again"
[ -d "$work/demo/spool/Digital post/Inn" ] || fail "init makes the demo"
ok init

rc=0; "$bin/sluse" --root "$work" status >/dev/null 2>&1 || rc=$?
[ $rc = 3 ] || fail "no instance: 3, got $rc"
rc=0; "$bin/sluse" --root "$i" stop-in >/dev/null 2>&1 || rc=$?
[ $rc = 3 ] || fail "slused is away: 3, got $rc"
rc=0; "$bin/sluse" hold M26-000001-0 --why fordi >/dev/null 2>&1 || rc=$?
[ $rc = 2 ] || fail "a wrong check digit: 2, got $rc"
for line in "" "frob" "list --stage" "list --stage frob" "status x" \
    "hold M26-000001-8" "cases" "list --demo" "--frob"; do
	rc=0
	# shellcheck disable=SC2086
	"$bin/sluse" $line >/dev/null 2>&1 || rc=$?
	[ $rc = 2 ] || fail "sluse $line: 2, got $rc"
done
"$bin/sluse" --help | grep -q "journal verify" || fail help
ok usage

# Stand-ins: slused makes its socket's file; sluse-ocr takes no SIGTERM;
# sluse-place ends at once.
lib=$work/lib
mkdir "$lib"
cat >>"$i/sluse.conf" <<'C'

[target arkiv]
connector = webhook
base_url = https://arkiv.example/
jobs = 2
C
stand_in() { printf '#!/bin/sh\n%s\n' "$2" >"$lib/$1"; chmod +x "$lib/$1"; }
stand_in slused 'echo "$0 $*" >>"'"$work"'/calls"
: >"$2/run/slused.sock"; exec sleep 1000'
stand_in sluse-work 'echo "$0 $*" >>"'"$work"'/calls"; exec sleep 1000'
stand_in sluse-ocr 'trap "" TERM; while :; do sleep 0.2; done'
stand_in sluse-report 'exec sleep 1000'
stand_in sluse-place 'echo "$0 $*" >>"'"$work"'/place"; exit 3'
stand_in sluse-push 'echo "$0 $*" >>"'"$work"'/calls"; exec sleep 1000'
SLUSE_LIBEXEC=$lib "$bin/sluse" run "$i" 2>"$work/log" &
pid=$!
until_true alive slused || fail "slused is started"
until_true alive sluse-push/arkiv/2 || fail "a push for each job"
until_true alive sluse-work || fail "sluse-work is started"
# A program is listed before it has said anything.
until_true grep -q "sluse-work --socket $i/run/slused.sock" "$work/calls" ||
	fail "arguments of sluse-work"
until_true grep -q "sluse-push --socket $i/run/slused.sock --target arkiv \
--config $i/sluse.conf --credentials $i/secrets" "$work/calls" ||
	fail "arguments of sluse-push"
ok start

rc=0; SLUSE_LIBEXEC=$lib "$bin/sluse" run "$i" 2>/dev/null || rc=$?
[ $rc = 4 ] || fail "a second supervisor: 4, got $rc"
old=$(pid_of sluse-work)
kill -9 "$old"
until_true other_pid sluse-work "$old" || fail "what is killed comes again"
until_true alive sluse-work || fail "and lives"
again() { [ "$(wc -l <"$work/place")" -ge 2 ]; }
until_true again || fail "what ends is started again"
sleep 1
n=$(wc -l <"$work/place")
[ "$n" -le 8 ] || fail "pauses grow, $n starts"
until_true grep -q 'sluse-place ended' "$work/log" || fail "it is said"
ok restart

ocr=$(pid_of sluse-ocr)
began=$(date +%s)
kill -TERM $pid
wait $pid || fail "ends with 0"
took=$(($(date +%s) - began))
[ $took -ge 9 ] && [ $took -le 40 ] || fail "killed after 10 s, took $took"
kill -0 "$ocr" 2>/dev/null && fail "a program is left"
[ ! -s "$i/run/pids" ] || fail "pids is empty at the end"
pid=
ok stop

stand_in sluse-ocr 'exec sleep 1000'
SLUSE_LIBEXEC=$lib "$bin/sluse" run "$i" 2>/dev/null &
pid=$!
until_true alive sluse-ocr || fail "again"
work_pid=$(pid_of sluse-work)
kill -9 $pid
wait $pid 2>/dev/null || :
pid=
# Dead is gone: in a container nobody may bury it.
gone() {
	! kill -0 "$work_pid" ||
		grep -q '^State:[[:space:]]*Z' "/proc/$work_pid/status"
}
until_true gone || fail "programs end with their supervisor"
ok orphan
echo "$passed passed, 0 failed"
