#!/bin/sh
# The whole course in a minute: starts the server of each milestone, shows what
# it can do and provokes what it gets wrong. Everything printed behind a command
# is what came back just now. `make tour` builds the milestones and runs this.
#
# Needs what the build needs. Uses redis-cli at the end if it is installed.
# Leaves nothing behind: no process, no file. NO_COLOR=1 prints plain text.
set -u
cd "$(dirname "$0")/.." || exit 1

temp=$(mktemp -d) || exit 1
server=  # process id of the server that runs, if one does
port=
silent=  # of the client that keeps a connection open

clean_up() {
  exec 9>&-
  for process in $silent $server; do
    kill -KILL "$process" 2> /dev/null
  done
  rm -rf "$temp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- what is printed ---

bold= faint= green= red= plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  escape=$(printf '\033')
  bold="$escape[1m" faint="$escape[2m" plain="$escape[0m"
  green="$escape[32m" red="$escape[31m"
fi

title() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
can() { line "$green" can "$@"; }
breaks() { line "$red" breaks "$@"; }

# line COLOR WORD TEXT...: each TEXT is a line of its own.
line() {
  printf '  %s%-8s%s%s\n' "$1" "$2" "$plain" "$3"
  shift 3
  for text; do printf '          %s\n' "$text"; done
}

# show TEXT OUTPUT: a command and what it printed.
show() { printf '    %s%-42s%s %s\n' "$faint" "$1" "$plain" "$2"; }

give_up() {
  echo "tour: $*" >&2
  exit 1
}

# --- servers and clients ---

# start FOLDER [FLAGS]: waits until the server says which port it listens on.
start() {
  folder=$1
  shift
  : > "$temp/listening"
  "$folder/server" --port 0 "$@" > "$temp/listening" 9>&- &
  server=$!
  tries=0
  until port=$(sed -n 's/^listening on .*://p' "$temp/listening") &&
    [ -n "$port" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || give_up "$folder/server does not start"
    sleep 0.05
  done
}

# stop [SIGNAL]: ends the server and waits until it is gone.
stop() {
  kill -"${1:-TERM}" "$server"
  wait "$server" 2> /dev/null
  server=
}

ask() { "$folder/client" --port "$port" "$@"; }
show_ask() { show "client $*" "$(ask "$@" 2>&1)"; }
load() {
  what=$1
  shift
  "$temp/tour_load" "$what" "$port" "$@"
}

# A client that keeps its connection open and sends nothing: it waits for the
# end of a pipe that we hold. Once it has had one reply it is being served.
hold_connection() {
  : > "$temp/reply"
  "$folder/client" --port "$port" < "$temp/pipe" > "$temp/reply" &
  silent=$!
  exec 9> "$temp/pipe"
  echo "GET name" >&9
  until [ -s "$temp/reply" ]; do sleep 0.05; done
}

release_connection() {
  exec 9>&-
  wait "$silent"
  silent=
}

# Asks beside the silent client, and prints the reply if it comes in a second.
ask_beside_silent() {
  : > "$temp/answer"
  "$folder/client" --port "$port" GET name > "$temp/answer" 9>&- &
  asking=$!
  tries=0
  until [ -s "$temp/answer" ] || [ "$tries" -ge 20 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
  answer=$(cat "$temp/answer")
  show "another client, GET name" "${answer:-(no reply within a second)}"
}

objects=milestone5_epoll/build
"${CXX:-c++}" -std=c++20 -O1 -I. docs/tour_load.cpp \
  "$objects/framing.o" "$objects/common/net.o" "$objects/common/signals.o" \
  -o "$temp/tour_load" || give_up "docs/tour_load.cpp does not build"
mkfifo "$temp/pipe" || exit 1

# Enough descriptors for 900 connections; macOS begins with 256.
limit=$(ulimit -S -n)
[ "$limit" = unlimited ] || [ "$limit" -ge 1024 ] || ulimit -S -n 1024

# --- the milestones ---

title "1  blocking: socket, bind, listen, accept, read, write, close"
start milestone1_blocking
show_ask SET name Alice
show_ask GET name
can "It serves one client at a time."
# The server is stopped until both writes have arrived: else it might be quick
# enough to read them one by one, and then all would look well.
kill -STOP "$server"
load together > "$temp/together" &
sleep 0.3
kill -CONT "$server"
wait $!
show 'write "SET a 1", write "GET a"' "$(cat "$temp/together")"
show_ask GET a
breaks "One reply for two requests: they arrived together, one read() took" \
  "both, and the second became a part of the first one's value."
stop

title "2  framing: each message has its length before it"
start milestone2_framing
show_ask SET name Alice
pages=$(printf '%070000d' 0)
show "client SET page 0000... (70,000 digits)" "$(ask SET page "$pages")"
show "client GET page" "$(ask GET page | tr -cd 0 | wc -c) digits"
can "Messages are whole, however many reads and writes they take."
show "(a client connects and stays silent)" ""
hold_connection
ask_beside_silent
release_connection
wait "$asking"
show "(the silent client has gone)" "$(cat "$temp/answer")"
breaks "A client was connected and silent. The server waited in read() for" \
  "it, and everybody else waited too."
stop

title "3  poll: one loop, any number of clients"
start milestone3_poll
show_ask SET name Alice
show "(a client connects and stays silent)" ""
hold_connection
ask_beside_silent
wait "$asking"
can "It asks poll() who is ready: nobody waits for a silent client."
few=$(load pipeline 20000)
many=$(load pipeline 80000)
times=$(echo "$few $many" | awk '{ printf "%.0f", $2 / $1 }')
show "20,000 requests sent at once" "$few seconds"
show "80,000 requests sent at once" "$many seconds"
breaks "4 times the requests take $times times as long. Each of them costs a" \
  "poll() and moves all that wait behind it forward in memory."
release_connection
stop

title "4  pipelining: all requests of a read in one pass"
start milestone4_pipelining
show "80,000 requests sent at once" "$(load pipeline 80000) seconds"
can "All requests that a read brings are answered in one pass."
show "one request, nobody else connected" "$(load idle 0 200) microseconds"
show "one request beside 900 idle clients" "$(load idle 900 200) microseconds"
breaks "Each poll() looks at every connection, however few have anything to" \
  "say."
stop

title "5  epoll: the kernel says who is ready"
start milestone5_epoll
show "one request, nobody else connected" "$(load idle 0 200) microseconds"
show "one request beside 900 idle clients" "$(load idle 900 200) microseconds"
can "Only those that have something to say cost something."
show_ask SET name Alice
stop
start milestone5_epoll
show "(the server ends and starts again)" ""
show_ask GET name
breaks "'_' says: no such key. Everything was in memory only."
stop

title "6  persistence: the protocol of Redis, a journal and snapshots"
data=$temp/data
start milestone6_persistence --dir "$data"
if command -v redis-cli > /dev/null; then
  cli=redis-cli
  redis() { redis-cli -p "$port" "$@"; }
else
  cli=client
  redis() { ask "$@"; }
fi
# redis-cli prints a reply bare when that does not go to a terminal: 3 instead
# of (integer) 3, and an array with an element on each line.
show_redis() { show "$cli $*" "$(redis "$@" | paste -s -d ' ' -)"; }
show_redis SET name Alice
show_redis RPUSH color red blue orange
show_redis HSET user:100 name prem age 21
stop KILL
start milestone6_persistence --dir "$data"
show "(kill -9, and starts again)" ""
show_redis GET name
show_redis LRANGE color 0 -1
can "Any Redis client can talk to it, and what it has acknowledged it knows," \
  "however it ends: each change is in a file before its reply leaves."
echo
echo "That file, $(basename "$data"/journal-*.klh):"
sed 's/^/    /' "$data"/journal-*.klh
echo
show_redis SAVE
stop KILL
echo
echo "And all keys in a new one, $(basename "$data"/dump-*.klh):"
sed 's/^/    /' "$data"/dump-*.klh
[ "$cli" = redis-cli ] ||
  printf '\nredis-cli is not installed; it is in the package redis-tools.\n'
[ "$cli" = redis-cli ] || cli="make client"
echo
echo "Next: docs/1-blocking.md. Or: make run, and in another terminal $cli."
