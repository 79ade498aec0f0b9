#!/bin/sh
# Tests examples/parallel_gzip from the outside: sh parallel_gzip_test.sh PROGRAM
# Needs only what every Debian has: gzip, cmp, coreutils, util-linux.
set -u

scratch=$(mktemp -d)
chmod 755 "$scratch"  # another user reads it below
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
program=$scratch/parallel_gzip
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

# ends_with STATUS COMMAND…: runs it, keeps standard error in the file `err`.
ends_with() {
  expected=$1
  shift
  status=0
  "$@" 2>err || status=$?
  [ "$status" -eq "$expected" ] && return
  echo "  $*: ended with $status instead of $expected"; sed 's/^/  | /' err
  return 1
}

# complains LINE…: standard error was exactly these lines.
complains() {
  printf '%s\n' "$@" >wanted
  diff wanted err
}

silent() { if [ -s err ]; then sed 's/^/  | /' err; return 1; fi; }

# text SIZE, noise SIZE: so many bytes that compress well, or not at all; the same in every call.
text() { seq 1 $(($1 / 2 + 1)) | head -c "$1"; }
noise() { head -c "$1" "$scratch/noise"; }
head -c 5000000 /dev/urandom >"$scratch/noise"

nothing_left() { [ -z "$(ls -A | grep -F .parallel_gzip.)" ]; }

# running PATH: waits until the half-written file for PATH is there, which is when its compression has begun.
running() { until ls -A "$1" | grep -qF .parallel_gzip.; do :; done; }

round_trips() {
  for size in 0 1 32767 131071 131072 131073 163840 262144 262145 5000000; do
    for kind in text noise; do
      $kind $size >file
      [ "$(wc -c <file)" -eq $size ]
      cp file original
      ends_with 0 "$program" file
      silent
      gzip -t file.gz
      gunzip file.gz
      cmp file original
    done
  done
}

levels() {
  text 1000000 >file
  for level in -1 -2 -3 -4 -5 -6 -7 -8 -9 --fast --best; do
    "$program" -c $level file >file.gz
    gunzip -c file.gz | cmp - file
    ours=$(wc -c <file.gz)
    theirs=$(gzip -c $level file | wc -c)
    [ "$ours" -le $((theirs * 102 / 100)) ] || { echo "  $level: $ours bytes, gzip $theirs"; return 1; }
  done
  [ "$("$program" -c file | wc -c)" -eq "$("$program" -c -6 file | wc -c)" ]
  [ "$("$program" -c -9 -1 file | wc -c)" -eq "$("$program" -c -1 file | wc -c)" ]
}

far_repetitions() {
  noise 30000 >once
  for copy in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat once; done >file
  [ "$("$program" -c file | wc -c)" -le $(($(gzip -c file | wc -c) + 1000)) ]
}

same_header() {
  text 1000 >file
  touch -d '2001-02-03 04:05:06' file
  for level in -1 -6 -9; do
    "$program" -c $level file | head -c 15 >ours
    gzip -c $level file | head -c 15 >theirs
    cmp ours theirs
  done
  mkdir folder
  cp -p file folder/file
  "$program" -c folder/file >one
  "$program" -c file >other
  cmp one other
}

any_workers() {
  { text 3000000; noise 1000000; text 77; } >file
  "$program" -c -p 1 file >one
  for workers in 2 4 16; do "$program" -c -p $workers file | cmp - one; done
}

# workers: the processes that work for this program.
workers() {
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/exe" 2>/dev/null)" = "$program" ] || continue
    [ "$(cat "$process/comm" 2>/dev/null)" = workpool-worker ] && echo "${process#/proc/}"
  done
  :
}

processes() {
  { text 3000000; noise 1000000; text 77; } >file
  "$program" -c file >one
  "$program" --processes -c file | cmp - one
  for size in 0 1 131072; do text $size | "$program" --processes -9 | gunzip | cmp - "$(text $size >part; echo part)"; done
  [ -z "$(workers)" ]
}

killed_worker() {
  { text 40000000; noise 4000000; } >file
  "$program" -c file >one
  "$program" --processes -c file >other 2>err &
  until [ -s other ]; do :; done
  for worker in $(workers); do kill -KILL $worker; break; done
  wait $!
  silent
  cmp one other
}

interrupted_with_processes() {
  mkfifo file
  env --default-signal=INT "$program" --processes -k file 2>err &
  exec 3>file
  text 1000000 >&3
  running .
  kill -INT $!
  status=0
  wait $! 2>/dev/null || status=$?
  exec 3>&-
  [ $status -eq 130 ]
  silent
  nothing_left
  until [ -z "$(workers)" ]; do :; done
}

standard_streams() {
  text 700000 >file
  "$program" <file | gunzip | cmp - file
  "$program" - <file | gunzip | cmp - file
  text 700000 | "$program" -4 | gunzip | cmp - file
  (text 5; cat file) | "$program" -c - | gunzip | tail -c +6 | cmp - file
  "$program" </dev/null | gunzip | cmp - /dev/null
}

several_files() {
  text 300000 >a
  noise 300000 >b
  : >c
  cat a b c >all
  "$program" -c a b c | gunzip | cmp - all
  ends_with 0 "$program" a b c
  [ ! -e a ]
  [ ! -e b ]
  [ ! -e c ]
  cat a.gz b.gz c.gz | gunzip | cmp - all
}

keeps() {
  text 1000 >file
  cp file original
  ends_with 0 "$program" -k file
  cmp file original
  gunzip -c file.gz | cmp - original
}

resembles() {
  text 1000 >file
  chmod 640 file
  touch -d '2003-04-05 06:07:08.123456789' file
  before=$(stat -c '%a %u %g %y' file)
  ends_with 0 "$program" file
  [ "$(stat -c '%a %u %g %y' file.gz)" = "$before" ]
}

goes_on() {
  text 1000 >good
  mkdir folder
  noise 100 >old.gz
  ends_with 1 "$program" missing folder old.gz good
  complains 'parallel_gzip: missing: No such file or directory' \
            'parallel_gzip: folder: Is a directory' \
            'parallel_gzip: old.gz: already has the suffix .gz; use -f to compress it again'
  gzip -t good.gz
  ends_with 0 "$program" -f old.gz
  gunzip -c old.gz.gz | wc -c | grep -qx 100
}

refuses_existing() {
  text 1000 >file
  echo precious >file.gz
  ends_with 1 "$program" file
  complains 'parallel_gzip: file.gz: already exists; use -f to overwrite it'
  echo precious | cmp - file.gz
  text 1000 | cmp - file
  nothing_left
  ends_with 0 "$program" -f file
  gunzip file.gz
  text 1000 | cmp - file
}

refuses_early() {
  mkfifo file
  exec 3<>file  # somebody holds it open and sends nothing: who reads waits for ever
  echo precious >file.gz
  ends_with 1 timeout 20 "$program" -k file
  complains 'parallel_gzip: file.gz: already exists; use -f to overwrite it'
}

late_rival() {
  mkfifo file
  "$program" -k file 2>err &
  exec 3>file
  running .
  echo precious >file.gz
  exec 3>&-
  status=0
  wait $! || status=$?
  [ $status -eq 1 ]
  complains 'parallel_gzip: file.gz: already exists; use -f to overwrite it'
  echo precious | cmp - file.gz
  nothing_left
}

special_files() {
  mkfifo pipe
  text 200000 >pipe &
  ends_with 1 "$program" pipe
  complains 'parallel_gzip: pipe: not a regular file; use -k or -c to read from it'
  wait
  text 200000 >pipe &
  ends_with 0 "$program" -k pipe
  [ -p pipe ]
  text 200000 >original
  gunzip -c pipe.gz | cmp - original
}

unreadable() {
  text 1000 >file
  chmod 0 file
  if [ "$(id -u)" -eq 0 ]; then
    as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
    $as_nobody true 2>/dev/null || skip
  else
    as_nobody=
  fi
  ends_with 1 $as_nobody "$program" -k file
  complains 'parallel_gzip: file: Permission denied'
}

unwritable() {
  text 1000 >file
  chmod 555 .
  if [ "$(id -u)" -eq 0 ]; then
    as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
    $as_nobody true 2>/dev/null || skip
  else
    as_nobody=
  fi
  status=0
  $as_nobody "$program" file 2>"$scratch/err" || status=$?
  chmod 755 .
  mv "$scratch/err" err
  [ $status -eq 1 ]
  complains 'parallel_gzip: file.gz: Permission denied'
  [ -e file ]
}

read_error() {
  ends_with 1 "$program" -c /proc/self/mem >out
  complains 'parallel_gzip: /proc/self/mem: Input/output error'
}

full_disk() {
  noise 3000000 >file
  ends_with 1 sh -c '"$1" -c file >/dev/full' - "$program"
  complains 'parallel_gzip: standard output: No space left on device'
}

full_disk_for_a_file() {
  noise 3000000 >file
  ends_with 1 sh -c 'ulimit -f 1000; "$1" file' - "$program"
  complains 'parallel_gzip: file.gz: File too large'
  nothing_left
  [ ! -e file.gz ]
  noise 3000000 | cmp - file
}

closed_pipe() {
  noise 3000000 >file
  mkfifo pipe
  "$program" -c file >pipe 2>err &
  head -c 1 pipe >first
  status=0
  wait $! || status=$?
  [ $status -eq 141 ]
  silent
}

interrupted() {
  for signal in INT:130 TERM:143 HUP:129; do
    mkfifo file
    env --default-signal=INT,TERM,HUP "$program" -k file 2>err &
    exec 3>file
    text 1000000 >&3
    running .
    kill -${signal%:*} $!
    status=0
    wait $! 2>/dev/null || status=$?
    exec 3>&-
    [ $status -eq ${signal#*:} ]
    silent
    nothing_left
    [ ! -e file.gz ]
    rm file
  done
}

interrupted_while_nobody_reads() {
  noise 3000000 >file
  mkfifo pipe
  env --default-signal=TERM "$program" -c file >pipe &
  exec 3<pipe
  head -c 1 <&3 >first
  kill -TERM $!
  status=0
  wait $! 2>/dev/null || status=$?
  exec 3<&-
  [ $status -eq 143 ]
}

ignored_interrupt() {
  mkfifo file
  (trap '' INT HUP; exec "$program" -k file) 2>err &
  exec 3>file
  running .
  kill -INT $!
  kill -HUP $!
  text 1000000 >&3
  exec 3>&-
  wait $!
  text 1000000 >original
  gunzip -c file.gz | cmp - original
}

usage() {
  for wrong in --no-such-option -z '-p 0' '-p many' -p '-p 257'; do
    ends_with 2 "$program" $wrong </dev/null >out
    [ ! -s out ]
    grep -q '^parallel_gzip: ' err
  done
  ends_with 0 "$program" --help >out
  grep -q -- --workers out
  silent
  ends_with 0 "$program" --version >out
  grep -q '^parallel_gzip' out
}

odd_names() {
  text 1000 >-k
  text 1000 >'two words'
  ends_with 0 "$program" -- -k 'two words'
  gzip -t -- -k.gz 'two words.gz'
  long=$(printf '%0252d' 0)
  text 1000 >"$long"
  ends_with 0 "$program" "$long"
  gzip -t "$long.gz"
}

on_a_terminal() { script -qec "$*" /dev/null </dev/null; }

terminal() {
  script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip  # no program, or no pseudo-terminals here
  text 1000 >file
  on_a_terminal "$program" -c file >out && return 1
  grep -qF 'parallel_gzip: standard output: compressed data is not written to a terminal; use -f to force it' out
  on_a_terminal "$program" -fcq file | head -c 2 | od -An -tx1 | grep -qx ' 1f 8b'
}

progress() {
  script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip  # no program, or no pseudo-terminals here
  text 40000000 >file
  mkfifo pipe
  on_a_terminal "$program" -c9 file '>pipe' >out &
  exec 3<pipe
  # However fast the machine is, it comes no further than its output is read.
  until grep -qE '[0-9]+ %  [0-9.]+ of 40\.0 MB  [0-9.]+ MB/s  [0-9]+:[0-9][0-9] left' out; do
    head -c 4096 <&3 >part
    [ -s part ]
  done
  cat <&3 >rest
  exec 3<&-
  wait $!
  [ "$(tail -c 4 out | od -An -c | tr -d ' ')" = '\r033[K' ]
  on_a_terminal "$program" -kf9q file >out
  [ ! -s out ]
  ends_with 0 "$program" -kf file
  silent
}

bounded_memory() {
  grep -qaE '__(asan|tsan)_init' "$program" && skip
  mkfifo pipe
  "$program" -1 <pipe >out.gz &
  exec 3>pipe
  head -c 200000000 /dev/zero >&3
  peak=$(awk '/^VmHWM/ {print $2}' /proc/$!/status)
  exec 3>&-
  wait $!
  [ "$peak" -le 65536 ] || { echo "  $peak KiB"; return 1; }
}

it 'gives back what it was given, for sizes around every boundary' round_trips
it 'obeys every level, and compresses about as well as gzip' levels
it 'finds what repeats across the border of two blocks' far_repetitions
it 'begins its output as gzip does' same_header
it 'writes the same bytes with any number of workers' any_workers
it 'writes the same bytes with worker processes' processes
it 'writes the same bytes when a worker process is killed' killed_worker
it 'leaves no half file, and no process, when interrupted with processes' interrupted_with_processes
it 'compresses standard input to standard output' standard_streams
it 'compresses several files, to one stream with -c' several_files
it 'keeps the original with -k' keeps
it 'gives the output the mode, owner and time of the original' resembles
it 'goes on after a file it cannot compress, and ends with 1' goes_on
it 'overwrites nothing without -f' refuses_existing
it 'refuses to overwrite before it reads anything' refuses_early
it 'overwrites nothing that appeared while it worked' late_rival
it 'does not replace what is not a regular file' special_files
it 'names a file it may not read' unreadable
it 'names a file it may not create, and keeps the original' unwritable
it 'tells a read error from the end' read_error
it 'tells that the disk is full' full_disk
it 'leaves no half file on a full disk, and keeps the original' full_disk_for_a_file
it 'ends without a word when nobody reads its output' closed_pipe
it 'leaves no half file when interrupted' interrupted
it 'can be interrupted while nobody reads its output' interrupted_while_nobody_reads
it 'ignores interrupts when told to from outside' ignored_interrupt
it 'explains wrong usage and ends with 2' usage
it 'takes names of any kind' odd_names
it 'writes no compressed data to a terminal unless forced' terminal
it 'shows progress on a terminal only' progress
it 'needs less than 64 MiB for 200 MB' bounded_memory

[ $failures -eq 0 ]
