#include <readline/history.h>
#include <readline/readline.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "line_input.h"

namespace klh {

bool read_line(const std::string& prompt, std::string& line) {
  if (!isatty(STDIN_FILENO)) {
    return static_cast<bool>(std::getline(std::cin, line));
  }
  char* const typed = readline(prompt.c_str());
  if (typed == nullptr) return false;
  line = typed;
  if (!line.empty()) add_history(typed);
  std::free(typed);
  return true;
}

}  // namespace klh
