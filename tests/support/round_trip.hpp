#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/ipc/codecs.hpp>

#include "support/catch.hpp"

namespace workpool_test {

using bytes = std::vector<std::byte>;

/// The encodings of the values, one after the other.
template <class... Values>
bytes encoded(const Values&... values) {
  bytes message;
  workpool::byte_writer into(message, std::size_t{1} << 30);
  (workpool::encode(into, values), ...);
  return message;
}

/// The message in memory of exactly its size, so that AddressSanitizer sees a step past its end.
class exact_copy {
 public:
  explicit exact_copy(std::span<const std::byte> message) : size_(message.size()), data_(new std::byte[size_]) {
    std::copy(message.begin(), message.end(), data_.get());
  }
  operator std::span<const std::byte>() const noexcept { return {data_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> data_;
};

/// The value in a message; throws codec_error when something is left over.
template <class T>
T decoded(std::span<const std::byte> message) {
  const exact_copy copy(message);
  workpool::byte_reader from(copy);
  T value = workpool::decode<T>(from);
  from.expect_end();
  return value;
}

/// What codec_error says of the message; empty when it is accepted.
template <class T>
std::string refusal_of(std::span<const std::byte> message) {
  try {
    static_cast<void>(decoded<T>(message));
    return {};
  } catch (const workpool::codec_error& refusal) {
    return refusal.what();
  }
}

/// Checks that every message that is too short, and one that is too long, is refused for that reason.
template <class T>
void check_cuts(const bytes& message) {
  for (std::size_t size = 0; size < message.size(); ++size) {
    INFO("the first " << size << " of " << message.size() << " bytes");
    const std::string text = refusal_of<T>(std::span(message).first(size));
    REQUIRE(text.find("left") != text.npos);
  }
  bytes longer = message;
  longer.push_back({});
  const std::string text = refusal_of<T>(longer);
  CHECK(text.find("1 bytes longer") != text.npos);
}

/// Checks that nothing worse than codec_error comes of any one byte being another.
template <class T>
void check_flips(bytes message) {
  for (std::byte& one : message) {
    const std::byte right = std::exchange(one, one ^ std::byte{0xff});
    static_cast<void>(refusal_of<T>(message));
    one = right ^ std::byte{1};
    static_cast<void>(refusal_of<T>(message));
    one = right;
  }
}

/// Checks that the value comes back, and what is not its whole encoding does not. Gives: what came back.
template <class T>
T check_round_trip(const T& value) {
  static_assert(workpool::codable_value<T>);
  const bytes message = encoded(value);
  check_cuts<T>(message);
  check_flips<T>(message);
  return decoded<T>(message);
}

template <class T>
bool comes_back(const T& value) {
  return check_round_trip(value) == value;
}

/// An allocator that notes the most that was asked for at once, in bytes.
template <class T>
struct noting_allocator {
  using value_type = T;
  noting_allocator() = default;
  template <class U>
  noting_allocator(const noting_allocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    most = std::max(most, count * sizeof(T));
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) noexcept { std::allocator<T>().deallocate(memory, count); }
  friend bool operator==(const noting_allocator&, const noting_allocator&) noexcept { return true; }

  static inline std::size_t most = 0;
};

}  // namespace workpool_test
