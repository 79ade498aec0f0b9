#!/bin/sh
# Passes the tests: installs what is missing (Debian), configures, builds, and runs every test but the long ones.
set -eu
cd "$(dirname "$0")/.."
packaging/install-debian.sh

version=$(cmake --version | sed -n '1s/^cmake version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
if [ "${version% *}" -lt 3 ] || { [ "${version% *}" -eq 3 ] && [ "${version#* }" -lt 25 ]; }; then
  echo "tests/run.sh: cmake 3.25 or later is needed (workflow presets), found: $(cmake --version | head -n 1)" >&2
  exit 1
fi
exec cmake --workflow --preset release
