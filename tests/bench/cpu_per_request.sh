#!/bin/sh
# CPU time that one request costs the server, beside redis-server's in the same
# run: a ratio below 1 means that ours needs less. Both servers share one
# processor and are asked in turn; the load runs on the other one.
#
#   sh tests/bench/cpu_per_request.sh [RUNS]
#   APPENDONLY=yes sh tests/bench/cpu_per_request.sh    both keep a journal
#
# CPU time is what the scheduler has counted for the process, in nanoseconds
# (proc_pid_schedstat(5)): it does not depend on who else wants the processor,
# as requests per second do. No snapshots are taken, and unless APPENDONLY is
# yes nothing is written to disk; if it is, both sync once a second.
set -eu
cd "$(dirname "$0")/../.."
runs=${1:-3}
appendonly=${APPENDONLY:-no}

for tool in redis-server redis-benchmark taskset; do
  command -v $tool >/dev/null || {
    echo "make bench needs $tool:" \
      "apt-get install redis-server redis-tools util-linux"
    exit 1
  }
done

work=$(mktemp -d)
ours=
redis=
trap 'kill $ours $redis 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# The first processor to the servers, the last to the load.
last=$(($(nproc) - 1))

taskset -c 0 milestone6_persistence/server --port 0 --dir "$work/ours" --save '' \
  --appendonly $appendonly --auto-aof-rewrite-percentage 0 \
  > "$work/ours.log" &
ours=$!
while ! grep -q listening "$work/ours.log"; do
  kill -0 $ours
done
our_port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$work/ours.log")

# Redis cannot choose a free port itself: take one that is likely to be free,
# so none of those that clients are given, ip(7), ip_local_port_range.
redis_port=$((our_port % 20000 + 10000))
taskset -c 0 redis-server --port $redis_port --bind 127.0.0.1 --save '' \
  --appendonly $appendonly --auto-aof-rewrite-percentage 0 --dir "$work" \
  > "$work/redis.log" &
redis=$!
until redis-cli -p $redis_port ping >/dev/null 2>&1; do
  kill -0 $redis
done

cpu_ns() { cut -d' ' -f1 "/proc/$1/schedstat"; }

# cost PID PORT COMMAND PIPELINE REQUESTS: nanoseconds a request
cost() {
  before=$(cpu_ns "$1")
  taskset -c $last redis-benchmark -p "$2" -t "$3" -P "$4" -n "$5" -c 50 \
    -r 100000 -q > "$work/benchmark.log"
  after=$(cpu_ns "$1")
  echo $(((after - before) / $5))
}

printf '%-6s %4s %12s %12s %7s\n' command -P 'klh, ns' 'redis, ns' ratio
for pipeline in 1 16; do
  requests=$((pipeline == 1 ? 200000 : 1000000))
  for command in get set incr lpush rpop hset; do
    run=1
    while [ $run -le "$runs" ]; do
      a=$(cost $ours "$our_port" $command $pipeline $requests)
      b=$(cost $redis $redis_port $command $pipeline $requests)
      echo "$command $pipeline $a $b"
      run=$((run + 1))
    done | awk '{ printf "%-6s %4d %12d %12d %7.2f\n", $1, $2, $3, $4, $3 / $4 }'
  done
done
