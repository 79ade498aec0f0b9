#pragma once
#include <concepts>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>
#include <workpool/core/result_task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

template <class F, class... A>
concept plain = std::invocable<std::decay_t<F>, std::decay_t<A>...>;
template <class F, class... A>
concept takes_stop = !plain<F, A...> && std::invocable<std::decay_t<F>, std::stop_token, std::decay_t<A>...>;
template <class F, class... A>
concept submittable = plain<F, A...> || takes_stop<F, A...>;

template <class F, class... A>
struct result {};
template <class F, class... A>
requires takes_stop<F, A...>
struct result<F, A...> {
  using type = std::invoke_result_t<std::decay_t<F>, std::stop_token, std::decay_t<A>...>;
};
template <class F, class... A>
requires plain<F, A...>
struct result<F, A...> {
  using type = std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>;
};
template <class F, class... A>
using result_t = typename result<F, A...>::type;

/// Copies or moves callable and arguments once, calls them once as rvalues, and can destroy them before itself.
template <class F, class... A>
class stored_call {
 public:
  static_assert(std::is_nothrow_destructible_v<std::decay_t<F>> &&
                    (std::is_nothrow_destructible_v<std::decay_t<A>> && ...),
                "a task's callable and arguments must have destructors that cannot throw");
  using pack = std::tuple<std::decay_t<F>, std::decay_t<A>...>;

  template <class... Parts>
  explicit stored_call(Parts&&... parts) : pack_(std::forward<Parts>(parts)...) {}
  stored_call(const stored_call&) = delete;
  stored_call& operator=(const stored_call&) = delete;
  ~stored_call() { reset(); }

  result_t<F, A...> operator()(task& self) {
    return std::apply(
        [&self](auto&& callable, auto&&... arguments) -> result_t<F, A...> {
          if constexpr (plain<F, A...>) {
            static_cast<void>(self);
            return std::invoke(std::move(callable), std::move(arguments)...);
          } else {
            return std::invoke(std::move(callable), self.stop_token(), std::move(arguments)...);
          }
        },
        std::move(pack_));
  }

  void reset() noexcept {
    if (std::exchange(present_, false)) std::destroy_at(std::addressof(pack_));
  }

 private:
  union {
    pack pack_;
  };
  bool present_ = true;
};

/// The task behind a workpool::future, and behind post().
template <class F, class... A>
class call_task final : public result_task<result_t<F, A...>> {
 public:
  template <class... Parts>
  explicit call_task(Parts&&... parts) : call_(std::forward<Parts>(parts)...) {}

  void invoke() override {
    this->store([this]() -> result_t<F, A...> { return call_(*this); });
  }
  void drop() noexcept override { call_.reset(); }

 private:
  stored_call<F, A...> call_;
};

/// Hands what a task ended with to a std::future.
template <class Result>
void keep_promise(std::promise<Result>& promise, result_task<Result>& one, outcome result) noexcept {
  try {
    if (result != outcome::value) {
      raise_outcome(one, result);
    } else if constexpr (std::is_void_v<Result>) {
      promise.set_value();
    } else {
      promise.set_value(one.take());
    }
  } catch (...) {  // also what the move of the result threw
    promise.set_exception(std::current_exception());
  }
}

/// The task behind a std::future: the result goes into a promise when the outcome is known.
template <class F, class... A>
class promise_task final : public result_task<result_t<F, A...>> {
  using value = result_t<F, A...>;

 public:
  template <class... Parts>
  explicit promise_task(Parts&&... parts) : call_(std::forward<Parts>(parts)...) {
    this->set_delivers();
  }

  std::future<value> get_future() { return promise_.get_future(); }

  void invoke() override {
    this->store([this]() -> value { return call_(*this); });
  }
  void drop() noexcept override { call_.reset(); }

  void deliver(outcome result) noexcept override { keep_promise(promise_, *this, result); }

 private:
  std::promise<value> promise_;
  stored_call<F, A...> call_;
};

}}}  // namespace workpool::v0::detail
