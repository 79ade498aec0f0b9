#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <workpool/core/call_task.hpp>
#include <workpool/core/result_task.hpp>

namespace workpool { inline namespace v0 {

/// Whether an argument of type T may be copied for a further attempt where it says that it can be. Specialise it as
/// false for a class that says so and cannot, such as one with a `std::vector<std::unique_ptr<…>>` in it and no copy
/// constructor of its own: otherwise a submit with options and such an argument does not compile.
template <class T>
inline constexpr bool enable_copies = true;

namespace detail {

/// Whether copies of T can be made, as far as types can tell. Containers say that they are copyable also where their
/// elements are not.
template <class T, int Depth = 6>
struct really_copyable : std::bool_constant<std::is_copy_constructible_v<T> && enable_copies<T>> {};
template <class T, int Depth>
concept owns_elements = (Depth > 0) && std::is_copy_constructible_v<T>&& enable_copies<T>&& requires {
  typename T::allocator_type;
  sizeof(typename T::value_type);
}
&&!std::same_as<typename T::value_type, T>;
template <class T, int Depth>
requires owns_elements<T, Depth>
struct really_copyable<T, Depth> : really_copyable<std::remove_cv_t<typename T::value_type>, Depth - 1> {
};
template <class... Parts>
struct all_really_copyable : std::conjunction<really_copyable<std::remove_cv_t<Parts>>...> {};
template <class First, class Second, int Depth>
struct really_copyable<std::pair<First, Second>, Depth> : all_really_copyable<First, Second> {};
template <class... Parts, int Depth>
struct really_copyable<std::tuple<Parts...>, Depth> : all_really_copyable<Parts...> {};
template <class... Parts, int Depth>
struct really_copyable<std::variant<Parts...>, Depth> : all_really_copyable<Parts...> {};
template <class T, int Depth>
struct really_copyable<std::optional<T>, Depth> : all_really_copyable<T> {};
template <class T, std::size_t Size, int Depth>
struct really_copyable<std::array<T, Size>, Depth> : all_really_copyable<T> {};

/// A callable that can be called again and again without being changed.
template <class F, class... A>
concept called_in_place =
    (plain<F, A...> && requires { requires std::same_as<std::invoke_result_t<const F&, A...>, result_t<F, A...>>; }) ||
    (!plain<F, A...> &&
     requires { requires std::same_as<std::invoke_result_t<const F&, std::stop_token, A...>, result_t<F, A...>>; });

/// A callable of which every attempt gets a copy. Only trivial ones: whether a closure with a container in it can be
/// copied cannot be asked, and the answer would not compile, for every task that has options.
template <class F>
concept called_by_copy = std::is_trivially_copy_constructible_v<F>;

/// What can be run more than once.
template <class F, class... A>
concept repeatable = (called_in_place<std::decay_t<F>, std::decay_t<A>...> ||
                      called_by_copy<std::decay_t<F>>)&&(really_copyable<std::decay_t<A>>::value&&...);

/// The task behind a workpool::future, and behind post(), that may be run more than once. Every attempt gets copies of
/// the arguments, and of a callable that could change itself. What an attempt that came too late has given is destroyed
/// with the next one.
template <class F, class... A>
class repeated_task final : public result_task<result_t<F, A...>> {
  using value = result_t<F, A...>;

 public:
  template <class... Parts>
  explicit repeated_task(Parts&&... parts) : call_(std::in_place, std::forward<Parts>(parts)...) {}

  void invoke() override {
    this->forget();
    this->store([this]() -> value {
      return std::apply([this](const auto&... parts) -> value { return call(parts...); }, *call_);
    });
  }
  void drop() noexcept override { call_.reset(); }

 private:
  using callable = std::decay_t<F>;

  // An error in here: one of the arguments says that it can be copied (std::is_copy_constructible), and cannot. Let the
  // callable capture it, or say so by workpool::enable_copies.
  value call(const callable& original, const std::decay_t<A>&... arguments) {
    if constexpr (called_in_place<callable, std::decay_t<A>...>) {
      return call_with(original, arguments...);
    } else {
      return call_with(callable(original), arguments...);
    }
  }

  template <class Callable>
  value call_with(Callable&& one, const std::decay_t<A>&... arguments) {
    if constexpr (plain<F, A...>) {
      return std::invoke(std::forward<Callable>(one), std::decay_t<A>(arguments)...);
    } else {
      return std::invoke(std::forward<Callable>(one), this->stop_token(), std::decay_t<A>(arguments)...);
    }
  }

  std::optional<std::tuple<callable, std::decay_t<A>...>> call_;
};

}  // namespace detail

}}  // namespace workpool::v0
