#!/bin/sh
# sizes.sh <source tree>: prints the headers over 200 lines, the longest first. Refuses none: past 400 look for the
# second noun.
set -eu
cd "$1"
find include/workpool -name '*.hpp' -exec wc -l {} + | awk '$2 != "total" && $1 > 200' |
  sort -rn | while read -r lines name; do
  if [ "$lines" -gt 400 ]; then echo "over 400: $name ($lines)"; else echo "over 200: $name ($lines)"; fi
done
