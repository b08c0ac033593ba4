#!/bin/sh
# Says which packages the tests need and do not find, with the command that
# installs them. Usage: require-packages.sh COMPILER [MILESTONE]
compiler=$1
milestone=$2
missing=
has() { command -v "$1" > /dev/null 2>&1; }

has_header() {
  echo "#include <$1>" | "$compiler" -std=c++20 -x c++ -fsyntax-only - \
    2> /dev/null
}

has_header gtest/gtest.h || missing="$missing libgtest-dev"
has strace || missing="$missing strace"
has redis-cli && has redis-benchmark || missing="$missing redis-tools"
has redis-server || missing="$missing redis-server"

# The client libraries; the tests of a single milestone do without. nodesource's
# nodejs has an npm in it and conflicts with Debian's package npm: where there is
# an npm, it will do.
if [ -z "$milestone" ]; then
  has_header hiredis/hiredis.h || missing="$missing libhiredis-dev"
  /usr/bin/python3 -c 'import redis' 2> /dev/null ||
    missing="$missing python3-redis"
  has npm || missing="$missing nodejs npm"
fi

[ -z "$missing" ] && exit 0
echo "The tests need packages that are not installed. To install them:" >&2
echo "    sudo apt-get install -y$missing" >&2
exit 1
