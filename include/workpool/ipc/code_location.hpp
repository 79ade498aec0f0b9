#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <workpool/detail/mix64.hpp>
#include <workpool/detail/posix/build_id.hpp>
#include <workpool/detail/posix/running_program.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a module is told from every other one. file: only a program without build-id, by what its file is on this
/// machine; none: one that cannot be told.
enum class module_identity : std::uint32_t { none, build_id, file };

/// Names a program or library so that other processes can find it, or see that they run another one.
/// Memory: bytes without gaps, to be copied into a message as they are.
struct alignas(8) module_id {
  std::array<std::byte, build_id::longest> bytes{};  // zero behind size
  std::uint32_t size = 0;                            // of bytes
  module_identity identity = module_identity::none;

  static module_id of(const build_id& id) noexcept {
    if (!id) return {};
    return {id.bytes, id.size, module_identity::build_id};
  }

  static module_id of(const file_stamp& stamp) noexcept {
    module_id made{{}, sizeof stamp, module_identity::file};
    static_assert(sizeof stamp == sizeof made.bytes && std::has_unique_object_representations_v<file_stamp>);
    std::memcpy(made.bytes.data(), &stamp, sizeof stamp);
    return made;
  }

  /// Whether it names a module, and in a way this version makes: to be asked of what came in a message.
  bool valid() const noexcept {
    return size > 0 && size <= bytes.size() &&
           (identity == module_identity::build_id || identity == module_identity::file);
  }

  /// The build-id to look for; none where there is none.
  build_id as_build_id() const noexcept {
    if (!valid() || identity != module_identity::build_id) return {};
    return {bytes, static_cast<std::uint8_t>(size)};
  }

  friend bool operator==(const module_id&, const module_id&) noexcept = default;
};

/// A place in the code of a module: the same one in every process that has the module, wherever that lies there.
/// Memory: as module_id.
struct alignas(8) code_location {
  module_id module;
  std::uint64_t offset = 0;  // bytes from the module's load base

  friend bool operator==(const code_location&, const code_location&) noexcept = default;
};

static_assert(sizeof(code_location) == 48 && std::is_trivially_copyable_v<code_location> &&
              std::has_unique_object_representations_v<code_location>);

/// In words, for texts: "build-id 3f2a…".
inline std::string describe(const module_id& id) {
  if (!id.valid()) return "no build-id";
  std::string text = id.identity == module_identity::build_id ? "build-id " : "no build-id but the file identity ";
  constexpr char digits[] = "0123456789abcdef";
  for (const std::byte one : std::span(id.bytes).first(id.size)) {
    text += digits[std::to_integer<unsigned>(one) >> 4];
    text += digits[std::to_integer<unsigned>(one) & 15U];
  }
  return text;
}

/// The module of the program itself. Gives: one that is not valid() where the program has no build-id and its file
/// cannot be told either. Cost: microseconds; 20 more without build-id.
inline module_id main_module() {
  const auto program = program_module();
  if (program && program->id) return module_id::of(program->id);
  const auto stamp = program_stamp();
  return stamp ? module_id::of(*stamp) : module_id{};
}

/// Function pointers as addresses, and back.
template <class Function>
requires std::is_function_v<Function>
const void* code_address(Function* function) noexcept { return reinterpret_cast<const void*>(function); }

template <class Function>
requires std::is_function_v<Function> Function* function_at(const void* address) noexcept {
  return reinterpret_cast<Function*>(reinterpret_cast<std::uintptr_t>(address));
}

}}}  // namespace workpool::v0::detail

template <>
struct std::hash<workpool::detail::module_id> {
  std::size_t operator()(const workpool::detail::module_id& id) const noexcept {
    std::uint64_t first, second;  // of bytes that are a hash already, or hold device and inode
    std::memcpy(&first, id.bytes.data(), sizeof first);
    std::memcpy(&second, id.bytes.data() + sizeof first, sizeof second);
    return static_cast<std::size_t>(workpool::detail::mix64(first + workpool::detail::mix64(second)));
  }
};

template <>
struct std::hash<workpool::detail::code_location> {
  std::size_t operator()(const workpool::detail::code_location& location) const noexcept {
    const std::uint64_t module = std::hash<workpool::detail::module_id>()(location.module);
    return static_cast<std::size_t>(workpool::detail::mix64(module + location.offset));
  }
};
