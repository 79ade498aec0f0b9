#!/bin/sh
# pkg_config.sh <compiler> <prefix> <source> <program> <version>: builds and runs the source with what pkg-config says.
set -eu
command -v pkg-config >/dev/null || { echo "pkg-config is not installed: skipped"; exit 77; }
PKG_CONFIG_PATH=$2/share/pkgconfig
export PKG_CONFIG_PATH
found=$(pkg-config --modversion workpool)
[ "$found" = "$5" ] || { echo "workpool.pc says version $found, the headers say $5"; exit 1; }
# shellcheck disable=SC2046 # the flags are meant to be split
"$1" -std=c++20 $(pkg-config --cflags workpool) "$3" -o "$4" $(pkg-config --libs workpool)
"$4"
