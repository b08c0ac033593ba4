// What the files of sorted set commands share: members as a result.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "commands/command.h"

namespace klh {

// An array of members, with their scores or without. RESP2 has the scores
// between the members, RESP3 has pairs:
//
//   reply_members(reply, 2, true);            RESP2         RESP3
//   reply_member(reply, "a", 1, true);        *4 a 1 b 2    *2 *2 a 1 *2 b 2
//   reply_member(reply, "b", 2, true);
//
// A map it cannot be, since clients need not keep the order of one.
inline void reply_members(Reply& reply, size_t count, bool with_scores) {
  reply.array(with_scores && !reply.is_resp3() ? 2 * count : count);
}

inline void reply_member(Reply& reply, std::string_view member, double score,
                         bool with_scores) {
  if (with_scores && reply.is_resp3()) reply.array(2);
  reply.bulk(member);
  if (with_scores) reply.real(score);
}

struct Scored {
  std::string_view member;  // of a set in the store
  double score;
};

// Makes the members the value of a key and replies how many there are. The key
// loses what it had, its time too; none is no value. If they take more than
// there is, replies that error instead, and changes nothing. O(n log n).
void store_members(Context& context, std::string_view key,
                   const std::vector<Scored>& members);

}  // namespace klh
