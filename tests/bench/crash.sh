#!/bin/sh
# What is lost when a server is killed, when the power fails, and when a file is
# damaged, beside redis-server: the figures of docs/durability.md. The tests are
# those of tests/crash, with more rounds, and one that only runs here.
#
#   make crash [ROUNDS=100]
set -eu
cd "$(dirname "$0")/../.."
export KLH_ROUNDS="${1:-100}"

for tool in redis-server redis-check-aof; do
  command -v $tool >/dev/null || {
    echo "this needs $tool: apt-get install redis-server"
    exit 1
  }
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM
failed=0

# The test prints its figures indented; the line that tells how many tests have
# passed is left out.
show() {
  echo
  echo "$1"
  for server in klh redis-server; do
    echo "  $server"
    flag=
    [ $server = klh ] || flag="--server=$server"
    if tests/build/crash_test $flag --deadline-ms=60000 \
      --gtest_also_run_disabled_tests --gtest_filter="$2" > "$log" 2>&1; then
      sed -n '/[0-9] passed/d; s/^  /    /p' "$log"
    else
      cat "$log"
      failed=1
    fi
  done
}

for policy in always everysec no; do
  export KLH_POLICY=$policy
  show "kill -9, $policy" Killed.LosesNothing
done
show 'kill -9, everysec, a sync takes up to half a second' \
  Killed.LosesNothingWhileASyncTakesLong
show 'power failure, always' PowerLoss.LosesNothingWithAlways
show 'power failure, everysec' PowerLoss.LosesTheLastChangesWithEverysec
show 'power failure, no' PowerLoss.LosesTheLastChangesWithNo
show 'power failure after the first change, always' \
  PowerLoss.KeepsADirectoryThatTheServerHasMade
export KLH_IN_ORDER=1
show 'power failure, names kept in order, always' \
  PowerLoss.LosesNothingWithAlways
show 'power failure, names kept in order, everysec' \
  PowerLoss.LosesTheLastChangesWithEverysec
show 'power failure, names kept in order, no' \
  PowerLoss.LosesTheLastChangesWithNo
show 'power failure, names kept in order, after the first change, always' \
  PowerLoss.KeepsADirectoryThatTheServerHasMade
show 'each byte cut and changed, each file gone' 'EveryByte.*'
exit $failed
