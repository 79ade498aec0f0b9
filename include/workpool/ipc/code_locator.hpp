#pragma once
#include <array>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/detail/mix64.hpp>
#include <workpool/detail/posix/loaded_module.hpp>
#include <workpool/detail/posix/running_program.hpp>
#include <workpool/ipc/code_location.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a worker has to be told to find a function.
struct located_code {
  code_location location;
  std::string path;  // of the library, absolute, should the worker have to load it; "": the program itself
};

/// Names functions of this process for its workers. It remembers what it found.
/// Threads: any. Memory: 100 bytes and the path for every function that was asked for, again each time its library was
/// unloaded and another one loaded in its place.
class code_locator {
 public:
  code_locator() = default;
  code_locator(const code_locator&) = delete;
  code_locator& operator=(const code_locator&) = delete;

  /// Throws: `unsupported` for what is not code of a module, or of one that cannot be told from others.
  /// Gives: the place, which stays valid as long as the locator.
  /// Cost: 2 ns for code of the program, 30 for that of a library; microseconds at first, and for code of a library
  /// after any load or unload.
  const located_code& locate(const void* address) {
    std::atomic<const entry*>& recent = recent_[mix64(reinterpret_cast<std::uintptr_t>(address)) % recent_.size()];
    const entry* const seen = recent.load(std::memory_order_acquire);
    if (seen != nullptr && seen->address == address && seen->current()) return seen->place;
    const entry& found = look_up(address);
    recent.store(&found, std::memory_order_release);
    return found.place;
  }

 private:
  struct entry {
    entry(const void* of, located_code found, module_role in, std::uint64_t when)
        : address(of), place(std::move(found)), role(in), generation(when) {}

    bool current() const noexcept {
      // Nobody unloads the program.
      return role == module_role::program || generation.load(std::memory_order_relaxed) == load_generation();
    }

    const void* const address;
    const located_code place;
    const module_role role;
    mutable std::atomic<std::uint64_t> generation;  // at which the rest was last found true; written under mutex_
  };

  const entry& look_up(const void* address) {
    const std::lock_guard hold(mutex_);
    const auto at = known_.find(address);
    const entry* const known = at != known_.end() ? at->second : nullptr;
    if (known != nullptr && known->current()) return *known;
    // Taken first: of a change during the search the next caller must hear.
    const std::uint64_t generation = load_generation();
    module_role role = module_role::library;
    located_code place = find(address, role);
    if (known != nullptr && known->place.location == place.location && known->place.path == place.path) {
      known->generation.store(generation, std::memory_order_relaxed);
      return *known;
    }
    const entry& fresh = entries_.emplace_front(address, std::move(place), role, generation);
    known_[address] = &fresh;
    return fresh;
  }

  static located_code find(const void* address, module_role& role) {
    if (address == nullptr) throw unsupported("workpool: a null function pointer cannot be called in a worker process");
    const auto module = module_around(address);
    const std::uint64_t offset = module ? reinterpret_cast<std::uintptr_t>(address) - module->base : 0;
    if (!module || !module->has_code_at(offset)) {
      throw unsupported("workpool: " + in_hex(address) +
                        " is no code of the program or of a library, so that a worker process does not have it: call "
                        "a function that was compiled into one");
    }
    role = module->role;
    if (role == module_role::program) {
      const module_id id = main_module();
      if (id.valid()) return {{id, offset}, {}};
      throw unsupported(
          "workpool: the program has no build-id, and its file cannot be told, because /proc/self/exe is \"" +
          program_path() +
          "\", so that a worker process could not tell it from another program: link it with "
          "-Wl,--build-id");
    }
    std::string path = library_path(*module, address);
    if (module->id) return {{module_id::of(module->id), offset}, std::move(path)};
    throw unsupported("workpool: the function at " + in_hex(address) + " lies in " +
                      (path.empty() ? module->name : path) +
                      ", which has no build-id (or one of more than 32 bytes), so that a worker process could not tell "
                      "it from another version: link it with -Wl,--build-id");
  }

  static std::string in_hex(const void* address) {
    std::array<char, 2 * sizeof address> digits;
    const auto number = reinterpret_cast<std::uintptr_t>(address);
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return "0x" + std::string(digits.data(), written.ptr);
  }

  std::array<std::atomic<const entry*>, 64> recent_{};  // what was asked last; entries live as long as this
  std::mutex mutex_;                                    // guards what follows
  std::forward_list<entry> entries_;                    // also those that are out of date: somebody may be reading them
  std::unordered_map<const void*, const entry*> known_;
};

}}}  // namespace workpool::v0::detail
