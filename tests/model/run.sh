#!/bin/sh
# run.sh <model> [-DNAME[=value]…] [<error>]: lets Spin look at every state of <model>.pml, prints how many there are.
# Passes when there is no error; with <error>, a part of Spin's own words, when the first error found is that one
# ("invalid end state" is a deadlock). A search that was cut short is a failure. Exit code 77: Spin is not installed.
# Memory: at most 2 GB. ${CC:-gcc} compiles the search.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
model=$1
shift
wanted=""
defines=""
for argument; do
  case "$argument" in
    -D*) defines="$defines $argument" ;;
    *) wanted=$argument ;;
  esac
done
command -v spin >/dev/null || { echo "run.sh: spin is not installed (Debian: apt-get install spin)" >&2; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() {
  cat said
  if [ -f "$model.pml.trail" ]; then
    # shellcheck disable=SC2086 # the list is meant to be split
    spin -k "$model.pml.trail" -p -g $defines "$here/$model.pml" | tail -n 100
  fi
  echo "run.sh: $model$defines: $1"
  exit 1
}

# shellcheck disable=SC2086
spin -a $defines "$here/$model.pml" >said 2>&1 || fail "Spin refuses the model"
# A search that ends at its first error is mostly shorter than its compilation.
if [ -n "$wanted" ]; then effort=-O0; else effort=-O2; fi
"${CC:-gcc}" "$effort" -w -DSAFETY -DMEMLIM=1900 -o pan pan.c >said 2>&1 || fail "the search does not compile"
./pan -m200000 >said 2>&1 || true

figures=$(awk '/depth reached/ { depth = $6 + 0 } /states, stored/ { states = $1 } /transitions \(=/ { steps = $1 }
               /total actual memory/ { memory = $1 } /pan: elapsed/ { time = $4 }
               END { print states " states, " steps " transitions, depth " depth ", " memory " MB, " time " s" }' said)
found=$(sed -n 's/^pan:1: //p' said)
if grep -q -e 'max search depth too small' -e 'MEMLIM bound' -e 'out of memory' said; then
  fail "the search was cut short: $figures"
fi
if [ -z "$wanted" ]; then
  [ -z "$found" ] || fail "$found"
  grep -q '^Full statespace search' said || fail "not every state was looked at"
  ! grep -q 'Search not completed' said || fail "the search was cut short: $figures"
  grep -q 'errors: 0$' said || fail "no verdict"
  echo "$model$defines: no error; $figures"
  exit 0
fi
[ -n "$found" ] || fail "the bug was not found; $figures"
case "$found" in
  *"$wanted"*) echo "$model$defines: $found; $figures" ;;
  *) fail "found \"$found\" in place of \"$wanted\"" ;;
esac
