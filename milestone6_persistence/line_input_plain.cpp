#include <unistd.h>

#include <iostream>

#include "line_input.h"

namespace klh {

bool read_line(const std::string& prompt, std::string& line) {
  if (isatty(STDIN_FILENO)) std::cout << prompt << std::flush;
  return static_cast<bool>(std::getline(std::cin, line));
}

}  // namespace klh
