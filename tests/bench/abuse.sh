#!/bin/sh
# How long a client that behaves waits while others abuse the server, and what
# memory that costs, beside redis-server in the same run: the table of
# docs/abuse.md. The scenarios are those of tests/abuse, with larger counts.
#
#   make abuse [RUNS=3]
#
# The first processor to the server, the last to all clients. Of each number the
# best of the runs is shown: what other programs on the machine take makes it
# larger, never smaller. Neither server writes files.
set -eu
cd "$(dirname "$0")/../.."
runs=${1:-3}

for tool in redis-server taskset; do
  command -v $tool >/dev/null || {
    echo "this needs $tool: apt-get install redis-server util-linux"
    exit 1
  }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
last=$(($(nproc) - 1))

# The servers as the tests start any program: with --port N.
start_as() {
  name=$1
  shift
  echo '#!/bin/sh' > "$work/$name"
  echo "exec taskset -c 0 $* --save '' --appendonly no \"\$@\"" >> "$work/$name"
  chmod +x "$work/$name"
}
start_as klh "'$PWD/milestone6_persistence/server'"
start_as redis redis-server --bind 127.0.0.1

run=1
while [ "$run" -le "$runs" ]; do
  for name in klh redis; do
    KLH_REPORT="$work/$name.report" taskset -c $last tests/build/abuse_test \
      --server="$work/$name" --deadline-ms=60000 \
      --gtest_filter='Abuse*' --gtest_also_run_disabled_tests \
      > "$work/$name.log" || echo "$name does not pass" >> "$work/failed"
  done
  run=$((run + 1))
done

for name in klh redis; do
  if grep -q "^$name " "$work/failed" 2>/dev/null; then
    echo "The last run of $name:"
    cat "$work/$name.log"
    echo
  fi
done

awk -F '\t' '
function least(value, name, column) {
  name = server SUBSEP $2 SUBSEP name
  if (!(name in best) || value < best[name]) best[name] = value
}
function cells(server, scenario) {
  if (!((server, scenario, "worst") in best)) return " does not pass | | |"
  return sprintf(" %.1f | %.1f | %.1f |",
    best[server, scenario, "worst"] / 1000, best[server, scenario, "99"] / 1000,
    best[server, scenario, "memory"] / 1048576)
}
FNR == 1 { server = FILENAME; sub(".*/", "", server); sub("[.].*", "", server) }
$1 == "row" {
  if (!($2 in bound)) order[++rows] = $2
  bound[$2] = $6
  least($3 + 0, "worst")
  least($4 + 0, "99")
  least($5 + 0, "memory")
}
$1 == "note" { notes[server, $2] = notes[server, $2] " " $3 }
END {
  print "| scenario | klh: worst, ms | 99 % | memory, MiB | bound " \
    "| redis: worst, ms | 99 % | memory, MiB |"
  print "|---|--:|--:|--:|--:|--:|--:|--:|"
  for (i = 1; i <= rows; ++i) {
    print "| " order[i] " |" cells("klh", order[i]) " " \
      bound[order[i]] / 1048576 " |" cells("redis", order[i])
  }
  print ""
  for (each in notes) {
    split(each, words, SUBSEP)
    print words[1] ": " words[2] ":" notes[each]
  }
}' "$work/klh.report" "$work/redis.report"
