#!/bin/sh
# Prints the table capability × milestone from the results of the tests: a row
# holds for a milestone when every test of its suite has passed there.
# Usage: matrix.sh RESULTS-DIRECTORY TEST-PROGRAM
results=$1
program=$2

"$program" --capabilities | awk -F '\t' -v results="$results" '
# Each line of a results file: "pass Suite.Test" or "fail Suite.Test"; the
# suites of parameterized tests stand as they are, without an index.
function read_results(file, milestone,   line, words, suite) {
  while ((getline line < file) > 0) {
    if (split(line, words, /[ .\/]/) < 2) continue
    suite = words[2] SUBSEP milestone
    if (words[1] == "fail") failed[suite] = 1
    if (words[1] == "pass") passed[suite] = 1
  }
  close(file)
}

function cell(suite, milestone) {
  if (failed[suite, milestone]) return "✗"
  return passed[suite, milestone] ? "✓" : "?"
}

BEGIN {
  for (m = 1; m <= 6; ++m) {
    read_results(results "/milestone" m "_test", m)
    read_results(results "/beyond" m, m)
  }
  printf "%-46s", "milestone"
  for (m = 1; m <= 6; ++m) printf "%4d", m
  printf "\n"
}

{
  printf "%-46s", $2
  for (m = 1; m <= 6; ++m) printf "   %s", cell($1, m)
  printf "\n"
}'
