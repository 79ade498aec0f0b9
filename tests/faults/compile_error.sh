#!/bin/sh
# compile_error.sh <snippet> <compiler> <flags…>: the snippet is refused, and the compiler's message contains what the
# snippet's first line says ("// says: …"). With -DREPAIRED it compiles, so that it is refused for this reason alone.
set -eu
snippet=$1
shift
wanted=$(sed -n '1s|^// says: ||p' "$snippet")
export LC_ALL=C

if ! said=$("$@" -DREPAIRED "$snippet" 2>&1); then
  printf '%s\n' "$said" "compile_error.sh: $snippet does not even compile when it is repaired"
  exit 1
fi
if said=$("$@" "$snippet" 2>&1); then
  echo "compile_error.sh: $snippet compiles"
  exit 1
fi
case "$said" in
  *error:*"$wanted"*) ;;
  *)
    printf '%s\n' "$said" "compile_error.sh: $snippet is refused without saying \"$wanted\""
    exit 1
    ;;
esac
