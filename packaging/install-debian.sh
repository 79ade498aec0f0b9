#!/bin/sh
# Installs what workpool needs on Debian 12 or later: the compiler, the one library it stands on, and what its tests and
# examples use. Only what is missing is installed; nothing is asked, and with everything present nothing is done.
# On other systems it installs nothing, and says which tools are missing.
set -eu

build="g++ cmake ninja-build libconcurrentqueue-dev"
fork="libboost1.81-dev"
tests="catch2 librapidcheck-dev libcereal-dev pkg-config"
examples="zlib1g-dev libcli11-dev gzip tar"

say() { echo "install-debian.sh: $*" >&2; }

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  missing=""
  command -v "${CXX:-c++}" >/dev/null || missing="$missing ${CXX:-c++} (C++20: g++ 12, clang 14 or later)"
  command -v cmake >/dev/null || missing="$missing cmake (3.25 or later)"
  command -v ninja >/dev/null || missing="$missing ninja"
  if [ -n "$missing" ]; then
    say "this is not Debian, so nothing was installed, and these are missing:$missing"
    say "install them and the counterparts of these Debian packages: $build $fork $tests $examples"
    exit 1
  fi
  say "this is not Debian: nothing was installed, what is there is used"
  exit 0
fi

missing=""
for package in $build $fork $tests $examples; do
  case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
    ?i*) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "these packages are missing, and without root or sudo they cannot be installed:$missing"
    say "as root: apt-get install --no-install-recommends$missing"
    exit 1
  fi
  as_root=sudo
fi

say "installing$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
