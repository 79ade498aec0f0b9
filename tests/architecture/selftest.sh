#!/bin/sh
# selftest.sh <folder of the rules>: each rule accepts a tree that keeps it and refuses, by name, one that breaks it.
set -eu
rules=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
bad=0

# fresh: a small tree that keeps every rule.
fresh() {
  rm -rf "$tree"
  mkdir -p "$tree/include/workpool/detail/posix" "$tree/include/workpool/core" "$tree/include/workpool/queue" \
    "$tree/include/workpool/select" "$tree/include/workpool/pool" "$tree/tests"
  put include/workpool/config.hpp '#pragma once' '#define WORKPOOL_X 1'
  put include/workpool/detail/posix/fd.hpp '#pragma once' '#include <unistd.h>'
  put include/workpool/core/task.hpp '#pragma once' '#include <workpool/config.hpp>' \
    '#include <workpool/detail/posix/fd.hpp>' 'struct task {};'
  put include/workpool/queue/lane.hpp '#pragma once' '#include <workpool/core/task.hpp>' 'struct lane {};'
  put include/workpool/select/pick.hpp '#pragma once' 'struct pick {};'
  put include/workpool/pool/pool.hpp '#pragma once' '#include <workpool/queue/lane.hpp>' \
    '#include <workpool/select/pick.hpp>'
  put include/workpool/pool.hpp '#pragma once' '/// The front door.' '#include <workpool/pool/pool.hpp>'
  for name in config detail/posix/fd core/task queue/lane select/pick pool/pool; do
    put "tests/${name}_test.cpp" "#include <workpool/$name.hpp>" '#include "support/catch.hpp"'
  done
  put tests/core/task_races_test.cpp '#include <workpool/core/task.hpp>'
  put examples/010_hello/main.cpp 'int main() {}'
  put examples/010_hello/expected.txt 'hello'
  put examples/110_fork_pool_hello/main.cpp 'int main() { return 0; }'
  put examples/110_fork_pool_hello/expected.txt 'crash'
  put docs/snippets/run.cpp '// A program.' '  //! [run]' '  int main() {' '    return 7;' '  }' '  //! [run]'
  put docs/snippets/run.txt 'one' 'two' 'three'
  put docs/snippets/refused/run.cpp '// says: not so' 'int main() { return "7"; }'
  put docs/run.md '# Run, and how' '<!-- code: docs/snippets/run.cpp [run] -->' '```cpp' 'int main() {' '  return 7;' '}' '```' \
    '<!-- output: docs/snippets/run.txt -->' '```text' 'one' 'two' 'three' '```' \
    '<!-- part of the output: docs/snippets/run.txt -->' '```text' 'two' 'three' '```' \
    '<!-- code: docs/snippets/refused/run.cpp -->' '```cpp' '// says: not so' 'int main() { return "7"; }' '```' \
    '<!-- error: docs/snippets/refused/run.cpp -->' '```text' 'not so' '```' \
    '[here](#run-and-how), [there](../README.md), [a folder](snippets), [elsewhere](https://example.com/x)'
  put README.md '```cpp' 'int main() {}' '```' '```' 'hello' '```' \
    '```cpp' 'int main() { return 0; }' '```' '```' 'crash' '```'
}

put() {
  mkdir -p "$(dirname "$tree/$1")"
  file=$1
  shift
  printf '%s\n' "$@" >"$tree/$file"
}

accepted() {
  if ! said=$(sh "$rules/$1.sh" "$tree" 2>&1); then
    echo "selftest: $1 refuses a tree that keeps the rule: $said"; bad=1
  fi
}

# refused <rule> <what the message must contain>
refused() {
  if said=$(sh "$rules/$1.sh" "$tree" 2>&1); then
    echo "selftest: $1 accepts a tree that breaks it ($2)"; bad=1
  else
    case "$said" in
      *"$2"*) ;;
      *) echo "selftest: $1 refuses without naming \"$2\": $said"; bad=1 ;;
    esac
  fi
  fresh
}

fresh
for rule in layers mirror posix boost words sizes readme docs; do accepted $rule; done

put examples/010_hello/main.cpp 'int main() { return 1; }'
refused readme 'its first program'
put examples/010_hello/expected.txt 'bye'
refused readme 'the output'
put examples/110_fork_pool_hello/expected.txt 'no crash'
refused readme 'its second program'

put docs/snippets/run.cpp '//! [run]' 'int main() {' '  return 8;' '}' '//! [run]'
refused docs 'docs/run.md:5: is not line 2 of docs/snippets/run.cpp [run], which is:   return 8;'
put docs/snippets/run.cpp '//! [run]' 'int main() {' '  return 7;' '}' ' ' '//! [run]'
refused docs 'is not line 4'
put docs/snippets/run.cpp '//! [run]' 'int main() {'
refused docs 'docs/snippets/run.cpp has 1 marks [run] and not 2'
rm "$tree/docs/snippets/run.cpp"
refused docs 'docs/snippets/run.cpp does not exist'
put docs/snippets/run.txt 'one' 'TWO' 'three'
refused docs 'is not line 2 of docs/snippets/run.txt'
put docs/snippets/run.txt 'one' 'two' '' 'three'
refused docs 'these lines do not stand together in docs/snippets/run.txt'
put docs/snippets/refused/run.cpp '// says: but so' 'int main() { return "7"; }'
refused docs 'is not line 1 of docs/snippets/refused/run.cpp, which is: but so'
put docs/more.md '```cpp' 'int x;' '```'
refused docs 'docs/more.md:1: this block of cpp does not say where it comes from'
put docs/more.md '```' 'int x;' '```'
refused docs 'docs/more.md:1: a block is cpp, python, js, text or sh'
put docs/more.md '<!-- theirs: Taskflow -->' '```cpp' 'int x;' '```'
refused docs 'docs/more.md:2: this block of cpp is not cut from code'
put docs/snippets/more.cpp 'int x;'
refused docs 'docs/snippets/more.cpp: no page shows it'
put docs/more.md 'text' 'and [a link](gone.md) to nothing'
refused docs 'docs/more.md:2: there is no docs/gone.md'
put docs/more.md '[a link](run.md#gone)'
refused docs 'docs/more.md:1: docs/run.md has no heading #gone'
put docs/reliability.md '**All** of it is held by *a test that is there*'
put tests/core/task_more_test.cpp 'TEST_CASE("a test that is there", "[task]")'
accepted docs
put docs/reliability.md 'held by *a test that is gone*'
refused docs 'docs/reliability.md: there is no test "a test that is gone"'
drawing() {  # of a machine with these states
  put include/workpool/supervise/slot_machine.hpp '#pragma once' 'enum class slot_state : int {' '  stopped,  // or never' \
    '  ready, failed' '};'
  mkdir -p "$tree/docs/drawings"
  for state; do echo "<text class=\"mid state\">$state</text>"; done >"$tree/docs/drawings/slot_life.svg"
  put include/workpool/worker/process_worker.hpp 'enum class process_stage : int { idle };' \
    'enum class other : int { busy };'
  echo '<text>a <tspan class="stage">idle</tspan> one</text>' >>"$tree/docs/drawings/slot_life.svg"
}
drawing stopped failed ready
accepted docs
drawing stopped failed
refused docs 'docs/drawings/slot_life.svg: state ready of slot_state is missing'
drawing stopped failed ready asleep
refused docs 'docs/drawings/slot_life.svg: slot_state has no asleep'
put README.md '[a link](docs/gone.md)'
refused docs 'README.md:1: there is no docs/gone.md'

put include/workpool/core/task.hpp '#include <workpool/pool/pool.hpp>'
refused layers 'core/task.hpp:1: includes upwards'
put include/workpool/detail/posix/fd.hpp '#  include <workpool/core/task.hpp>'
refused layers 'detail/posix/fd.hpp:1: includes upwards'
put include/workpool/queue/lane.hpp '#include <workpool/select/pick.hpp>'
refused layers 'queue/lane.hpp:1: includes a sibling'
put include/workpool/pool/pool.hpp '#include <workpool/pool.hpp>'
refused layers 'pool/pool.hpp:1: includes upwards'
put include/workpool/core/task.hpp '#include "future.hpp"'
refused layers 'core/task.hpp:1: write includes as'
put include/workpool/utilities/misc.hpp '#pragma once'
refused layers 'the folder utilities has no layer'
put include/workpool/pool.hpp '#pragma once' 'struct everything {};'
refused layers 'pool.hpp:2: a front door holds includes'

rm "$tree/tests/queue/lane_test.cpp"
refused mirror 'include/workpool/queue/lane.hpp: has no test'
put tests/queue/ghost_test.cpp '#include <workpool/queue/lane.hpp>'
refused mirror 'tests/queue/ghost_test.cpp: belongs to no header'
put tests/queue/lane_test.cpp '#include "support/catch.hpp"' '#include <workpool/queue/lane.hpp>'
refused mirror 'tests/queue/lane_test.cpp: must include <workpool/queue/lane.hpp> first'

put include/workpool/queue/lane.hpp '#include <sys/eventfd.h>'
refused posix 'queue/lane.hpp:1:'
put include/workpool/core/task.hpp '#include <sched.h>'
refused posix 'core/task.hpp:1:'

put include/workpool/core/task.hpp '#include <boost/process.hpp>'
refused boost 'core/task.hpp: includes Boost'
put include/workpool/queue/lane.hpp '#include <workpool/worker_entry.hpp>'
refused boost 'queue/lane.hpp: reaches Boost'

put include/workpool/core/task.hpp '// TO''DO: the rest'
refused words 'core/task.hpp:1:'
put README.md 'FIX''ME'
refused words 'README.md:1:'

put include/workpool/core/task.hpp "$(yes '//' | head -n 401)"
case "$(sh "$rules/sizes.sh" "$tree")" in
  *'over 400: include/workpool/core/task.hpp (401)'*) ;;
  *) echo 'selftest: sizes does not print a header of 401 lines'; bad=1 ;;
esac
exit $bad
