#!/bin/sh
# Installs what workpool needs, builds it, and compresses real files of this machine with examples/parallel_gzip:
# at least 200 MB from /usr, as one tar. Ends with 0 when gunzip gives back the same bytes.
# Works from any directory, on Debian 12, as root or with sudo. Leaves nothing behind but the build.
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$home"
program=build/release/examples/parallel_gzip/parallel_gzip

sh packaging/install-debian.sh
cmake --preset release
cmake --build --preset release --target parallel_gzip

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The headers first, then as much as it takes.
find /usr/include /usr/share /usr/lib -type f -readable -printf '%s %p\n' |
  awk '{ size += $1; sub(/^[0-9]+ /, ""); print } size >= 210e6 { exit }' >"$scratch/files"
sample=$scratch/sample.tar
tar -cf "$sample" -P --verbatim-files-from -T "$scratch/files"

now() { date +%s.%N; }
echo
echo "$program -k sample.tar"
begin=$(now)
"$program" -k "$sample"
end=$(now)
gunzip -c "$sample.gz" | cmp - "$sample"

awk -v files="$(wc -l <"$scratch/files")" -v before="$(stat -c %s "$sample")" -v after="$(stat -c %s "$sample.gz")" \
  -v seconds="$(awk "BEGIN { print $end - $begin }")" -v cores="$(nproc)" 'BEGIN {
  printf "input     %.1f MB: %d files from /usr in one tar\n", before / 1e6, files
  printf "output    %.1f MB: %.1f %%\n", after / 1e6, 100 * after / before
  printf "time      %.2f s: %.1f MB/s on %d cores\n", seconds, before / 1e6 / seconds, cores
  print  "verified  gunzip gives back the same bytes"
}'
