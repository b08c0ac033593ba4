#!/bin/sh
# Adds up the results of test programs. The last line is "N passed, N failed";
# the exit status is 0 if none has failed. A program that has not come to its
# end (no "end" in its results) counts as one failure, and so does a table that
# is not the expected one. With a table it is the end of many programs' output,
# so what has failed is told once more, with the first lines of why.
# Usage: summary.sh [--matrix TABLE EXPECTED] RESULTS...
extra_failures=0
extra_passes=0
if [ "$1" = --matrix ]; then
  echo
  cat "$2"
  if cmp -s "$2" "$3"; then
    extra_passes=1
  else
    echo
    echo "✗ This is not the expected table (- expected, + now):"
    diff -u0 "$3" "$2" | sed -n '/^[-+][^-+]/p'
    extra_failures=1
  fi
  shift 3
  cat "$@" 2> /dev/null |
    awk '/^fail / { lines = 0; print "\n✗ " substr($0, 6) }
         /^  / && ++lines <= 20'
fi

for file in "$@"; do
  if ! grep -qx end "$file" 2> /dev/null; then
    echo "✗ $(basename "$file") did not come to its end"
    extra_failures=$((extra_failures + 1))
  fi
done

passed=$(cat "$@" 2> /dev/null | grep -c '^pass ')
failed=$(cat "$@" 2> /dev/null | grep -c '^fail ')
passed=$((passed + extra_passes))
failed=$((failed + extra_failures))
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
