#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace workpool { inline namespace v0 {

/// What a pool throws for an empty std::function or a null pointer, before there is a task: a std::bad_function_call
/// that says whose callable it was. Copying never throws.
class null_callable : public std::bad_function_call {
 public:
  explicit null_callable(std::string_view task = {})
      : text_((task.empty() ? "the callable of a task" : "the callable of task '" + std::string(task) + "'") +
              " is null, an empty std::function or a null pointer: give it a function before it is submitted") {}
  const char* what() const noexcept override { return text_.what(); }

 private:
  std::runtime_error text_;  // the one string of the standard library that copies without throwing
};

namespace detail {

// Lambdas convert to pointers and so compare with nullptr, but cannot be made from it.
template <class F>
concept can_be_null = std::constructible_from<F, std::nullptr_t> && requires(const F& callable) {
  { callable == nullptr } -> std::convertible_to<bool>;
};

/// Throws: null_callable, which names the task.
template <class F>
void check_callable(const F& callable, [[maybe_unused]] std::string_view task = {}) {
  if constexpr (can_be_null<F>) {
    if (callable == nullptr) throw null_callable(task);
  }
}

}  // namespace detail

}}  // namespace workpool::v0
