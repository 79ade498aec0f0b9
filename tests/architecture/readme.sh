#!/bin/sh
# readme.sh <source tree>: README's first program and its output are those of the first example, to the byte.
set -eu
cd "$1"
first_block() {  # <fence line>: what stands between the first such line and the next fence
  awk -v open="$1" '$0 == "```" && inside { exit } inside { print } $0 == open { inside = 1 }' README.md
}
output_block() {
  awk '/^```cpp$/ { code = 1; next } $0 == "```" && code { code = 0; next } $0 == "```" && inside { exit }
       inside { print } $0 == "```" && !code { inside = 1 }' README.md
}
bad=0
if [ "$(first_block '```cpp')" != "$(cat examples/010_hello/main.cpp)" ]; then
  echo "README.md: its first program is not examples/010_hello/main.cpp"; bad=1
fi
if [ "$(output_block)" != "$(cat examples/010_hello/expected.txt)" ]; then
  echo "README.md: the output of its first program is not examples/010_hello/expected.txt"; bad=1
fi
if ! awk 'BEGIN { while ((getline line < "README.md") > 0) readme = readme line "\n"
                   while ((getline line < "examples/110_fork_pool_hello/main.cpp") > 0) program = program line "\n"
                   while ((getline line < "examples/110_fork_pool_hello/expected.txt") > 0) output = output line "\n"
                   exit !index(readme, "```cpp\n" program "```\n```\n" output "```\n") }'; then
  echo "README.md: its second program and output are not those of examples/110_fork_pool_hello"; bad=1
fi
exit $bad
