#!/bin/sh
# fork_by_address.sh <source tree> <scratch directory> <compiler> [flag…]: workers of a fork pool call code of the
# program, of a library it is linked with, and of one that was opened when they had been started, however the code was
# compiled and linked; and a worker that runs another program refuses by name.
# call_by_address.sh has the ways to link, without processes. Exit code 77: there is no such compiler.
set -eu
tree=$1
rm -rf "$2"
mkdir -p "$2"
cd "$2"
compiler=$3
shift 3
command -v "$compiler" >/dev/null || { echo "no $compiler"; exit 77; }
sources=$tree/tests/faults/fork_by_address
export LC_ALL=C
kinds='death function strings instance other_instance object lambda reference generic linked on_start'

fail() {
  echo "fork_by_address.sh: $compiler, $configuration: $1"
  cat answers errors 2>/dev/null || true
  exit 1
}

flags=$*
compile() { "$compiler" -std=c++20 -Wall -Wextra -Werror -I"$tree/include" $flags "$@"; }

# ask <program> <argument…>: what comes of the code it sends.
ask() { timeout 60 "$@" >answers 2>errors || fail "$* does not end well"; }

here=$PWD
configuration=parts
compile -O1 -fPIC -shared -DNAME=of_linked_library -DNUMBER=100 "$sources/library.cpp" -o liblinked.so
compile -O0 -fPIE -c "$sources/host.cpp" -o host.o
compile -O0 -fPIE -c "$sources/in_front.cpp" -o in_front.o
compile -O0 -fPIC -c "$sources/code.cpp" -o code_O0.o
compile -O2 -fno-pie -c "$sources/code.cpp" -o code_O2.o
compile -O3 -flto -fPIE -c "$sources/code.cpp" -o code_O3.o
compile -O1 -fPIC -shared -DNAME=of_opened_library -DNUMBER=200 -Wl,--build-id "$sources/library.cpp" code_O0.o \
  liblinked.so -Wl,-rpath,"$here" -o libopened.so

# check <configuration> <object of code.cpp> <start methods> <flag…>: the program calls all of its code.
check() {
  configuration=$1 code=$2 starts=$3
  shift 3
  "$compiler" "$@" -Wl,--build-id host.o "$code" liblinked.so -Wl,-rpath,"$here" -o "$configuration" -pthread \
    -ldl 2>errors || fail 'it is not built'
  for start in $starts; do
    ask "./$configuration" "$start" ./libopened.so
    for name in $kinds; do
      for prefix in own opened; do
        grep -q "^${prefix}_$name good" answers || fail "${prefix}_$name of start method $start is not good"
      done
    done
    grep -q '^opened_pointer good' answers || fail "opened_pointer of start method $start is not good"
  done
}

# refuse <host> <program of the workers>: the host's own code is refused by name.
refuse() {
  configuration="$1 with workers of $2"
  ask "./$1" program "$here/$2"
  [ "$(wc -l <answers)" -ne 0 ] || fail 'nothing is answered'
  ! grep -v "refused: .*code of a program with build-id .*but this worker runs $here/$2, which has build-id" answers ||
    fail 'not everything is refused by name'
}

check O0-pie code_O0.o 'zygote fork exec' -pie
check O0-no-pie code_O0.o 'zygote exec' -no-pie
check O2-no-pie code_O2.o 'zygote fork exec' -no-pie
check O3-lto-pie code_O3.o 'zygote fork exec' -O3 -flto -pie
check another code_O0.o zygote -pie in_front.o

refuse O0-pie another
refuse another O0-pie
refuse O0-no-pie O2-no-pie
refuse O3-lto-pie O0-no-pie
echo "fork_by_address.sh: $compiler is right"
