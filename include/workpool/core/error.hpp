#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <workpool/core/crash_report.hpp>
#include <workpool/core/errc.hpp>

namespace workpool { inline namespace v0 {

/// What workpool throws of its own. code() says which refusal or outcome it is; what() says it in words: the text it
/// was made with, or the sentence of the code where there is none. There is one class per errc, to be caught by name.
/// Copying never throws.
struct error : std::system_error {
  explicit error(std::error_code code, const std::string& text = {})
      : std::system_error(code), text_(text.empty() ? std::system_error::what() : text) {}
  error(int value, const std::error_category& category, const std::string& text = {})
      : error(std::error_code(value, category), text) {}

  const char* what() const noexcept override { return text_.what(); }

 private:
  std::runtime_error text_;  // the one string of the standard library that copies without throwing
};

namespace detail {

/// An error that knows its code: queue_full("…") says errc::queue_full.
template <errc Code>
struct coded_error : error {
  static constexpr errc kind = Code;

  using error::error;
  explicit coded_error(const std::string& text = {}) : error(Code, text) {}
};

/// A coded_error that carries more than text, shared between its copies.
template <errc Code, class Extra>
class detailed_error : public coded_error<Code> {
 public:
  using coded_error<Code>::coded_error;

 protected:
  detailed_error(std::in_place_t, Extra extra, const std::string& text)
      : coded_error<Code>(text), extra_(std::make_shared<const Extra>(std::move(extra))) {}

  const Extra& extra() const noexcept {
    static const Extra none{};
    return extra_ ? *extra_ : none;
  }

 private:
  std::shared_ptr<const Extra> extra_;
};

struct remote_origin {
  std::string type;
  std::exception_ptr nested;
};

}  // namespace detail

// clang-format off
struct queue_full : detail::coded_error<errc::queue_full> { using coded_error::coded_error; };
struct enqueue_timeout : detail::coded_error<errc::enqueue_timeout> { using coded_error::coded_error; };
struct pool_stopped : detail::coded_error<errc::pool_stopped> { using coded_error::coded_error; };
struct circuit_open : detail::coded_error<errc::circuit_open> { using coded_error::coded_error; };
struct task_quarantined : detail::coded_error<errc::task_quarantined> { using coded_error::coded_error; };
struct message_too_large : detail::coded_error<errc::message_too_large> { using coded_error::coded_error; };
struct would_deadlock : detail::coded_error<errc::would_deadlock> { using coded_error::coded_error; };
struct task_cancelled : detail::coded_error<errc::task_cancelled> { using coded_error::coded_error; };
struct task_expired : detail::coded_error<errc::task_expired> { using coded_error::coded_error; };
struct task_timeout : detail::coded_error<errc::task_timeout> { using coded_error::coded_error; };
struct task_discarded : detail::coded_error<errc::task_discarded> { using coded_error::coded_error; };
struct pool_broken : detail::coded_error<errc::pool_broken> { using coded_error::coded_error; };
struct spawn_failed : detail::coded_error<errc::spawn_failed> { using coded_error::coded_error; };
struct ready_timeout : detail::coded_error<errc::ready_timeout> { using coded_error::coded_error; };
struct restart_limit : detail::coded_error<errc::restart_limit> { using coded_error::coded_error; };
struct protocol_error : detail::coded_error<errc::protocol_error> { using coded_error::coded_error; };
struct codec_error : detail::coded_error<errc::codec_error> { using coded_error::coded_error; };
struct would_block : detail::coded_error<errc::would_block> { using coded_error::coded_error; };
struct unsafe_fork : detail::coded_error<errc::unsafe_fork> { using coded_error::coded_error; };
struct forked_child : detail::coded_error<errc::forked_child> { using coded_error::coded_error; };
struct unsupported : detail::coded_error<errc::unsupported> { using coded_error::coded_error; };
struct no_state : detail::coded_error<errc::no_state> { using coded_error::coded_error; };
// clang-format on

/// An option that cannot be used. field() names it as the user wrote it ("queue.capacity"); what() says which value it
/// had and what to write instead.
struct bad_config : detail::detailed_error<errc::bad_config, std::string> {
  using detailed_error::detailed_error;
  bad_config(std::string_view field, const std::string& text)
      : detailed_error(std::in_place, std::string(field), text) {}

  std::string_view field() const noexcept { return extra(); }
};

/// The worker died, or stopped answering, while it ran the task. report() says how.
struct worker_lost : detail::detailed_error<errc::worker_lost, crash_report> {
  using detailed_error::detailed_error;
  explicit worker_lost(crash_report report, const std::string& text = {})
      : detailed_error(std::in_place, std::move(report), text) {}

  const crash_report& report() const noexcept { return extra(); }
};

/// The task threw in its worker process. what() is what its exception said there, type() names the exception's type,
/// nested() is the exception it was nested around, if any.
struct remote_error : detail::detailed_error<errc::remote_error, detail::remote_origin> {
  using detailed_error::detailed_error;
  remote_error(std::string type, const std::string& what, std::exception_ptr nested)
      : detailed_error(std::in_place, {std::move(type), std::move(nested)}, what) {}

  std::string_view type() const noexcept { return extra().type; }
  std::exception_ptr nested() const noexcept { return extra().nested; }
};

namespace detail {

using all_errors =
    std::tuple<queue_full, enqueue_timeout, pool_stopped, circuit_open, task_quarantined, message_too_large,
               would_deadlock, bad_config, task_cancelled, task_expired, task_timeout, task_discarded, worker_lost,
               pool_broken, remote_error, spawn_failed, ready_timeout, restart_limit, protocol_error, codec_error,
               would_block, unsafe_fork, forked_child, unsupported, no_state>;

template <class... Errors>
[[noreturn]] void raise_one_of(const std::tuple<Errors...>*, errc code, const std::string& text) {
  ((code == Errors::kind ? throw Errors(text) : void()), ...);
  throw error(code, text);
}

}  // namespace detail

/// Throws the exception that belongs to a code, for instance to one that try_submit answered.
[[noreturn]] inline void raise(errc code, const std::string& text = {}) {
  detail::raise_one_of(static_cast<const detail::all_errors*>(nullptr), code, text);
}

}}  // namespace workpool::v0
