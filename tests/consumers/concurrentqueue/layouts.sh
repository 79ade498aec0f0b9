#!/bin/sh
# layouts.sh <compiler> <cmake> <its generator> <concurrentqueue.h> <source tree> <folder>: wherever a distributor puts
# moodycamel's header, Findconcurrentqueue.cmake finds it and detail/concurrentqueue.hpp includes it. The compiler sees
# no other one.
set -eu
compiler=$1 cmake=$2 generator=$3 header=$4 tree=$5 work=$6
bad=0
rm -rf "$work"
mkdir -p "$work"
cat >"$work/use.cpp" <<'end'
#include <workpool/detail/concurrentqueue.hpp>
int main() {
  moodycamel::ConcurrentQueue<int> queue;
  int taken = 0;
  return queue.enqueue(1) && queue.try_dequeue(taken) && taken == 1 ? 0 : 1;
}
end
compiles() {
  "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror "-I$tree/include" "$@" \
    "$work/use.cpp" >"$work/said" 2>&1
}
finds() {  # <folder with include/> <build>
  "$cmake" -G "$generator" -S "$(dirname "$0")" -B "$2" "-DWORKPOOL_SOURCE_DIR=$tree" \
    "-DCMAKE_PREFIX_PATH=$1" >"$work/said" 2>&1
}

for layout in moodycamel/concurrentqueue.h concurrentqueue/moodycamel/concurrentqueue.h \
  concurrentqueue/concurrentqueue.h concurrentqueue.h; do
  place=$work/${layout%.h}
  mkdir -p "$place/include/$(dirname "$layout")"
  ln -s "$header" "$place/include/$layout"
  if ! finds "$place" "$place/build"; then
    cat "$work/said"; echo "include/$layout: Findconcurrentqueue.cmake does not find it"; bad=1
  elif ! compiles "-I$(cat "$place/build/found")"; then
    cat "$work/said"; echo "include/$layout: is found, but not included, or with warnings"; bad=1
  fi
done

mkdir "$work/none"
if finds "$work/none" "$work/none/build"; then
  echo "without a header: Findconcurrentqueue.cmake finds $(cat "$work/none/build/found")"; bad=1
elif ! grep -q 'install libconcurrentqueue-dev' "$work/said"; then
  cat "$work/said"; echo "without a header: Findconcurrentqueue.cmake does not say what to install"; bad=1
fi
if compiles; then
  echo "without a header: it compiles"; bad=1
elif ! grep -q 'error.*install libconcurrentqueue-dev, or define WORKPOOL_CONCURRENTQUEUE_HEADER' "$work/said"; then
  cat "$work/said"; echo "without a header: the compiler does not say what to install"; bad=1
fi
if ! compiles "-DWORKPOOL_CONCURRENTQUEUE_HEADER=\"$header\""; then
  cat "$work/said"; echo "WORKPOOL_CONCURRENTQUEUE_HEADER: is not included"; bad=1
fi
exit $bad
