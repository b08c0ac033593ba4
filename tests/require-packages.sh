#!/bin/sh
# Says which packages the tests need and do not find, with the command that
# installs them. Usage: require-packages.sh COMPILER
compiler=$1
missing=
has() { command -v "$1" > /dev/null 2>&1; }

echo '#include <gtest/gtest.h>' | "$compiler" -std=c++20 -x c++ -fsyntax-only - \
  2> /dev/null || missing="$missing libgtest-dev"
has strace || missing="$missing strace"
has redis-cli && has redis-benchmark || missing="$missing redis-tools"
has redis-server || missing="$missing redis-server"

[ -z "$missing" ] && exit 0
echo "The tests need packages that are not installed. To install them:" >&2
echo "    sudo apt-get install -y$missing" >&2
exit 1
