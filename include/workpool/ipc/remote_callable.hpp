#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <functional>
#include <type_traits>

namespace workpool { inline namespace v0 {

namespace detail {

template <class F>
inline constexpr bool is_function_pointer = std::is_pointer_v<F>&& std::is_function_v<std::remove_pointer_t<F>>;

template <class F>
inline constexpr bool is_std_function = false;
template <class Signature>
inline constexpr bool is_std_function<std::function<Signature>> = true;

/// Whether an object of this type holds nothing, so that any other of the type does the same.
template <class F>
inline constexpr bool holds_nothing = std::is_class_v<F>&& std::is_empty_v<F> &&
                                      (std::is_default_constructible_v<F> || std::is_trivially_copyable_v<F>);

}  // namespace detail

/// What can be called in another process: a function, or an object of a class without members, such as a lambda that
/// captures nothing. A function travels as the place of its code, such an object as its type.
template <class F>
concept remote_callable = detail::is_function_pointer<std::decay_t<F>> || detail::holds_nothing<std::decay_t<F>>;

namespace detail {

/// Does not compile for what is no remote_callable, and says what to write instead.
template <class F>
consteval void check_remote_callable() {
  using callable = std::decay_t<F>;
  constexpr bool member = std::is_member_pointer_v<callable>;
  constexpr bool wrapper = is_std_function<callable> || std::is_bind_expression_v<callable>;
  constexpr bool closure = !member && !wrapper && std::is_class_v<callable>;
  static_assert(!member,
                "workpool: a member pointer cannot be sent to a worker process: write the call into a lambda: "
                "pool.submit([](widget w) { return w.area(); }, w)");
  static_assert(!wrapper,
                "workpool: a std::function or the result of std::bind cannot be sent to a worker process, because what "
                "it holds stays here: pool.submit([](int x) { ... }, x)");
  static_assert(!closure || remote_callable<F>,
                "workpool: a callable for a worker process must not capture anything: pass the data as arguments: "
                "pool.submit([](int x) { ... }, x)");
  static_assert(member || wrapper || closure || remote_callable<F>,
                "workpool: only a function or a lambda can be called in a worker process");
}

/// An object of a class without members, as good as the one the host holds.
template <class F>
requires holds_nothing<F>
constexpr F remake() {
  if constexpr (std::is_default_constructible_v<F>) {
    return F();
  } else {
    // A lambda that captures nothing but begins with [&] or [=] has no default constructor.
    return std::bit_cast<F>(std::array<std::byte, sizeof(F)>{});
  }
}

}  // namespace detail

}}  // namespace workpool::v0
