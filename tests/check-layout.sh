#!/bin/sh
# Does the tree have the shape that it should have? Run from the top of it.
#
#   - Each file of milestone 6 stands in one layer of the table below, and
#     includes files of its own layer and of those it may know, no others:
#     includes run one way. A milestone before it knows common/ and itself.
#   - The table itself runs one way: no layer can be reached from itself.
#   - No file but tests has more than 500 lines.
#   - Nothing new stands at the top: dot files may.
#   - No server hashes by std::hash, which has no key: whoever chooses the bytes
#     could choose such that collide. common/siphash.h has one.
#
# Says what is wrong, a line each, and ends with 1 if anything is.
set -u
longest=500
top='LICENSE Makefile README.md common docs milestone1_blocking
milestone2_framing milestone3_poll milestone4_pipelining milestone5_epoll
milestone6_persistence tests'

# layer | files, as patterns below milestone6_persistence/ | layers it may know
layers='
common      | ../common/*                              |
options     | options.* command_line.*                 | common
poller      | poller.* poller_*                        | common
protocol    | protocol/*                               | common
store       | store/*                                  | common
persistence | persistence/*                            | store common
budget      | network/budget.h                         | options common
network     | network/*                                | budget options poller protocol common
commands    | commands/*                               | budget options protocol store common
connection  | connection.*                             | commands network budget options protocol common
server      | server.*                                 | connection commands network budget options poller common
durability  | durability.*                             | commands persistence options store common
main        | main.* memory.*                          | server durability commands persistence options store common
client      | client.* line_input.* line_input_*       | network protocol common
'

sources() { git ls-files -co --exclude-standard "$@"; }

# "FILE:LINE: INCLUDED", the paths as they are written.
includes() {
  sources 'milestone6_persistence/*.h' 'milestone6_persistence/*.cpp' \
    'common/*.h' 'common/*.cpp' |
    xargs grep -n '^#include "' |
    sed 's/^\([^:]*:[0-9]*\):#include "\([^"]*\)".*/\1: \2/'
}

check_layers() {
  {
    echo "$layers" | sed 's/^/layer /'
    sources 'milestone6_persistence/*.h' 'milestone6_persistence/*.cpp' |
      sed 's/^/file /'
    includes | sed 's/^/include /'
  } | awk '
    function say(text) { print text; wrong = 1 }

    # The layer of a path from the top of the tree; the first that fits.
    function layer_of(path,    i, name) {
      sub(/^milestone6_persistence\//, "", path)
      if (path ~ /^common\//) path = "../" path
      for (i = 1; i <= patterns; ++i) {
        if (path ~ regex[i]) return owner[i]
      }
      return ""
    }

    # Can `to` be reached from `from`? The table has few rows.
    function reaches(from, to, depth,    i, n, list) {
      if (depth > 20) return 1
      n = split(may[from], list, " ")
      for (i = 1; i <= n; ++i) {
        if (list[i] == to || reaches(list[i], to, depth + 1)) return 1
      }
      return 0
    }

    $1 == "layer" && NF > 1 {
      sub(/^layer /, "")
      split($0, column, "|")
      name = column[1]
      gsub(/ /, "", name)
      n = split(column[2], list, " ")
      for (i = 1; i <= n; ++i) {
        pattern = list[i]
        gsub(/\./, "\\.", pattern)
        gsub(/\*/, ".*", pattern)
        regex[++patterns] = "^" pattern "$"
        owner[patterns] = name
      }
      may[name] = column[3]
      known[name] = 1
    }
    $1 == "file" && layer_of($2) == "" { say($2 ": stands in no layer") }
    $1 == "include" {
      place = $2
      path = $2
      sub(/:.*/, "", path)
      from = layer_of(path)
      included = $3
      if (included !~ /^common\//) included = "milestone6_persistence/" included
      to = layer_of(included)
      if (from == "" || from == to) next
      if (to == "") {
        say(place " " $3 " stands in no layer")
      } else if (index(" " may[from] " ", " " to " ") == 0) {
        say(place " " from " may not know " to ": " $3)
      }
    }
    END {
      for (name in known) {
        n = split(may[name], list, " ")
        for (i = 1; i <= n; ++i) {
          if (!(list[i] in known)) say("no layer " list[i] ", for " name)
        }
        if (reaches(name, name, 0)) say("layer " name " can reach itself")
      }
      exit wrong
    }'
}

# A milestone before the last one knows common/ and what stands beside it.
check_milestones() {
  sources 'milestone[1-5]*/*.h' 'milestone[1-5]*/*.cpp' |
    xargs grep -n '^#include "' | grep -v '#include "common/' |
    awk -F'[:"]' '{
      folder = $1
      sub(/\/.*/, "", folder)
      if ((getline line < (folder "/" $4)) < 0) {
        print $1 ":" $2 ": " $4 " stands neither in common/ nor beside it"
        wrong = 1
      }
      close(folder "/" $4)
    }
    END { exit wrong }'
}

check_lengths() {
  sources '*.cpp' '*.h' '*.mk' '*Makefile' '*.sh' '*.md' |
    grep -v '^tests/' | xargs awk -v most=$longest '
      FNR == most + 1 { print FILENAME ": more than " most " lines"; wrong = 1 }
      END { exit wrong }'
}

check_top() {
  sources | sed 's|/.*||' | sort -u | grep -v '^\.' | while read -r name; do
    case " $(echo $top) " in
      *" $name "*) ;;
      *) echo "$name: nothing new at the top of the tree" ;;
    esac
  done | grep . && return 1
  return 0
}

check_hashes() {
  sources 'milestone*/*.h' 'milestone*/*.cpp' 'common/*.h' 'common/*.cpp' |
    xargs grep -nE '^#include <unordered_|std::hash\>' && return 1
  return 0
}

cd "$(dirname "$0")/.." || exit 1
failed=0
check_layers || failed=1
check_milestones || failed=1
check_lengths || failed=1
check_top || failed=1
check_hashes || failed=1
[ $failed -eq 0 ] && echo 'layout: as it should be'
exit $failed
