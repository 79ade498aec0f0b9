#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/elf_file.hpp>
#include <workpool/detail/posix/loaded_module.hpp>
#include <workpool/detail/posix/running_program.hpp>
#include <workpool/ipc/code_location.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Finds in a worker the functions its host names, and loads the libraries it lacks. Another program, or another
/// version of a library, is refused by name, and nothing of it runs. Threads: one. Memory: 80 bytes for every function.
class code_resolver {
 public:
  /// `path` is where the host has the library of the code; "" where it is code of the host's program.
  /// Throws: `unsupported` where this worker does not have the module and cannot load it, `protocol_error` where the
  /// location cannot be one.
  /// Gives: the function, which stays loaded.
  /// Cost: a look into a hash table; microseconds at first, and the load of a library.
  void* resolve(const code_location& where, std::string_view path) {
    if (const auto known = known_.find(where); known != known_.end()) return known->second;
    if (!where.module.valid()) {
      throw protocol_error("workpool: a task names its code by the module identity " +
                           std::to_string(static_cast<std::uint32_t>(where.module.identity)) + " of " +
                           std::to_string(where.module.size) +
                           " bytes, which is none: host and worker must be built with the same version of workpool");
    }
    const loaded_module module = module_of(where.module, std::string(path));
    if (!module.has_code_at(where.offset)) {
      throw protocol_error("workpool: a task names the code at offset " + std::to_string(where.offset) + " of the " +
                           (module.role == module_role::program ? "program" : "library " + module.name) + " with " +
                           describe(where.module) + ", where there is no code");
    }
    void* const code = reinterpret_cast<void*>(module.base + static_cast<std::uintptr_t>(where.offset));
    // A task may unload what it loaded: what cannot be kept has to be looked for each time.
    if (keep_module(module)) known_.emplace(where, code);
    return code;
  }

 private:
  static loaded_module module_of(const module_id& id, const std::string& path) {
    if (id.identity == module_identity::file) {
      if (id == main_module()) return *program_module();
      refuse_program(id);
    }
    if (auto loaded = module_with(id.as_build_id())) return *std::move(loaded);
    if (path.empty()) refuse_program(id);
    return load(id, path);
  }

  // The notes of the file are read first, because to load it runs its initialisers.
  static loaded_module load(const module_id& id, const std::string& path) {
    const auto refuse = [&](const std::string& why) {
      throw unsupported(std::string("workpool: the task is code of the library ") + path.c_str() + " with " +
                        describe(id) + ", which this worker has not loaded, and " + why);
    };
    if (!path.starts_with('/') || path.find('\0') != path.npos) refuse("the path is not an absolute one");
    const elf_file file = elf_file::read(path);
    if (file.error != 0) refuse("the file cannot be read: " + std::generic_category().message(file.error));
    const module_id on_disk = module_id::of(file.id);
    if (on_disk != id) {
      refuse("the file has " + describe(on_disk) +
             ": it was replaced after the host had loaded it, start the host again");
    }
    if (const std::string why = load_module(path); !why.empty()) refuse("it cannot be loaded: " + why);
    auto loaded = module_with(id.as_build_id());
    if (!loaded) refuse("another version that was loaded from the same path is in its place: restart the workers");
    return *std::move(loaded);
  }

  [[noreturn]] static void refuse_program(const module_id& id) {
    throw unsupported("workpool: the task is code of a program with " + describe(id) + ", but this worker runs " +
                      program_path() + ", which has " + describe(main_module()) +
                      ": start the workers from the file the host runs, or send the task by name (workpool::remote)");
  }

  std::unordered_map<code_location, void*> known_;  // code of modules that stay loaded
};

}}}  // namespace workpool::v0::detail
