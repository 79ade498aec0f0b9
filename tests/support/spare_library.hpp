#pragma once

#include <dlfcn.h>
#include <link.h>

#include <string>
#include <workpool/detail/posix/loaded_module.hpp>

/// Parts of the C library that hardly any program is linked with, for tests that load and unload. What is kept stays
/// until the process ends, so that tests of keeping use the second one.
inline constexpr const char* spare_library = "libanl.so.1";
inline constexpr const char* spare_library_to_keep = "libresolv.so.2";

/// A library that is loaded while this lives. Threads: one.
class library_visit {
 public:
  explicit library_visit(const char* name) : handle_(::dlopen(name, RTLD_NOW)) {}
  library_visit(const library_visit&) = delete;
  library_visit& operator=(const library_visit&) = delete;
  ~library_visit() { leave(); }

  explicit operator bool() const { return handle_ != nullptr; }
  std::string path() const { return map().l_name; }
  const void* data() const { return map().l_ld; }

  /// The first byte of its code. Nobody should call it.
  const void* code() const {
    const auto module = workpool::detail::module_around(data());
    for (const auto& segment : module.value().segments) {
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
      return reinterpret_cast<const void*>(module->base + segment.p_vaddr);
    }
    return nullptr;
  }

  void leave() {
    if (handle_ != nullptr) ::dlclose(handle_);
    handle_ = nullptr;
  }

  /// Whether a library of this name is loaded by anybody.
  static bool is_loaded(const char* name) {
    void* const handle = ::dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
    if (handle != nullptr) ::dlclose(handle);
    return handle != nullptr;
  }

 private:
  const link_map& map() const { return *static_cast<const link_map*>(handle_); }

  void* handle_;
};
