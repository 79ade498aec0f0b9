#!/bin/sh
# deb.sh <cmake> <its generator> <source tree> <folder> <version>: makes the Debian package with the preset of that
# name, compares what it says of itself, and unpacks it to <folder>/root. Nothing is installed.
set -eu
cmake=$1 generator=$2 tree=$3 work=$4 version=$5
bad=0
rm -rf "$work"
umask 077  # whoever packs, all have to be able to read it
"$cmake" --preset package -G "$generator" -S "$tree" -B "$work/build"
(cd "$work/build" && "$(dirname "$cmake")/cpack" -G DEB -B "$work")
package=$work/libworkpool-dev_${version}_all.deb

expect() {  # <field> <what it has to be>
  found=$(dpkg-deb -f "$package" "$1")
  [ "$found" = "$2" ] || { echo "$1 is '$found', not '$2'"; bad=1; }
}
expect Package libworkpool-dev
expect Version "$version"
expect Architecture all
expect Section libdevel
expect Depends libconcurrentqueue-dev
expect Recommends 'libboost1.81-dev | libboost-dev (>= 1.81)'

dpkg-deb -x "$package" "$work/root"
(cd "$tree" && find include -type f | sort) >"$work/expected"
(cd "$work/root/usr" && find include -type f | sort) >"$work/found"
diff "$work/expected" "$work/found" || { echo "other headers than in the tree"; bad=1; }
others=$(cd "$work/root" && find . -type f ! -path './usr/include/*' ! -path './usr/share/cmake/workpool/*' | sort)
[ "$(echo "$others" | xargs)" = './usr/share/doc/libworkpool-dev/copyright ./usr/share/pkgconfig/workpool.pc' ] ||
  { echo "beside headers and CMake files there are: $others"; bad=1; }
closed=$(dpkg-deb -c "$package" | awk '$1 !~ /^(drwxr-xr-x|-rw-r--r--)$/ || $2 != "root/root"')
[ -z "$closed" ] || { echo "modes or owners of other kinds: $closed"; bad=1; }
if grep -rlF "$work" "$work/root"; then echo "these name the folder they were made in"; bad=1; fi
exit $bad
