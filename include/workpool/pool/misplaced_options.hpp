#pragma once
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <workpool/core/call_task.hpp>
#include <workpool/core/errc.hpp>
#include <workpool/core/future.hpp>
#include <workpool/pool/task_options.hpp>

namespace workpool { inline namespace v0 {

struct use_std_future_t;

namespace detail {

template <class T>
concept goes_first =
    std::same_as<std::remove_cvref_t<T>, task_options> || std::same_as<std::remove_cvref_t<T>, use_std_future_t>;

/// Whether these arguments fit no call of a pool, and something is among them that belongs in front. What does not go
/// first is not looked at: asking whether a generic lambda takes it may not compile.
template <class First, class Second, class... Rest>
concept misplaces_options = (goes_first<Second> || ... || goes_first<Rest>)&&!submittable<First, Second, Rest...> &&
                            !(goes_first<First> && submittable<Second, Rest...>);

/// Does not compile, and says what to write instead.
template <class Call>
consteval void refuse_misplaced_options() {
  static_assert(
      sizeof(std::remove_reference_t<Call>*) == 0,
      "workpool: options come first, before the function, and alone: pool.submit({.name = \"...\"}, function, "
      "arguments...), or pool.submit(workpool::use_std_future, function, arguments...)");
}

/// The calls of a pool with options elsewhere than in front. They take what no other call takes, do not compile, and
/// say where options belong. Options in braces are seen right behind the function: as a const&&, which is the worse
/// match for everything that has a type of its own.
struct misplaced_options {
  template <class First, class Second, class... Rest>
  requires misplaces_options<First, Second, Rest...>
  static auto submit(First&&, Second&&, Rest&&...) {
    refuse_misplaced_options<First>();
    return future<void>();
  }
  template <class F>
  static auto submit(F&&, const task_options&&) {
    refuse_misplaced_options<F>();
    return future<void>();
  }

  template <class First, class Second, class... Rest>
  requires misplaces_options<First, Second, Rest...>
  static auto try_submit(First&&, Second&&, Rest&&...) {
    refuse_misplaced_options<First>();
    return submit_result<void>(errc::unsupported);
  }
  template <class F>
  static auto try_submit(F&&, const task_options&&) {
    refuse_misplaced_options<F>();
    return submit_result<void>(errc::unsupported);
  }

  template <class First, class Second, class... Rest>
  requires misplaces_options<First, Second, Rest...>
  static auto post(First&&, Second&&, Rest&&...) { refuse_misplaced_options<First>(); }
  template <class F>
  static auto post(F&&, const task_options&&) {
    refuse_misplaced_options<F>();
  }

  template <class F>
  static auto submit_bulk(std::size_t, F&&, const task_options&) {
    return bulk<F>();
  }
  template <class F>
  static auto submit_bulk(std::size_t, const task_options&, F&&) {
    return bulk<F>();
  }

 private:
  template <class F>
  static auto bulk() {
    static_assert(sizeof(std::remove_reference_t<F>*) == 0,
                  "workpool: options come first, before the number of calls: pool.submit_bulk({.name = \"...\"}, n, "
                  "function)");
    return future<void>();
  }
};

}  // namespace detail

}}  // namespace workpool::v0
