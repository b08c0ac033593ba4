// Ports of this machine, for programs that cannot choose a free one themselves.
#pragma once

#include <cstdint>

namespace klh::test {

// A port that nobody has just now; somebody else may take it before it is used.
uint16_t free_port();

// Does somebody accept connections there?
bool accepts(uint16_t port);

}  // namespace klh::test
