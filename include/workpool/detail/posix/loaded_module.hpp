#pragma once
#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <workpool/detail/posix/build_id.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// program: what was started; library: everything that came with it or later, the vdso of the kernel among them.
enum class module_role : std::uint8_t { program, library };

/// A program or library of this process while visit_modules() shows it.
class module_view {
 public:
  explicit module_view(const dl_phdr_info& info) noexcept : info_(info) {}

  /// As the loader calls it: often a path, which may be relative to a directory of long ago. "" for the program.
  const char* name() const noexcept { return info_.dlpi_name != nullptr ? info_.dlpi_name : ""; }
  /// What has to be added to an address of the file to have that of the memory; 0 for a program that is not PIE.
  std::uintptr_t base() const noexcept { return info_.dlpi_addr; }
  std::span<const ElfW(Phdr)> segments() const noexcept { return {info_.dlpi_phdr, info_.dlpi_phnum}; }

  module_role role() const noexcept {
    // Not "the first one": so it also holds in a namespace of dlmopen, and where ld.so was started by hand.
    const bool started = reinterpret_cast<std::uintptr_t>(info_.dlpi_phdr) == ::getauxval(AT_PHDR);
    return started ? module_role::program : module_role::library;
  }

  bool contains(const void* address) const noexcept {
    const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - base();
    for (const ElfW(Phdr) & segment : segments()) {
      if (segment.p_type == PT_LOAD && offset - segment.p_vaddr < segment.p_memsz) return true;
    }
    return false;
  }

  build_id id() const noexcept {
    for (const ElfW(Phdr) & segment : segments()) {
      if (segment.p_type != PT_NOTE || !in_memory(segment)) continue;
      const auto* const notes = reinterpret_cast<const std::byte*>(base() + segment.p_vaddr);
      if (const build_id found = build_id_among({notes, segment.p_filesz}, segment.p_align)) return found;
    }
    return {};
  }

 private:
  // Notes of a file need not be part of what is loaded.
  bool in_memory(const ElfW(Phdr) & part) const noexcept {
    for (const ElfW(Phdr) & segment : segments()) {
      const std::uintptr_t before = part.p_vaddr - segment.p_vaddr;
      if (segment.p_type == PT_LOAD && (segment.p_flags & PF_R) != 0 && before <= segment.p_filesz &&
          part.p_filesz <= segment.p_filesz - before) {
        return true;
      }
    }
    return false;
  }

  const dl_phdr_info& info_;
};

/// Shows the modules of this process, the program first, until `visit` says true. The loader holds a lock meanwhile, so
/// that visit neither throws, nor allocates, nor loads.
/// Threads: any. Cost: 0.1 µs and what visit does.
template <class Visit>
void visit_modules(Visit visit) noexcept {
  ::dl_iterate_phdr([](dl_phdr_info* info, std::size_t,
                       void* data) -> int { return (*static_cast<Visit*>(data))(module_view(*info)) ? 1 : 0; },
                    &visit);
}

/// A number that is another one after a module was loaded or unloaded. Threads: any. Cost: 20 ns.
inline std::uint64_t load_generation() noexcept {
  std::uint64_t generation = 0;
  const auto read = [](dl_phdr_info* info, std::size_t, void* data) -> int {
    *static_cast<std::uint64_t*>(data) = std::uint64_t{info->dlpi_adds} << 32 ^ info->dlpi_subs;
    return 1;
  };
  ::dl_iterate_phdr(read, &generation);
  return generation;
}

/// A program or library of this process. Its segments may be read while it stays loaded.
struct loaded_module {
  std::string name;  // see module_view
  std::uintptr_t base = 0;
  std::span<const ElfW(Phdr)> segments;
  build_id id;
  module_role role = module_role::library;

  /// Whether there is code that far from the base.
  bool has_code_at(std::uint64_t offset) const noexcept {
    for (const ElfW(Phdr) & segment : segments) {
      const bool code = segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0;
      if (code && offset >= segment.p_vaddr && offset - segment.p_vaddr < segment.p_memsz) return true;
    }
    return false;
  }
};

/// The first module `wanted` accepts.
template <class Wanted>
std::optional<loaded_module> find_module(Wanted wanted) {
  std::array<char, PATH_MAX> name{};
  loaded_module found;
  bool any = false;
  visit_modules([&](const module_view& module) noexcept {
    if (!wanted(module)) return false;
    const std::size_t length = ::strnlen(module.name(), name.size() - 1);
    std::memcpy(name.data(), module.name(), length);
    found.base = module.base();
    found.segments = module.segments();
    found.id = module.id();
    found.role = module.role();
    return any = true;
  });
  if (!any) return std::nullopt;
  found.name = name.data();
  return found;
}

inline std::optional<loaded_module> module_around(const void* address) {
  return find_module([address](const module_view& module) noexcept { return module.contains(address); });
}

/// Gives: none for the id that says there is none.
inline std::optional<loaded_module> module_with(const build_id& id) {
  if (!id) return std::nullopt;
  return find_module([&id](const module_view& module) noexcept { return module.id() == id; });
}

/// Gives: none only where the program was started in a way that hides it from its loader.
inline std::optional<loaded_module> program_module() {
  return find_module([](const module_view& module) noexcept { return module.role() == module_role::program; });
}

/// Loads a library for as long as the process lives, with everything it needs, and runs its initialisers.
/// Gives: "", or why the loader refuses it.
inline std::string load_module(const std::string& path) {
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return {};
  const char* const why = ::dlerror();
  return why != nullptr ? why : "the loader does not say why";
}

/// Keeps a module that is loaded for as long as the process lives. Gives: whether it will stay.
inline bool keep_module(const loaded_module& module) {
  if (module.role == module_role::program) return true;
  if (::dlopen(module.name.c_str(), RTLD_LAZY | RTLD_NOLOAD) == nullptr) return false;
  // The name may have been that of another one.
  const auto kept = module_with(module.id);
  return kept && kept->base == module.base;
}

}}}  // namespace workpool::v0::detail
