#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/call_task.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/sparse_memory.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/call_codec.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/code_locator.hpp>
#include <workpool/ipc/code_wire.hpp>
#include <workpool/ipc/codecs.hpp>
#include <workpool/ipc/remote.hpp>
#include <workpool/ipc/remote_callable.hpp>
#include <workpool/pool/crew_link.hpp>
#include <workpool/pool/kept_request.hpp>
#include <workpool/pool/periodic_call.hpp>
#include <workpool/pool/remote_call.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/worker/call_frame.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Makes the tasks of a pool whose workers are processes: the arguments are encoded here and now, the callable is
/// named by its place in the program.
/// Threads: any. Throws: message_too_large, codec_error, unsupported, and then the task counts as rejected; what a
/// codec of the user throws; std::bad_alloc.
class remote_calls {
 public:
  /// `parts_of_a_bulk`: at most so many tasks are made of one; 0: one of each call.
  remote_calls(std::size_t max_message, task_ledger& ledger, std::size_t parts_of_a_bulk = 0) noexcept
      : most_(max_message), most_parts_(parts_of_a_bulk), ledger_(ledger) {}
  remote_calls(const remote_calls&) = delete;
  remote_calls& operator=(const remote_calls&) = delete;

  /// Before the first task. `buffers`: where those lie that can go with a task.
  void connect(std::shared_ptr<crew_link> crew, const sparse_memory* buffers = nullptr) noexcept {
    crew_ = std::move(crew);
    buffers_ = buffers;
  }

  template <class F, class... A>
  remote_call<result_t<F, A...>>* plain(F&& callable, A&&... arguments) {
    check<F, A...>();
    return new remote_call<result_t<F, A...>>(request<F>(callable, arguments...), crew_);
  }

  /// Every attempt sends the same bytes.
  template <class F, class... A>
  remote_call<result_t<F, A...>>* with(const task_options&, F&& callable, A&&... arguments) {
    return plain<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...);
  }

  template <class F, class... A>
  std::pair<remote_promise<result_t<F, A...>>*, std::future<result_t<F, A...>>> promised(F&& callable,
                                                                                         A&&... arguments) {
    check<F, A...>();
    using made_type = remote_promise<result_t<F, A...>>;
    auto made = std::make_unique<made_type>(request<F>(callable, arguments...), crew_);
    auto result = made->get_future();
    return {made.release(), std::move(result)};
  }

  /// By a name that the workers' program offers.
  template <class R, class... A>
  remote_call<R>* named(const remote& one, const A&... arguments) {
    (check_codable<std::decay_t<const A&>>(), ...);
    return new remote_call<R>(counted([&] {
                                std::vector<std::byte> bytes;
                                carried_buffers goes(buffers_);
                                byte_writer out(bytes, most_, &goes);
                                out.write_raw(call_target::name);
                                out.write_raw(static_cast<std::uint32_t>(one.name.size()));
                                out.write(one.name.data(), one.name.size());
                                encode_arguments<std::decay_t<const A&>...>(out, arguments...);
                                return call_request(std::move(bytes), std::move(goes));
                              }),
                              crew_);
  }

  template <class F>
  bulk_task* bulk(const task_options& options, std::size_t count, F&& callable) {
    check_remote_callable<F>();
    std::vector<std::byte> request = counted([&] {
      std::vector<std::byte> bytes;
      byte_writer out(bytes, most_);
      write_call<std::decay_t<F>>(out, &enter_bulk_call<std::decay_t<F>>, callable);
      return bytes;
    });
    return bulk_call<remote_calls_of_bulk>::make(count, parts_of(options, count),
                                                 remote_calls_of_bulk(std::move(request), crew_));
  }

  template <class Pool, class F>
  std::shared_ptr<periodic_call<Pool>> series(Pool& pool, duration every, F&& callable) {
    check<F>();
    return std::make_shared<remote_series<Pool>>(pool, every, request<F>(callable).bytes, crew_);
  }

  /// Where a function lies, for a worker. Throws: unsupported.
  const located_code& locate(const void* address) { return places_.locate(address); }

 private:
  // A function that is called again and again in workers. Cancelling it does not wait for a turn in progress.
  template <class Pool>
  class remote_series final : public periodic_call<Pool> {
    using body = typename periodic_call<Pool>::body;

   public:
    remote_series(Pool& pool, duration every, std::vector<std::byte> request, std::shared_ptr<crew_link> crew)
        : periodic_call<Pool>(pool, every), request_(std::move(request)), crew_(std::move(crew)) {}

   private:
    void call() override {}
    void drop() noexcept override {}
    task* task_of(body one) override { return new guarded_call<body>(request_, crew_, std::move(one)); }

    const std::vector<std::byte> request_;
    const std::shared_ptr<crew_link> crew_;
  };

  template <class F, class... A>
  static constexpr void check() {
    check_remote_callable<F>();
    (check_codable<std::decay_t<A>>(), ...);
    using value = result_t<F, A...>;
    static_assert(!std::is_reference_v<value>,
                  "workpool: a task of a fork pool cannot return a reference, which means nothing in another process: "
                  "return a value");
    check_codable_result<value>();
  }

  // What has a limit, leave or another attempt of its own is a task of its own.
  std::size_t parts_of(const task_options& options, std::size_t calls) const noexcept {
    const bool each = options.timeout || options.expires_after || options.retry.max_attempts > 1 ||
                      options.breaker != nullptr || options.key != 0;
    if (each || most_parts_ == 0) return calls;
    constexpr unsigned most_calls_of_a_part = 31;  // as a power of 2
    return std::min(calls, std::max(most_parts_, calls >> most_calls_of_a_part));
  }

  // What cannot be sent counts as rejected.
  template <class Make>
  auto counted(Make make) {
    try {
      return make();
    } catch (const error&) {
      ledger_.intake().reject();
      throw;
    }
  }

  template <class F, class... A>
  call_request request(const std::decay_t<F>& callable, const A&... arguments) {
    return counted([&] {
      std::vector<std::byte> bytes = kept_request::memory_for((block_size(arguments) + ... + 0));
      carried_buffers goes(buffers_);
      byte_writer out(bytes, most_, &goes);
      write_call<std::decay_t<F>>(out, &enter_call<std::decay_t<F>, std::decay_t<const A&>...>, callable);
      encode_arguments<std::decay_t<const A&>...>(out, arguments...);
      return call_request(std::move(bytes), std::move(goes));
    });
  }

  template <class F>
  void write_call(byte_writer& out, call_entry entry, const F& callable) {
    out.write_raw(call_target::code);
    write_code(out, places_.locate(code_address(entry)));
    if constexpr (is_function_pointer<F>) {
      write_code(out, places_.locate(code_address(callable)));
    } else {
      static_cast<void>(callable);
    }
  }

  const std::size_t most_, most_parts_;
  task_ledger& ledger_;
  code_locator places_;
  std::shared_ptr<crew_link> crew_;
  const sparse_memory* buffers_ = nullptr;
};

}}}  // namespace workpool::v0::detail
