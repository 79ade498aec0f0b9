#!/bin/sh
# boost.sh <source tree>: one header includes Boost, and only what the file with main includes can reach it.
set -eu
cd "$1/include/workpool"
bad=0

for header in $(grep -rlE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<boost/' . | sort); do
  case $header in
    ./worker/boost_spawner.hpp | ./adapter/*) ;;
    *) echo "include/workpool/${header#./}: includes Boost; only worker/boost_spawner.hpp and adapters may"; bad=1 ;;
  esac
done

for header in $(grep -rlE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<workpool/(worker/(boost_spawner|entry|pool_entry)|worker_entry)\.hpp>' . | sort); do
  case $header in
    ./worker/entry.hpp | ./worker/pool_entry.hpp | ./worker_entry.hpp) ;;
    *) echo "include/workpool/${header#./}: reaches Boost; only worker_entry.hpp may, for the file with main"; bad=1 ;;
  esac
done
exit $bad
