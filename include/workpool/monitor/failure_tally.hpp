#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <workpool/detail/type_name.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How often tasks have failed, by the type of the exception and, where it has one, the error code.
///
/// Threads: any. Throws: nothing; what cannot be kept, for want of memory or because there are too many kinds, is
/// counted under "other". Cost: a lock and a look-up per failure; the first one of its kind is made readable, without
/// the lock, since the name of an error category is code of the user. What it keeps are copies: the library that threw
/// may be unloaded.
class failure_tally {
 public:
  /// To be called in the handler of the exception. `code`: none where the exception has none.
  void add_current(const std::error_code* code = nullptr) noexcept {
    const key_view kind{name_of_current_exception(), code == nullptr ? nullptr : &code->category(),
                        code == nullptr ? 0 : code->value()};
    if (counted(kind)) return;
    kinds fresh;
    try {
      fresh.emplace(key(kind), entry{readable_kind(kind), 1});
    } catch (const std::bad_alloc&) {
      fresh.clear();
    }
    const std::lock_guard hold(mutex_);
    if (count_known(kind)) return;
    if (fresh.empty() || kinds_.size() >= most_kinds) {
      ++other_;
    } else {
      kinds_.merge(fresh);
    }
  }

  /// Gives: "std::runtime_error" → 3, "std::system_error (generic:2)" → 1. Throws: std::bad_alloc.
  std::map<std::string, std::uint64_t> counts() const {
    std::map<std::string, std::uint64_t> readable;
    const std::lock_guard hold(mutex_);
    for (const auto& [kind, known] : kinds_) readable[known.name] += known.count;
    if (other_ != 0) readable["other"] += other_;
    return readable;
  }

 private:
  struct key_view {
    std::string_view type;                // as the compiler writes it
    const std::error_category* category;  // compared, not used
    int value;
  };
  struct key {
    explicit key(const key_view& kind) : type(kind.type), category(kind.category), value(kind.value) {}
    operator key_view() const noexcept { return {type, category, value}; }
    std::string type;
    const std::error_category* category;
    int value;
  };
  struct key_order {
    using is_transparent = void;
    bool operator()(const key_view& left, const key_view& right) const noexcept {
      return std::tie(left.value, left.category, left.type) < std::tie(right.value, right.category, right.type);
    }
  };
  struct entry {
    std::string name;
    std::uint64_t count;
  };
  using kinds = std::map<key, entry, key_order>;

  static std::string readable_kind(const key_view& kind) {
    std::string name = readable_type(kind.type);
    if (kind.category == nullptr) return name;
    return name.append(" (").append(kind.category->name()).append(":").append(std::to_string(kind.value)).append(")");
  }

  // Whether there was nothing left to do for this failure.
  bool counted(const key_view& kind) noexcept {
    const std::lock_guard hold(mutex_);
    if (count_known(kind)) return true;
    if (kinds_.size() < most_kinds) return false;
    ++other_;
    return true;
  }

  bool count_known(const key_view& kind) noexcept {
    const auto known = kinds_.find(kind);
    if (known == kinds_.end()) return false;
    ++known->second.count;
    return true;
  }

  static constexpr std::size_t most_kinds = 64;

  mutable std::mutex mutex_;
  kinds kinds_;
  std::uint64_t other_ = 0;
};

}}}  // namespace workpool::v0::detail
