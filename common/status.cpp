#include "common/status.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace klh {

Status::Status(Failure failure)
    : failure_(std::make_unique<Failure>(std::move(failure))) {
  assert(failure_->kind != Kind::ok);
}

Status Status::from_errno(std::string place, int error) {
  return Status({Kind::system, error, std::move(place), std::strerror(error)});
}

Status Status::damaged(std::string message) {
  return Status({Kind::damaged, 0, "", std::move(message)});
}

Status Status::missing(std::string message) {
  return Status({Kind::missing, 0, "", std::move(message)});
}

Status Status::invalid(std::string message) {
  return Status({Kind::invalid, 0, "", std::move(message)});
}

Status Status::refused(std::string message) {
  return Status({Kind::refused, 0, "", std::move(message)});
}

Status Status::stopped() {
  return Status({Kind::stopped, 0, "", "stopped"});
}

Status::Status(const Status& other)
    : failure_(other.failure_ ? std::make_unique<Failure>(*other.failure_)
                              : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) *this = Status(other);
  return *this;
}

std::string Status::text() const {
  if (!failure_) return "";
  if (failure_->place.empty()) return failure_->message;
  return failure_->place + ": " + failure_->message;
}

std::string_view Status::message() const {
  return failure_ ? std::string_view(failure_->message) : "";
}

std::string_view Status::place() const {
  return failure_ ? std::string_view(failure_->place) : "";
}

Status Status::at(std::string_view place) && {
  if (!failure_ || is(Kind::stopped)) return std::move(*this);
  std::string& before = failure_->place;
  before = std::string(place) + (before.empty() ? "" : ":" + before);
  return std::move(*this);
}

bool operator==(const Status& a, const Status& b) {
  return a.kind() == b.kind() && a.error() == b.error() && a.text() == b.text();
}

}  // namespace klh
