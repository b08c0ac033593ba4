// The words of a line in our files.
//
// Tokens are separated by one space. In a token every byte <= 0x20, 0x7F and
// '%' itself is written %XX, two upper-case hexadecimal digits; an empty token
// is a lone '%'. So any bytes can be written, on one line, and what is readable
// stays readable, UTF-8 too.
#pragma once

#include <string>
#include <string_view>

#include "common/buffer.h"
#include "common/status.h"

namespace klh {

// In the name of a field ':' is escaped too, since it ends the name.
enum class Token { plain, field };

// Appends a token. O(size).
void append_token(Buffer& output, std::string_view bytes,
                  Token kind = Token::plain);

// Decodes a token into `bytes`, or says what is wrong with it. O(size).
Status decode_token(std::string_view token, Token kind, std::string& bytes);

// Takes the tokens of a line from its front.
class Line {
 public:
  explicit Line(std::string_view line) : rest_(line) {}

  // True when the last token has been taken. A space at the end of the line
  // means one more, empty token.
  bool at_end() const { return at_end_; }

  std::string_view next();

 private:
  std::string_view rest_;
  bool at_end_ = false;
};

}  // namespace klh
