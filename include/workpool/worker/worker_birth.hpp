#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <workpool/core/error.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/byte_strings.hpp>
#include <workpool/worker/resource_limits.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Everything a worker process starts with.
///
/// The descriptors belong to whoever holds the struct as plain numbers: a host that asks for a worker keeps and closes
/// its own; in the worker `channel`, `report`, `memory` and `buffers` are open, are its own and closed on exec, while
/// `out` and `err` are -1: they have become its standard output and standard error.
struct worker_birth {
  worker_id id = 0;
  std::uint32_t generation = 0;
  std::vector<std::string> program{};                      // empty: a fork of the zygote; else path and arguments
  std::vector<std::pair<std::string, std::string>> env{};  // added to what is inherited
  resource_limits limits{};
  int nice = 0;                                       // 0: as inherited
  int channel = -1, out = -1, err = -1, report = -1;  // -1: none; out, err: as the zygote's
  int memory = -1;                                    // worker_memory; -1: none
  int buffers = -1;                                   // sparse_memory of the pool's buffers; -1: none
  std::string setup{};                                // for the worker, unread on the way

  /// In the order in which they are sent.
  std::array<int*, 6> descriptors() noexcept { return {&channel, &out, &err, &report, &memory, &buffers}; }
  std::array<int, 6> descriptors() const noexcept { return {channel, out, err, report, memory, buffers}; }
  /// Those that a worker has as they are.
  std::array<int, 4> kept() const noexcept { return {channel, report, memory, buffers}; }
};

/// What runs in the worker. Its result is the worker's exit code.
using worker_main = int (*)(worker_birth&);

inline std::string encode_birth(const worker_birth& birth) {
  string_writer bytes;
  bytes.number(birth.id).number(birth.generation).number(birth.nice);
  bytes.number(birth.limits.address_space).number(birth.limits.core);
  bytes.number(birth.limits.open_files).number(birth.limits.cpu_seconds);
  for (const int one : birth.descriptors()) bytes.number(one);
  bytes.number(static_cast<std::uint32_t>(birth.program.size()));
  for (const std::string& word : birth.program) bytes.text(word);
  bytes.number(static_cast<std::uint32_t>(birth.env.size()));
  for (const auto& [name, value] : birth.env) bytes.text(name).text(value);
  bytes.text(birth.setup);
  return bytes.bytes();
}

/// Throws: protocol_error for anything encode_birth has not made. Memory: proportional to `bytes`.
inline worker_birth decode_birth(std::string_view bytes) {
  string_reader left(bytes);
  worker_birth birth;
  birth.id = left.number<worker_id>();
  birth.generation = left.number<std::uint32_t>();
  birth.nice = left.number<int>();
  birth.limits.address_space = left.number<std::size_t>();
  birth.limits.core = left.number<std::size_t>();
  birth.limits.open_files = left.number<unsigned>();
  birth.limits.cpu_seconds = left.number<unsigned>();
  for (int* const one : birth.descriptors()) *one = left.number<int>();
  for (auto count = left.number<std::uint32_t>(); count > 0 && left.ok(); --count) {
    birth.program.emplace_back(left.text());
  }
  for (auto count = left.number<std::uint32_t>(); count > 0 && left.ok(); --count) {
    const std::string_view name = left.text();
    birth.env.emplace_back(name, left.text());
  }
  birth.setup = left.text();
  if (!left.exact()) {
    throw protocol_error("the request for a worker is not one: " + std::to_string(bytes.size()) +
                         " bytes; both sides must be built with the same version of workpool");
  }
  return birth;
}

}}}  // namespace workpool::v0::detail
