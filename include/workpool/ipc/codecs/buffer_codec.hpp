#pragma once
#include <workpool/ipc/codec.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 {

/// Its number among those that go with the message; the bytes stay where they are.
template <>
struct codec<shared_buffer> {
  static void encode(byte_writer& into, const shared_buffer& value) { into.carry(value); }
  static shared_buffer decode(byte_reader& from) { return from.read_carried(); }
};

}}  // namespace workpool::v0
