#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <typeinfo>
#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

namespace workpool { inline namespace v0 { namespace detail {

/// The name of the exception that is being handled, as the compiler writes it; lives as long as the type.
inline std::string_view name_of_current_exception() noexcept {
#if __has_include(<cxxabi.h>)
  if (const std::type_info* const type = abi::__cxa_current_exception_type()) return type->name();
#endif
  return "unknown";
}

/// As a person would write it, without the library's version.
inline std::string readable_type(std::string_view name) {
  std::string text(name);
#if __has_include(<cxxabi.h>)
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> plain(abi::__cxa_demangle(text.c_str(), nullptr, nullptr, &status),
                                                     std::free);
  if (plain && status == 0) text = plain.get();
#endif
  constexpr std::string_view version = "workpool::v0::";
  for (std::size_t at; (at = text.find(version)) != text.npos;) text.replace(at, version.size(), "workpool::");
  return text;
}

/// How often tasks have failed, by the type of the exception and, where it has one, the error code.
///
/// Threads: any. Throws: nothing; what cannot be kept, for want of memory or because there are too many kinds, is
/// counted under "other". Cost: one lock per failure; names are made readable only for who asks.
class failure_tally {
 public:
  /// To be called in the handler of the exception. `code`: none where the exception has none.
  void add_current(const std::error_code* code = nullptr) noexcept {
    const key kind{name_of_current_exception(), code == nullptr ? nullptr : &code->category(),
                   code == nullptr ? 0 : code->value()};
    const std::lock_guard hold(mutex_);
    const auto known = kinds_.find(kind);
    if (known != kinds_.end()) {
      ++known->second;
    } else if (kinds_.size() >= most_kinds || !keep(kind)) {
      ++other_;
    }
  }

  /// Gives: "std::runtime_error" → 3, "std::system_error (generic:2)" → 1. Throws: std::bad_alloc.
  std::map<std::string, std::uint64_t> counts() const {
    std::map<std::string, std::uint64_t> readable;
    const std::lock_guard hold(mutex_);
    for (const auto& [kind, count] : kinds_) {
      const auto& [type, category, value] = kind;
      std::string name = readable_type(type);
      if (category != nullptr) name.append(" (").append(category->name()) += ":" + std::to_string(value) + ")";
      readable[name] += count;
    }
    if (other_ != 0) readable["other"] += other_;
    return readable;
  }

 private:
  using key = std::tuple<std::string_view, const std::error_category*, int>;

  bool keep(const key& kind) noexcept {
    try {
      kinds_.emplace(kind, 1);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static constexpr std::size_t most_kinds = 64;

  mutable std::mutex mutex_;
  std::map<key, std::uint64_t> kinds_;
  std::uint64_t other_ = 0;
};

}}}  // namespace workpool::v0::detail
