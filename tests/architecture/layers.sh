#!/bin/sh
# layers.sh <source tree>: a header includes only lower layers, its own folder, and the base (version, config, fwd).
# A header directly under workpool/ that is not the base is a front door: includes and comments, nothing else.
set -eu
cd "$1/include/workpool"

find . -name '*.hpp' | sort | sed 's|^\./||' | awk '
  BEGIN {
    split("detail=0 core=1 queue=2 select=2 resilience=2 ipc=2 process=2 monitor=2 lifecycle=2 " \
          "worker=3 supervise=4 pool=5 algorithm=6 prefork=7 adapter=7 testing=7", pairs, " ")
    for (i in pairs) { split(pairs[i], pair, "="); layer[pair[1]] = pair[2] }
    base["version.hpp"] = base["config.hpp"] = base["fwd.hpp"] = 1
  }
  function folder_of(name) {
    if (name in base) return "(base)"
    return index(name, "/") ? substr(name, 1, index(name, "/") - 1) : "(front)"
  }
  function layer_of(folder) {
    if (folder == "(base)") return -1
    if (folder == "(front)") return 8
    return (folder in layer) ? layer[folder] : ""
  }
  function refuse(text) { print "include/workpool/" header ":" number ": " text; bad = 1 }
  {
    header = $0; number = 0; folder = folder_of(header); mine = layer_of(folder); in_comment = 0
    if (mine == "") { refuse("the folder " folder " has no layer: give it one in tests/architecture/layers.sh"); next }
    while ((getline line < header) > 0) {
      ++number
      if (folder == "(front)" && line !~ /^[ \t]*(\/\/.*|#[ \t]*(pragma once|include .*))?$/)
        refuse("a front door holds includes and comments only; move this into a folder")
      if (line ~ /^[ \t]*#[ \t]*include[ \t]*"/) refuse("write includes as <workpool/folder/name.hpp>")
      if (line !~ /^[ \t]*#[ \t]*include[ \t]*<workpool\//) continue
      name = line; sub(/^[^<]*<workpool\//, "", name); sub(/>.*$/, "", name)
      target = folder_of(name); theirs = layer_of(target)
      if (theirs == "") refuse("includes " name ", whose folder has no layer")
      else if (target == folder) continue
      else if (theirs > mine)
        refuse("includes upwards: " folder " (L" mine ") -> " name " (L" theirs "); a word is missing further down")
      else if (theirs == mine)
        refuse("includes a sibling: " folder " -> " name "; put the shared word into core/, or join the two in pool/")
    }
    close(header)
  }
  END { exit bad }'
