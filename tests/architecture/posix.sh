#!/bin/sh
# posix.sh <source tree>: of the public headers only those in detail/posix/ name headers of the operating system.
set -eu
cd "$1"
names='sys|linux|asm|bits|net|netinet|arpa'
files='aio|dirent|dlfcn|elf|endian|execinfo|fcntl|fnmatch|ftw|glob|grp|ifaddrs|link|malloc|mqueue|netdb'
files="$files|poll|pthread|pwd|sched|semaphore|signal|spawn|syscall|syslog|termios|time|ucontext|unistd|wordexp"
posix="^[[:space:]]*#[[:space:]]*include[[:space:]]*<(($names)/[^>]*|($files)\.h)>"
if grep -rnE --include='*.hpp' "$posix" include/workpool |
  grep -v '^include/workpool/detail/posix/'; then
  echo "these belong behind a header in include/workpool/detail/posix/"
  exit 1
fi
