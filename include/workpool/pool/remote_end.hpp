#pragma once
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <system_error>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/errc.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/remote_body.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/exception_codec.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/call_tally.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How an attempt ended that ran in another process: with an answer, or without one.
struct remote_end {
  task* one = nullptr;  // with a reference
  worker_id worker = 0;
  time_point begun_at{};
  carried_buffers came{};  // with the answer
  frame answer{};          // kind result or error; anything else: there is none, and the two below say it all
  call_tally calls{};
  outcome result = outcome::worker_lost;
  std::exception_ptr error{};
  bool may_follow = true;  // whether there may be another attempt
};

/// What the worker threw. Gives: the outcome and the exception for it.
inline std::pair<outcome, std::exception_ptr> error_of_answer(const frame& answer) {
  byte_reader bytes(answer.payload);
  std::exception_ptr thrown = decode_exception(bytes);
  const auto code = static_cast<errc>(answer.header.flags);
  if (code == errc()) return {outcome::failed, std::move(thrown)};
  std::string text;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& known) {
    text = known.what();
  }
  try {
    raise(code, text);
  } catch (...) {
    return {code == errc::task_cancelled ? outcome::cancelled : outcome::failed, std::current_exception()};
  }
}

/// Writes the end of an attempt down and tells who waits for it, or puts the task back for another one.
/// Threads: one that works for the pool, without a lock: code of the user runs.
inline void settle(task_ledger& ledger, run_books& books, remote_end end) noexcept {
  task& one = *end.one;
  const auto keep_error = [&](const std::error_code* code) {
    ledger.failed(code);
    end.result = outcome::failed;
    end.error = std::current_exception();
  };
  try {
    if (end.answer.header.kind == frame_kind::result) {
      one.elsewhere()->accept(one, end.answer.payload, &end.came);
      end.result = outcome::value;
    } else if (end.answer.header.kind == frame_kind::error) {
      std::tie(end.result, end.error) = error_of_answer(end.answer);
      if (end.result == outcome::failed) std::rethrow_exception(end.error);
    }
  } catch (const std::system_error& known) {
    keep_error(&known.code());
  } catch (...) {
    keep_error(nullptr);
  }
  end.answer = {};
  end.came = {};
  if (one.accepted_at() != time_point{} && end.begun_at != time_point{} && one.calls() == 1) {
    ledger.record_wait(one, end.begun_at - one.accepted_at());
    ledger.record_run(steady::now() - end.begun_at);
  }

  const time_point again = end.may_follow ? ledger.plan_next(one, end.result, end.error) : time_point::max();
  if (again != time_point::max() && ledger.put_back(one, end.worker, end.result, end.error, again)) {
    one.drop_reference();
    return;
  }
  {
    const run_scope scope(one, end.worker);
    one.drop();
  }
  if (end.result == outcome::failed) ledger.report_posted(one, end.error);
  if (one.plan() != nullptr) one.owner()->expect_no_more();
  if (one.calls() != 1) {
    ledger.count_calls(one.lane(), end.calls.first, end.calls.begun - 1, end.worker, books);
    ledger.close_others(one, end.calls.last(), end.calls.left_over, end.calls.rest);
  }
  ledger.close(one, end.worker, books, end.result, std::move(end.error));
  one.drop_reference();
  ledger.notify();
}

}}}  // namespace workpool::v0::detail
