#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <workpool/core/call_task.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/call_codec.hpp>
#include <workpool/ipc/code_resolver.hpp>
#include <workpool/ipc/code_wire.hpp>
#include <workpool/ipc/codecs.hpp>
#include <workpool/ipc/remote_callable.hpp>
#include <workpool/worker/call_run.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// One call as a worker process finds it: what came, where the answer goes, and the task it runs as.
struct call_frame {
  byte_reader& arguments;
  byte_writer& result;
  task& self;
  code_resolver& code;
  call_run& run;  // where it is several calls
};

/// What is called by its place in the program: everything that types know about a call lies behind it.
using call_entry = void (*)(call_frame&);

/// Calls of a bulk: `count` from number `first` on, after `before` that were made in earlier requests of the same task.
struct part_of_bulk {
  std::uint64_t first = 0, count = 0, before = 0;
};

/// The answer: how many of them were made.
struct calls_made {
  std::uint64_t count = 0, last_is_cancelled = 0;
};

/// How a request begins: what is to be called.
enum class call_target : std::uint8_t { code, name };

/// The callable of a call: nothing is sent of one whose type says it all, of a function its place in the code.
/// Throws: codec_error, protocol_error, unsupported.
template <class F>
F read_callable(call_frame& call) {
  if constexpr (is_function_pointer<F>) {
    const located_code at = read_code(call.arguments);
    return function_at<std::remove_pointer_t<F>>(call.code.resolve(at.location, at.path));
  } else {
    static_cast<void>(call);
    return remake<F>();
  }
}

/// Decodes the arguments, calls `callable`, and encodes what it gives.
/// Throws: what that throws, codec_error, message_too_large.
template <class F, class... A>
void answer_call(call_frame& call, F& callable) {
  decoded_arguments<A...> arguments(call.arguments);
  const auto run = [&](auto&&... values) -> result_t<F, A...> {
    if constexpr (plain<F, A...>) {
      return std::invoke(callable, std::forward<decltype(values)>(values)...);
    } else {
      return std::invoke(callable, call.self.stop_token(), std::forward<decltype(values)>(values)...);
    }
  };
  if constexpr (std::is_void_v<result_t<F, A...>>) {
    arguments.apply(run);
  } else {
    encode_arguments(call.result, arguments.apply(run));
  }
}

/// The call_entry of an F that is called with A….
template <class F, class... A>
void enter_call(call_frame& call) {
  auto callable = read_callable<F>(call);
  answer_call<F, A...>(call, callable);
}

/// The same for calls of a bulk that follow each other, of which what they give is dropped. Answers how many were made,
/// which may be fewer than were asked for. One that throws task_cancelled is the last one of its answer.
template <class F>
void enter_bulk_call(call_frame& call) {
  auto callable = read_callable<F>(call);
  const auto part = call.arguments.template read_raw<part_of_bulk>();
  call.arguments.expect_end();
  calls_made made;
  call.run.start(part.before);
  while (made.count < part.count && call.run.begin()) {
    const auto index = static_cast<std::size_t>(part.first + made.count);
    try {
      if constexpr (std::invocable<F&, std::size_t>) {
        static_cast<void>(std::invoke(callable, index));
      } else {
        static_cast<void>(std::invoke(callable, call.self.stop_token(), index));
      }
    } catch (const task_cancelled&) {
      made.last_is_cancelled = 1;
    }
    ++made.count;
    if (made.last_is_cancelled != 0 || call.run.is_over()) break;
  }
  call.result.write_raw(made);
}

}}}  // namespace workpool::v0::detail
