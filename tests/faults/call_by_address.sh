#!/bin/sh
# call_by_address.sh <source tree> <scratch directory> <compiler>: code is called in another process by its module and
# offset, however program and libraries were built; and nothing is called in a process that has another module.
# Exit code 77: there is no such compiler.
set -eu
tree=$1
rm -rf "$2"
mkdir -p "$2"
cd "$2"
compiler=$3
command -v "$compiler" >/dev/null || { echo "no $compiler"; exit 77; }
sources=$tree/tests/faults/call_by_address
export LC_ALL=C
own='function template instance pointer lambda reference generic'

fail() {
  echo "call_by_address.sh: $compiler, $configuration: $1"
  cat answers errors 2>/dev/null || true
  exit 1
}

compile() { "$compiler" -std=c++20 -Wall -Wextra -Werror -I"$tree/include" "$@"; }

# expect <answer> <name…>: the answers to the requests of these names begin with it, and there are no other ones.
expect() {
  answer=$1
  shift
  [ "$(wc -l <answers)" -eq $# ] || fail "there are not exactly $# answers"
  for name; do
    grep -q "^$name $answer" answers || fail "$name is not answered with \"$answer\""
  done
}

# ask <host> <worker> [library…]: what the worker answers to the requests of the host.
ask() {
  asked=$1 asking=$2
  shift 2
  "$asked" host "$@" >requests 2>errors || fail "the host does not run"
  (cd / && "$asking" worker) <requests >answers 2>>errors || fail "the worker does not run"
}

here=$PWD
configuration=libraries
for library in 'linked 100' 'opened 200' 'opened 300' 'unnamed 400'; do
  set -- $library
  flags=-Wl,--build-id function=of_$1_library
  case $1 in unnamed) flags=-Wl,--build-id=none function=of_opened_library ;; esac
  compile -O1 -fPIC -shared -DNUMBER="$2" -DNAME=$function "$flags" "$sources/library.cpp" -o "lib$1$2.so"
done
compile -O2 -fPIE -c "$sources/naming.cpp" -o naming.o
compile -O2 -flto -fPIE -c "$sources/naming.cpp" -o naming_lto.o

# check <configuration> <identity> <libraries> <flags…>: the program is called as itself and by a stripped copy, and
# refused by another program. identity: build-id or file; libraries: with or without.
check() {
  configuration=$1 identity=$2 libraries=$3
  shift 3
  naming=naming.o names=$own linked='' opened=''
  case " $* " in *' -flto '*) naming=naming_lto.o ;; esac
  if [ "$libraries" = with ]; then
    set -- "$@" -DLIBRARIES -Wl,-rpath,"$here"
    names="$own linked opened" linked=$here/liblinked100.so opened=./libopened200.so
  fi
  compile "$@" "$sources/program.cpp" $naming $linked -o program -pthread -ldl 2>errors || fail 'it is not built'
  compile -DANOTHER_PROGRAM "$@" "$sources/program.cpp" $naming $linked -o another -pthread -ldl 2>errors ||
    fail 'the other program is not built'
  strip -o copy program

  ask ./program "$here/program" $opened
  expect good $names
  if [ "$identity" = build-id ]; then
    ask ./program "$here/copy" $opened
    expect good $names
    wanted="which has build-id"
  else
    cp program copy
    wanted="which has no build-id but the file identity"
  fi
  ask ./program "$here/copy"
  [ "$identity" = build-id ] || refused copy
  ask ./program "$here/another"
  refused another
}

# refused <worker>: the program's own code is refused by name, and what lies in the library both have is called.
refused() {
  for name in $own; do
    grep -q "^$name refused: .*but this worker runs $here/$1, $wanted" answers || fail "$1 does not refuse $name"
  done
  if [ "$libraries" = with ]; then grep -q '^linked good' answers || fail "$1 refuses the library it has"; fi
}

named=-Wl,--build-id
check O0 build-id with -O0 $named
check O2 build-id with -O2 $named
check O3-lto build-id with -O3 -flto $named
check no-pie build-id with -O2 -no-pie $named
check static build-id without -O2 -static $named
check gc-sections build-id with -O2 -ffunction-sections -Wl,--gc-sections -Wl,--build-id=md5
check hidden-pie build-id with -O2 -fvisibility=hidden -fPIE -pie $named
if command -v ld.gold >/dev/null; then check gold-icf build-id with -O2 -fuse-ld=gold -Wl,--icf=all $named; fi
if command -v ld.lld >/dev/null; then check lld build-id with -O2 -fuse-ld=lld $named; fi
check no-id-static file without -O2 -static -Wl,--build-id=none
check no-id-no-pie file with -O2 -no-pie -Wl,--build-id=none
check no-id file with -O2 -Wl,--build-id=none

# What follows has one program without build-id, and one with it.
configuration='started by hand'
loader=$(awk '$6 ~ /\/ld-linux[^\/]*$/ { print $6; exit }' /proc/self/maps)
if [ -n "$loader" ]; then
  "$loader" ./program host >answers 2>errors || fail 'the host does not run'
  for name in $own; do
    grep -q "^$name refused: .*link it with -Wl,--build-id" answers || fail "$name of a program that hides is not refused"
  done
fi

configuration='library without build-id'
compile -O2 $named -DLIBRARIES "$sources/program.cpp" naming.o "$here/liblinked100.so" -Wl,-rpath,"$here" -o program \
  -pthread -ldl
./program host ./libunnamed400.so >answers 2>errors || fail 'the host does not run'
grep -q "^opened refused: .* lies in $here/libunnamed400.so, which has no build-id.*link it with -Wl,--build-id" answers ||
  fail 'the host does not refuse it'

configuration='replaced library'
cp libopened200.so libreplaced.so
./program host ./libreplaced.so >requests 2>errors || fail 'the host does not run'
rm libreplaced.so
cp libopened300.so libreplaced.so
./program worker <requests >answers 2>errors || fail 'the worker does not run'
id='build-id [0-9a-f]\{16,\}'
grep -q "^opened refused: .*$here/libreplaced.so with $id, .*the file has $id: it was replaced" answers ||
  fail 'the worker does not refuse it'
if grep -q 'library 300 is loaded' errors; then fail 'initialisers of the replaced library ran'; fi
rm libreplaced.so
./program worker <requests >answers 2>errors || fail 'the worker does not run'
grep -q "^opened refused: .*$here/libreplaced.so with $id, .*No such file" answers || fail 'a lost library is not refused'

configuration='reloaded library'
./program reload ./libopened200.so ./libopened300.so >requests 2>errors || fail 'the host does not run'
grep -q 'in the same place' errors || echo "call_by_address.sh: $compiler, $configuration: the loader chose another place"
./program worker <requests >answers 2>>errors || fail 'the worker does not run'
expect good before after
echo "call_by_address.sh: $compiler is right"
