#!/bin/sh
# Installs below a scratch directory, and runs what is there with the
# configuration file that is there.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
server=
clean_up() {
  [ -z "$server" ] || kill -9 "$server" 2> /dev/null || true
  rm -rf "$scratch"
}
trap clean_up EXIT
fail() {
  echo "check-install: $*" >&2
  cat "$scratch/log" >&2 2> /dev/null || true
  exit 1
}

make --no-print-directory install DESTDIR="$scratch" PREFIX=/usr > \
  "$scratch/log" 2>&1 || fail 'make install failed'
bin=$scratch/usr/bin
conf=$scratch/etc/klh/klh.conf
unit=$scratch/usr/lib/systemd/system/klh-server.service
for file in "$bin/klh-server" "$bin/klh-client" "$conf" "$unit" \
  "$scratch/usr/share/man/man1/klh-server.1"; do
  [ -s "$file" ] || fail "$file is not there"
done
case $("$bin/klh-server" --version) in
  'klh-server '*) ;;
  *) fail 'klh-server tells no version' ;;
esac
if command -v readelf > /dev/null &&
  readelf -S "$bin/klh-server" | grep -q '\.debug_info'; then
  fail 'klh-server is not stripped'
fi
grep -q '@' "$unit" && grep '@' "$unit" | grep -v '@system-service' &&
  fail 'a place in the unit is not filled in'

# As the unit would start it, but for the port and the directory.
"$bin/klh-server" "$conf" --port 0 --unixsocket "$scratch/socket" \
  --dir "$scratch/data" > "$scratch/out" 2> "$scratch/log" &
server=$!
until grep -q listening "$scratch/out"; do
  kill -0 "$server" 2> /dev/null || fail 'the server has ended'
  sleep 0.1
done
reply=$("$bin/klh-client" -s "$scratch/socket" SET a 1) || fail 'no reply'
[ "$reply" = OK ] || fail "SET replies '$reply'"
kill "$server"
wait "$server" || fail 'the server did not end with status 0'
server=
ls "$scratch/data" | grep -q '^dump-.*\.klh$' || fail 'it has saved nothing'

# A unit of the machine it is not on: the program's path is that of the machine.
if command -v systemd-analyze > /dev/null; then
  sed "s|^ExecStart=/usr|ExecStart=$scratch/usr|" "$unit" > \
    "$scratch/klh-server.service"
  systemd-analyze verify --man=no "$scratch/klh-server.service" > \
    "$scratch/log" 2>&1 || fail 'systemd does not like the unit'
fi

# What is changed stays, also at a second install and at an uninstall.
echo '# ours' >> "$conf"
make --no-print-directory install DESTDIR="$scratch" PREFIX=/usr > \
  "$scratch/log" 2>&1 || fail 'the second make install failed'
grep -q '^# ours' "$conf" || fail 'the configuration file was overwritten'
make --no-print-directory uninstall DESTDIR="$scratch" PREFIX=/usr > \
  "$scratch/log" 2>&1 || fail 'make uninstall failed'
[ -s "$conf" ] || fail 'a changed configuration file was removed'
rest=$(find "$scratch/usr" -type f)
[ -z "$rest" ] || fail "left behind: $rest"
echo 'install: as it should be'
