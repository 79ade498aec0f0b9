#!/bin/sh
# docs.sh <source tree>: every block of code in docs/*.md is cut from a file that is compiled and run, to the byte; what
# is shown as output is what the tests expect; every link in a page of ours leads somewhere; every test that
# docs/reliability.md names, in italics, is there; and the machines that docs/drawings shows have the states and events
# of the code.
#
# A fenced block stands directly below a comment that says where it comes from; paths are those of the tree:
#
#   <!-- code: docs/snippets/run.cpp [hello] -->     the lines between two lines `//! [hello]` (`#! [hello]` in scripts),
#                                                    without what they are all indented by; without [name] the whole file
#   <!-- output: docs/snippets/run.txt -->           the whole of what a program prints
#   <!-- part of the output: docs/snippets/run.txt -->   some of its lines, one after the other
#   <!-- error: docs/snippets/refused/run.cpp -->    what a compiler says of it: what its first line calls "// says: …"
#   <!-- theirs: Taskflow -->                        text only: code of a library that is not to be had here
#   <!-- drawing -->                                 text only
#
# A block of sh is what somebody types, and needs none.
set -eu
cd "$1"
set --
for page in README.md CONTRIBUTING.md bench/README.md docs/*.md; do
  if [ -f "$page" ]; then set -- "$@" "$page"; fi
done
shown=$(mktemp)
trap 'rm -f "$shown"' EXIT
bad=0

# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
awk -v shown="$shown" '
  function refuse(text) { print page ":" at ": " text; bad = 1 }

  # lines[1 … count]: those of a file, or of a region of it. Gives: whether there are any.
  function load(file, region,    text, name, inside, marks, status, least, indent, i) {
    count = 0; marks = 0; inside = (region == "")
    while ((status = (getline text < file)) > 0) {
      if (text ~ /^[ \t]*(\/\/|#)! \[[^]]*\]$/) {
        name = text; sub(/^[^[]*\[/, "", name); sub(/\]$/, "", name)
        if (name == region) { inside = !inside; ++marks }
      } else if (inside) {
        lines[++count] = text
      }
    }
    close(file)
    if (status < 0) { refuse(file " does not exist"); return 0 }
    if (region != "" && marks != 2) { refuse(file " has " marks " marks [" region "] and not 2"); return 0 }
    least = -1
    for (i = 1; i <= count; ++i) {
      if (lines[i] ~ /^ *$/) continue
      match(lines[i], /^ */); indent = RLENGTH
      if (least < 0 || indent < least) least = indent
    }
    for (i = 1; i <= count; ++i) lines[i] = substr(lines[i], least + 1)
    return count > 0
  }

  # Gives: the first line of the block that is not that of the file from `begin` on; 0 when there is none.
  function differs(begin,    i) {
    for (i = 1; i <= size; ++i) if (begin + i > count || block[i] != lines[begin + i]) return i
    return 0
  }

  function check(    file, region, i) {
    if (origin == "") { refuse("this block of " language " does not say where it comes from"); return }
    file = origin; sub(/^[a-z ]*: /, "", file)
    region = ""
    if (match(file, / \[[^]]*\]$/)) { region = substr(file, RSTART + 2, RLENGTH - 3); file = substr(file, 1, RSTART - 1) }
    if (origin ~ /^code: /) {
      if (language == "text") { refuse("a block of code says its language"); return }
    } else if (language != "text") {
      refuse("this block of " language " is not cut from code: " origin); return
    } else if (origin == "drawing" || origin ~ /^theirs: ./) {
      return
    } else if (origin !~ /^(output|part of the output|error): /) {
      refuse("unknown origin: " origin); return
    }
    print file >shown
    if (!load(file, region)) return
    if (origin ~ /^error: /) {
      count = sub(/^\/\/ says: /, "", lines[1])
      if (!count) { refuse(file " does not begin with `// says: `"); return }
    }
    if (origin ~ /^part of/) {
      for (i = 0; i < count; ++i) if (!differs(i)) return
      refuse("these lines do not stand together in " file)
    } else if ((i = differs(0)) || size != count) {
      if (!i) i = size + 1
      at = at + i
      refuse("is not line " i " of " file (region == "" ? "" : " [" region "]") ", which is: " lines[i])
    }
  }

  FNR == 1 { page = FILENAME; fenced = 0; before = "" }
  page !~ /^docs\// { next }
  fenced && $0 == "```" { fenced = 0; before = ""; if (language != "sh") check(); next }
  fenced { block[++size] = $0; next }
  /^```/ {
    fenced = 1; size = 0; at = FNR; language = substr($0, 4); origin = ""
    if (before ~ /^<!-- .* -->$/) { origin = before; sub(/^<!-- /, "", origin); sub(/ -->$/, "", origin) }
    if (language !~ /^(cpp|python|js|text|sh)$/) refuse("a block is cpp, python, js, text or sh, and not \"" language "\"")
    next
  }
  { before = $0 }
  END { exit bad }' "$@" || bad=1

# ── nothing is kept that nobody sees ─────────────────────────────────────────────────────────────────────────────────
if [ -d docs/snippets ]; then
  for file in $(find docs/snippets -name '*.cpp' -o -name '*.py' -o -name '*.js' | sort); do
    if ! grep -qxF "$file" "$shown"; then echo "$file: no page shows it"; bad=1; fi
  done
fi

# ── tests that are named ─────────────────────────────────────────────────────────────────────────────────────────────
if [ -f docs/reliability.md ]; then
  awk '/^```/ { fenced = !fenced; next }
       !fenced { gsub(/\*\*/, ""); while (match($0, /\*[^*]+\*/)) { print substr($0, RSTART + 1, RLENGTH - 2); $0 = substr($0, RSTART + RLENGTH) } }' \
    docs/reliability.md >"$shown"
  while read -r name; do
    if ! grep -rqF "\"$name\"" tests; then echo "docs/reliability.md: there is no test \"$name\""; bad=1; fi
  done <"$shown"
fi

# ── machines that are drawn ──────────────────────────────────────────────────────────────────────────────────────────
# drawn <drawing> <class> <header> <enum>: what stands there in elements of that class, and nothing else, is in the enum.
drawn() {
  if [ ! -f "docs/drawings/$1" ]; then return; fi
  grep -oE "class=\"([a-z]+ )*$2\">[a-z_]+<" "docs/drawings/$1" | sed 's/.*>\(.*\)</\1/' | sort -u >"$shown"
  members=$(awk -v begin="^enum class $4 " '$0 ~ begin { on = 1 } on { print } on && /};/ { exit }' "include/workpool/$3" |
    sed -e 's|//.*||' -e 's/.*{//' -e 's/}.*//' | grep -oE '[a-z_]+')
  for name in $members; do
    if ! grep -qxF "$name" "$shown"; then echo "docs/drawings/$1: $2 $name of $4 is missing"; bad=1; fi
  done
  while read -r name; do
    if ! echo "$members" | grep -qxF "$name"; then echo "docs/drawings/$1: $4 has no $name"; bad=1; fi
  done <"$shown"
}
drawn task_life.svg state core/task_state.hpp task_phase
drawn task_life.svg event core/task_state.hpp task_event
drawn slot_life.svg state supervise/slot_machine.hpp slot_state
drawn slot_life.svg stage worker/process_worker.hpp process_stage

# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────
awk '
  # The anchor that a heading gets on GitHub.
  function anchor_of(text) {
    gsub(/`/, "", text)
    gsub(/…|–|—|“|”|’|→|·/, "", text)
    text = tolower(text)
    gsub(/[][!"#$%&()*+,.\/:;<=>?@\\^{|}~\047]/, "", text)
    gsub(/ /, "-", text)
    return text
  }
  function read_anchors(file,    text, status, inside, name) {
    if (file in known) return
    known[file] = 1; inside = 0
    while ((status = (getline text < file)) > 0) {
      if (text ~ /^```/) { inside = !inside; continue }
      if (inside || text !~ /^#+ /) continue
      sub(/^#+ /, "", text); name = anchor_of(text)
      if ((file, name) in anchors) name = name "-" ++again[file, name]
      anchors[file, name] = 1
    }
    close(file)
  }
  # a/b/../c is a/c
  function plain(path) {
    gsub(/\/\.\//, "/", path)
    while (match(path, /[^\/]+\/\.\.(\/|$)/)) path = substr(path, 1, RSTART - 1) substr(path, RSTART + RLENGTH)
    sub(/\/$/, "", path)
    return path == "" ? "." : path
  }
  function check(target,    file, name) {
    if (target ~ /^(https?|mailto):/) return
    name = ""
    file = target
    if (match(file, /#.*$/)) { name = substr(file, RSTART + 1); file = substr(file, 1, RSTART - 1) }
    if (file == "") file = FILENAME
    else file = plain(folder file)
    if (system("test -e \"" file "\"") != 0) { print FILENAME ":" FNR ": there is no " file; bad = 1; return }
    if (name == "") return
    read_anchors(file)
    if (!((file, name) in anchors)) { print FILENAME ":" FNR ": " file " has no heading #" name; bad = 1 }
  }
  FNR == 1 { fenced = 0; folder = FILENAME; if (!sub(/\/[^\/]*$/, "/", folder)) folder = "" }
  /^```/ { fenced = !fenced; next }
  fenced { next }
  {
    text = $0
    gsub(/`[^`]*`/, "", text)
    while (match(text, /\]\([^() ]*\)/)) {
      target = substr(text, RSTART + 2, RLENGTH - 3)
      text = substr(text, RSTART + RLENGTH)  # before check(), which matches, too
      check(target)
    }
  }
  END { exit bad }' "$@" || bad=1
exit $bad
