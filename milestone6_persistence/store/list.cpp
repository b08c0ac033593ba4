#include "store/list.h"

#include <cassert>
#include <utility>

namespace klh {

String List::pop_head() {
  assert(!empty());
  String element = std::move(elements_.front());
  elements_.pop_front();
  return element;
}

String List::pop_tail() {
  assert(!empty());
  String element = std::move(elements_.back());
  elements_.pop_back();
  return element;
}

}  // namespace klh
