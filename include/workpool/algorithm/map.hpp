#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <workpool/algorithm/body_count.hpp>
#include <workpool/core/future.hpp>
#include <workpool/pool/task_options.hpp>

namespace workpool { inline namespace v0 {

struct map_options {
  std::size_t window = 0;              // results asked for and not yet read; 0: twice as many as the pool has workers
  std::optional<task_options> each{};  // what can be said of the task for an element; its name is to outlive the map
};

namespace detail {

/// Whether a range refers to its elements, and yet they are the reader's to move from.
template <class Range>
inline constexpr bool gives_elements_away = requires {
  typename std::ranges::iterator_t<Range>::gives_elements_away;
};

/// An element that its range keeps is passed to the function by reference; one that is made on the way is moved.
template <class Range>
inline constexpr bool keeps_elements =
    std::ranges::forward_range<Range>&& std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>>;

template <class Range>
using map_argument = std::conditional_t<keeps_elements<Range>, std::ranges::range_reference_t<Range>,
                                        std::ranges::range_value_t<Range>&&>;

template <class F, class Range>
concept mappable = std::ranges::input_range<Range> && std::invocable<F&, map_argument<Range>> &&
    !std::is_void_v<std::invoke_result_t<F&, map_argument<Range>>>;

/// What a map in progress consists of. Its address is known to the tasks under way.
template <class Pool, class Range, class F>
class map_state {
 public:
  using value = std::remove_cvref_t<std::invoke_result_t<F&, map_argument<Range>>>;

  map_state(Pool& pool, Range&& input, F function, map_options options)
      : pool_(pool),
        input_(std::forward<Range>(input)),
        function_(std::move(function)),
        each_(options.each),
        window_(options.window != 0 ? options.window : 2 * std::max<std::size_t>(1, pool.workers().size())) {}
  map_state(const map_state&) = delete;
  map_state& operator=(const map_state&) = delete;
  ~map_state() { give_up(); }

  void begin() {
    next_.emplace(std::ranges::begin(input_));
    step();
  }

  /// Reads the next result and asks for one more. At the end there is none.
  void step() {
    current_.reset();
    try {
      fill();
      if (unread_.empty()) {
        if (input_error_) std::rethrow_exception(std::exchange(input_error_, nullptr));
        return;
      }
      future<value> first = std::move(unread_.front());
      unread_.pop_front();
      current_.emplace(first.get());
      fill();
    } catch (...) {
      give_up();
      throw;
    }
  }

  std::optional<value>& current() noexcept { return current_; }

 private:
  // What goes wrong here belongs to a later element than those that are still unread: it is kept until they are read.
  void fill() {
    try {
      while (unread_.size() < window_ && !input_error_ && another()) unread_.push_back(ask(**next_));
    } catch (...) {
      input_error_ = std::current_exception();
    }
  }

  // Steps to the next element only when it is wanted: a step of a stream may block.
  bool another() {
    if (std::exchange(asked_, false)) ++*next_;
    return asked_ = *next_ != std::ranges::end(input_);
  }

  // The ticket comes first and so dies last, after the element.
  struct call {
    body_count::ticket body;
    map_state& of;
    std::ranges::range_value_t<Range> made;
    value operator()() { return std::invoke(of.function_, std::move(made)); }
  };

  template <class Element>
  future<value> ask(Element&& element) {
    if constexpr (Pool::runs_elsewhere) {
      return submit(function_, std::forward<Element>(element));  // what it needs of both travels now
    } else if constexpr (keeps_elements<Range>) {
      return submit([this, body = bodies_.enter(), kept = std::addressof(element)]() -> value {
        return std::invoke(function_, static_cast<Element&&>(*kept));
      });
    } else {
      using made = std::ranges::range_value_t<Range>;
      using given = std::conditional_t<gives_elements_away<Range>, made&&, Element&&>;
      return submit(call{bodies_.enter(), *this, made(static_cast<given>(element))});
    }
  }
  template <class Body, class... Arguments>
  future<value> submit(Body&& body, Arguments&&... arguments) {
    if (!each_) return pool_.submit(std::forward<Body>(body), std::forward<Arguments>(arguments)...);
    return pool_.submit(*each_, std::forward<Body>(body), std::forward<Arguments>(arguments)...);
  }

  void give_up() noexcept {
    for (future<value>& one : unread_) one.cancel();
    for (future<value>& one : unread_) one.wait();
    unread_.clear();
    bodies_.wait();
    next_.reset();
    input_error_ = nullptr;
  }

  Pool& pool_;
  Range input_;
  F function_;
  const std::optional<task_options> each_;
  const std::size_t window_;
  body_count bodies_;
  std::optional<std::ranges::iterator_t<Range>> next_;
  bool asked_ = false;                // the element next_ points at has been submitted
  std::deque<future<value>> unread_;  // in the order of the input
  std::optional<value> current_;
  std::exception_ptr input_error_;  // reading the input or submitting threw this
};

}  // namespace detail

/// The results of a map: an input range to be walked once, made by map().
template <class Pool, class Range, class F>
class mapped_range : public std::ranges::view_base {
  using state = detail::map_state<Pool, Range, F>;

 public:
  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = typename state::value;
    using gives_elements_away = void;

    iterator() = default;
    explicit iterator(state* of) noexcept : state_(of) {}

    /// The result. It stays until the next step and may be moved from.
    value_type& operator*() const noexcept { return *state_->current(); }
    iterator& operator++() {
      state_->step();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& here, std::default_sentinel_t) noexcept {
      return !here.state_->current().has_value();
    }

   private:
    state* state_ = nullptr;
  };

  mapped_range(Pool& pool, Range&& input, F function, map_options options)
      : state_(std::make_unique<state>(pool, std::forward<Range>(input), std::move(function), options)) {}

  /// To be called once.
  iterator begin() {
    state_->begin();
    return iterator(state_.get());
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  std::unique_ptr<state> state_;
};

/// Gives the results of function(element) for every element of `input`, lazily and in the order of the input.
///
/// At most `window` elements are submitted and not yet read, so that memory is bounded whatever the length of the
/// input, which is read as the results are: it may be endless, or come from a file. Threads: the result is walked by
/// one thread, which also reads the input; `function` runs on the pool, several calls at a time, and on a pool of
/// processes it is, and gets, what submit there takes. Blocks: begin() and ++
/// until the next result is there, and while the queue of the pool is full. Throws: begin() and ++, at the element's
/// place, what `function`, reading the input, or submitting threw. Then, and when the result is destroyed early, what
/// has not started is cancelled, and every body has returned before control does. Memory: an lvalue range is referred
/// to and has to outlive the result; an rvalue is kept in it.
template <class Pool, class Range, class F>
requires detail::mappable<F, Range>
auto map(Pool& pool, Range&& input, F function, map_options options = {}) {
  return mapped_range<Pool, Range, F>(pool, std::forward<Range>(input), std::move(function), options);
}

}}  // namespace workpool::v0
