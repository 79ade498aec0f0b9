#!/bin/sh
# Tests examples/crash_proof from the outside: sh crash_proof_test.sh PROGRAM
# Needs only what every Debian has: coreutils, awk, util-linux.
set -u

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
program=$scratch/crash_proof
cp "$1" "$program"

failures=0

# it SENTENCE FUNCTION: runs FUNCTION in an empty directory; any command that fails there fails the test.
it() {
  mkdir "$scratch/case"
  (
    set -e
    cd "$scratch/case"
    "$2"
  )
  case $? in
    0) echo "ok       it $1" ;;
    77) echo "skipped  it $1" ;;
    *) echo "FAILED   it $1"; failures=$((failures + 1)) ;;
  esac
  rm -rf "$scratch/case"
}

skip() { exit 77; }

# ends_with STATUS COMMAND…: runs it, keeps its output in the files `out` and `err`.
ends_with() {
  expected=$1
  shift
  status=0
  "$@" >out 2>err || status=$?
  [ "$status" -eq "$expected" ] && return
  echo "  $*: ended with $status instead of $expected"; sed 's/^/  | /' out err
  return 1
}

# says LINE…: standard output has each of these lines.
says() {
  for line in "$@"; do
    grep -qxF -- "$line" out && continue
    echo "  no line '$line' in:"; sed 's/^/  | /' out
    return 1
  done
}

# processes: those that run the program, whatever they call themselves.
processes() {
  for entry in /proc/[0-9]*; do
    [ "$(readlink "$entry/exe" 2>/dev/null)" != "$program" ] || echo "${entry#/proc/}"
  done
}

nobody_left() {
  deadline=$(($(date +%s) + 5))
  while [ -n "$(processes)" ]; do
    [ "$(date +%s)" -lt "$deadline" ] || { echo "  still there: $(processes)"; return 1; }
  done
}

# good COUNT FOLDER: so many headers of three lines, with one comment and one macro each.
good() {
  mkdir -p "$2"
  for number in $(seq "$1"); do
    printf '#define size_%s 123\n/* a comment */\nint f(int (*)[size_%s]);\n' "$number" "$number" >"$2/$number.h"
  done
}

measures() {
  good 40 tree/deeper/still
  ends_with 0 "$program" tree
  grep -q '^40 files measured, 0 failed; ' out
  says '120 lines, 40 comments, 40 macros' 'deepest brackets: 2, tree/deeper/still/1.h' \
       'longest macro: 4 bytes, tree/deeper/still/1.h'
  [ ! -s err ]
}

survives() {
  good 60 tree
  "$program" --make-hostile tree/bad
  [ "$(ls tree/bad)" = "$(printf 'deep.h\nendless.h\ngrowing.h')" ]
  ends_with 1 "$program" -t 20 -m 64 tree/bad/growing.h
  says 'tree/bad/growing.h: the parser needed more than 64 MiB'
  ends_with 1 "$program" -t 6 -m 64 tree
  says 'tree/bad/deep.h: the parser crashed: signal 11, Segmentation fault' \
       'tree/bad/endless.h: the parser took longer than 6 s'
  grep -q '^60 files measured, 3 failed; ' out
  says '180 lines, 60 comments, 60 macros'
  nobody_left
}

survives_many() {
  good 20 tree
  for number in $(seq 30); do "$program" --make-hostile tree/bad$number; done
  rm tree/bad*/growing.h tree/bad*/endless.h
  ends_with 1 "$program" -t 20 tree
  [ "$(grep -cF 'the parser crashed: signal 11, Segmentation fault' out)" -eq 30 ]
  grep -q '^20 files measured, 30 failed; ' out
}

names_unreadable() {
  good 3 tree
  ends_with 1 "$program" tree missing.h
  grep -qF 'missing.h: ' out
  grep -F 'missing.h: ' out | grep -qF 'No such file or directory'
  grep -q '^3 files measured, 1 failed; ' out
}

follows_no_links() {
  good 2 tree
  ln -s . tree/itself
  ln -s 1.h tree/again.h
  ends_with 0 "$program" tree
  grep -q '^2 files measured, 0 failed; ' out
}

# Ctrl-C in the middle of a file that would take an hour.
interrupted() {
  good 5 tree
  "$program" --make-hostile tree
  rm tree/deep.h tree/growing.h
  for signal in INT:130 TERM:143 HUP:129; do
    env --default-signal=INT,TERM,HUP "$program" -p 1 -t 3600 tree >out 2>err &
    busy=$!
    until workers_burn "$busy"; do kill -0 "$busy"; done
    kill -"${signal%:*}" "$busy"
    status=0
    wait "$busy" 2>/dev/null || status=$?
    [ "$status" -eq "${signal#*:}" ] || { echo "  ended with $status"; return 1; }
    grep -q '^5 files measured, 0 failed, 1 left out; ' out || { sed 's/^/  | /' out; return 1; }
    [ ! -s err ]
    nobody_left
  done
}

# workers_burn PID: whether a process of the program that is not PID has used 0.3 s of CPU time, which only the endless
# file takes.
workers_burn() {
  for pid in $(processes); do
    [ "$pid" != "$1" ] || continue
    ticks=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | awk '{ print $12 + $13 }')
    [ "${ticks:-0}" -lt 30 ] || return 0
  done
  return 1
}

killed() {
  "$program" --make-hostile tree
  rm tree/deep.h tree/growing.h
  "$program" -p 2 -t 3600 tree >out 2>err &
  busy=$!
  until workers_burn "$busy"; do kill -0 "$busy"; done
  kill -KILL "$busy"
  wait "$busy" 2>/dev/null || true
  nobody_left
}

real_tree() {
  [ -d /usr/include ] || skip
  status=0
  "$program" /usr/include >out 2>err || status=$?
  [ "$status" -le 1 ] || { sed 's/^/  | /' err; return 1; }
  wanted=$(find /usr/include -type f | wc -l)
  found=$(sed -n 's/^\([0-9]*\) files measured, \([0-9]*\) failed; .*/\1 \2/p' out | awk '{ print $1 + $2 }')
  [ "$found" -eq "$wanted" ] || { echo "  $found files of $wanted"; tail -5 out; return 1; }
}

usage() {
  for wrong in --no-such-option '-t 0 x' '-m few x' '-p 0 x' ''; do
    ends_with 2 "$program" $wrong
    grep -q '^crash_proof: ' err
    [ ! -s out ]
  done
  ends_with 0 "$program" --help
  grep -q -- '--make-hostile DIR' out
  grep -q 'Exit status: 0 every file was measured' out
  ends_with 0 "$program" --version
  grep -q '^crash_proof' out
}

progress() {
  script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip  # no program, or no pseudo-terminals here
  good 3 tree
  "$program" --make-hostile tree
  rm tree/deep.h tree/growing.h
  good 1 tree/z
  script -qec "$program -t 1 tree" /dev/null </dev/null >shown || [ $? -eq 1 ]
  grep -qE '[0-9]+ %  [0-9]+ of 5 files  [0-9] failed  [0-9]+ files/s' shown
  script -qec "$program -t 1 -q tree" /dev/null </dev/null >shown || [ $? -eq 1 ]
  ! grep -q ' %  ' shown
}

it 'measures every header of a tree' measures
it 'names the file that crashes, the one that hangs and the one that fills the memory, and measures all others' survives
it 'survives a crash in every second file' survives_many
it 'names a file that it cannot read' names_unreadable
it 'follows no symbolic links' follows_no_links
it 'ends by the signal that interrupts it, after a summary, and leaves no process behind' interrupted
it 'leaves no process behind when it is killed' killed
it 'accounts for every file below /usr/include' real_tree
it 'explains wrong usage and ends with 2' usage
it 'shows progress on a terminal only, and none with -q' progress

[ $failures -eq 0 ]
