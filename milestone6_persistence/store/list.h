// A list value: elements in order, added and taken at both ends.
//
// Positions count from the head, 0 first. What the elements are kept in is
// nobody's business outside: views of an element are valid until the list
// changes.
#pragma once

#include <cstddef>
#include <deque>
#include <string_view>

#include "store/string.h"

namespace klh {

class List {
 public:
  size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }

  // O(1), amortized.
  void push_head(std::string_view element) { elements_.emplace_front(element); }
  void push_tail(std::string_view element) { elements_.emplace_back(element); }

  // Takes an element out; the list must not be empty. O(1).
  String pop_head();
  String pop_tail();

  // position < size(). O(1).
  std::string_view at(size_t position) const {
    return elements_[position].view();
  }

 private:
  std::deque<String> elements_;
};

}  // namespace klh
