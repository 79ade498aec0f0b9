#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>
#include <workpool/core/call_task.hpp>
#include <workpool/core/result_task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Whether copies of T can be made, as far as types can tell. Containers say that they are copyable also where their
/// elements are not.
template <class T>
struct really_copyable : std::is_copy_constructible<T> {};
template <class T>
requires(std::is_copy_constructible_v<T>&& requires { typename T::value_type; } &&
         !std::same_as<typename T::value_type, T>) struct really_copyable<T>
    : really_copyable<std::remove_cv_t<typename T::value_type>> {
};
template <class First, class Second>
struct really_copyable<std::pair<First, Second>>
    : std::conjunction<really_copyable<std::remove_cv_t<First>>, really_copyable<std::remove_cv_t<Second>>> {};
template <class... Parts>
struct really_copyable<std::tuple<Parts...>> : std::conjunction<really_copyable<std::remove_cv_t<Parts>>...> {};

/// A callable that can be called again and again without being changed.
template <class F, class... A>
concept called_in_place = (plain<F, A...> && std::invocable<const F&, A...>) ||
                          (!plain<F, A...> && std::invocable<const F&, std::stop_token, A...>);

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
  // callable capture it.
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

}}}  // namespace workpool::v0::detail
