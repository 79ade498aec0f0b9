#!/bin/sh
# hide.sh <compiler> <folder> <name>...: makes <folder>/c++, the compiler on a machine whose system directories hold no
# headers of these names (folders or files).
set -eu
compiler=$1
folder=$2
shift 2
rm -rf "$folder"
mkdir -p "$folder"
count=0
{
  printf '#!/bin/sh\nexec "%s" -nostdinc' "$compiler"
  LC_ALL=C "$compiler" -x c++ -E -v /dev/null 2>&1 >/dev/null | sed -n '/^#include </,/^End of/s/^ \(\/.*\)/\1/p' |
    while read -r directory; do
      for name; do
        [ -e "$directory/$name" ] || continue
        count=$((count + 1))
        mkdir "$folder/$count"
        ln -s "$directory"/* "$folder/$count"
        for hidden; do rm -f "$folder/$count/$hidden"; done
        directory=$folder/$count
        break
      done
      printf ' -isystem "%s"' "$directory"
    done
  printf ' "$@"\n'
} >"$folder/c++"
chmod +x "$folder/c++"
