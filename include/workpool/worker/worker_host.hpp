#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <workpool/core/errc.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/posix/leave_now.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/sparse_memory.hpp>
#include <workpool/detail/posix/standard_streams.hpp>
#include <workpool/ipc/buffer_note.hpp>
#include <workpool/ipc/buffer_share.hpp>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/code_location.hpp>
#include <workpool/ipc/code_resolver.hpp>
#include <workpool/ipc/exception_codec.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/worker/buffer_loans.hpp>
#include <workpool/worker/buffer_mail.hpp>
#include <workpool/worker/call_frame.hpp>
#include <workpool/worker/call_mark.hpp>
#include <workpool/worker/call_run.hpp>
#include <workpool/worker/offer.hpp>
#include <workpool/worker/stop_listener.hpp>
#include <workpool/worker/this_worker.hpp>
#include <workpool/worker/worker_line.hpp>
#include <workpool/worker/worker_memory.hpp>
#include <workpool/worker/worker_setup.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The life of a worker process: it greets its host, and then answers one call after the other until it is told to
/// leave, or the host is gone.
///
/// Everything that a task leaves behind is found by the next one: threads, the working directory, globals.
/// Threads: run() by the first thread of the process.
template <channel Channel>
class worker_host {
 public:
  /// Without memory the host learns of calls by answers alone.
  worker_host(Channel channel, worker_id id, worker_setup setup, worker_memory memory = {}, sparse_memory buffers = {})
      : line_(std::move(channel)),
        id_(id),
        setup_(std::move(setup)),
        memory_(std::move(memory)),
        loans_(std::move(buffers), memory_ ? memory_.mail() : own_mail_, [this](frame_header said) {
          said.generation = generation();
          line_.send(said);
        }) {}

  /// Gives: the exit code of the process.
  int run() {
    try {
      if (setup_.on_start) call_on_start();
      if (!greet()) return 0;
      for (frame next; line_.receive(next);) {
        if (next.header.kind == frame_kind::quit) return leave();
        if (next.header.kind == frame_kind::ping && !reply(next, frame_kind::pong)) return 0;
        if (next.header.kind == frame_kind::task && !answer(next)) return 0;
      }
      return 0;  // nobody is left to work for
    } catch (const std::exception& broken) {
      std::fprintf(stderr, "workpool: worker %u ends: %s\n", id_, broken.what());
      return 1;
    }
  }

 private:
  /// The task that the host has, as its body sees it.
  class running_call final : public task {
   public:
    running_call(worker_host& host, const frame_header& request)
        : host_(host),
          request_(request.task),
          attempt_(request.attempt),
          run_(host.mark(), host.calls_, request.generation, *this) {
      describe_as(request.task, priority::normal);
      begin_for_another(request.attempt - 1);
    }
    ~running_call() override {
      if (listened_) host_.listener_.stop_listening();
    }
    void invoke() override {}
    void drop() noexcept override {}
    void beat() noexcept override {
      if (!host_.mark_.same()) return;  // a fork of the task has no part in the channel
      run_.end_soon();                  // what it has promised, the next call has not
      try {
        host_.line_.send({.task = request_, .attempt = attempt_, .kind = frame_kind::heartbeat});
      } catch (const std::bad_alloc&) {  // the next one may get through
      }
    }

    buffer_maker* buffers() noexcept override { return &host_.loans_; }
    call_run& run() noexcept { return run_; }

   private:
    void stop_is_awaited() override {
      listened_ = true;
      host_.listener_.listen_for(*this, request_);
    }

    worker_host& host_;
    const task_id request_;  // its own number is that of the call
    const std::uint32_t attempt_;
    call_run run_;
    bool listened_ = false;
  };

  call_mark& mark() noexcept { return memory_ ? memory_.mark() : own_mark_; }

  // What threads of tasks have printed since the last answer.
  static int leave() noexcept {
    flush_standard_output();
    return 0;
  }

  bool greet() {
    const worker_greeting greeting{protocol_version, own_pid(), main_module()};
    return line_.send({.generation = generation(), .kind = frame_kind::hello}, std::as_bytes(std::span(&greeting, 1)));
  }

  bool reply(const frame& to, frame_kind kind) {
    return line_.send({.task = to.header.task, .generation = generation(), .kind = kind});
  }

  void call_on_start() {
    using hook = void(worker_id);
    function_at<hook>(code_.resolve(setup_.on_start->location, setup_.on_start->path))(id_);
  }

  // Gives: false when the host is gone.
  bool answer(frame& request) {
    std::vector<std::byte> bytes = std::exchange(spare_, {});
    bytes.clear();
    frame_header header{.task = request.header.task,
                        .attempt = request.header.attempt,
                        .generation = generation(),
                        .kind = frame_kind::result};
    carried_buffers gives(loans_.memory());
    loans_.begin_task();
    const time_point begin = steady::now();
    {
      running_call self(*this, request.header);
      call(self, request, bytes, header, gives);
    }
    request.payload = {};             // before the host can think that the task is over
    if (!mark_.same()) leave_now(0);  // a task has forked, and this is its child
    flush_standard_output();          // it is a pipe, as a rule, which nobody flushes at the end of a line
    mark().add_busy(steady::now() - begin);
    std::vector<buffer_note> notes = loans_.end_task(gives);
    if (header.kind != frame_kind::error && !notes.empty()) {
      header.flags = static_cast<std::uint16_t>(std::min(notes.size(), most_notes));
      const auto first = std::as_bytes(std::span(notes).first(header.flags));
      bytes.insert(bytes.end(), first.begin(), first.end());
      notes.erase(notes.begin(), notes.begin() + header.flags);
    }
    const bool there = send(header, bytes);
    for (const buffer_note& one : notes) loans_.tell_returned(one);
    if (bytes.capacity() <= spare_blocks::largest) spare_ = std::move(bytes);
    return there;
  }

  bool send(const frame_header& header, std::vector<std::byte>& bytes) {
    // Where buffers go back, or away, it takes time until the next request is looked for.
    if (bytes.size() < worth_lending)
      return header.flags == 0 ? line_.answer(header, bytes) : line_.send(header, bytes);
    const auto lent = std::make_shared<std::vector<std::byte>>(std::move(bytes));
    const bool there = line_.send(header, *lent, lent);
    if (there) bytes = std::move(*lent);  // all is written, and so it is nobody else's
    return there;
  }

  // Makes an answer of whatever happens.
  void call(running_call& self, const frame& request, std::vector<std::byte>& bytes, frame_header& header,
            carried_buffers& gives) {
    const run_scope scope(self, id_);
    try {
      const std::size_t places = request.header.flags * sizeof(buffer_place);
      if (places > request.payload.size()) throw codec_error("a request ends before the places of its buffers");
      const std::span<const std::byte> all(request.payload.data(), request.payload.size());
      if (!self.run().is_wanted()) {
        header.kind = frame_kind::returned;
        header.attempt = request.header.generation;
        static_cast<void>(take_places(all.last(places)));  // and gives them back
        return;
      }
      const carried_buffers came = take_places(all.last(places));
      byte_reader arguments(all.first(all.size() - places), &came);
      byte_writer result(bytes, setup_.max_message, &gives);
      call_frame frame{arguments, result, self, code_, self.run()};
      enter(frame);
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      if (!error) end_of_thread();
      bytes.clear();
      gives.all().clear();
      header.kind = frame_kind::error;
      header.flags = static_cast<std::uint16_t>(own_code_of(error));
      constexpr std::size_t longest = std::size_t{1} << 20;  // bytes; texts are cut far below that
      byte_writer answer(bytes, longest);
      encode_exception(answer, error);
    }
  }

  // What has come with a request.
  carried_buffers take_places(std::span<const std::byte> bytes) {
    carried_buffers came(loans_.memory());
    for (byte_reader places(bytes); places.left() != 0;) {
      came.arrived(loans_.arrived(places.template read_raw<buffer_place>()));
    }
    return came;
  }

  static void enter(call_frame& call) {
    if (call.arguments.template read_raw<call_target>() == call_target::name) {
      const auto size = call.arguments.template read_raw<std::uint32_t>();
      const auto name = call.arguments.take(size);
      const std::string_view text(reinterpret_cast<const char*>(name.data()), name.size());
      return offered_calls::of_this_program().find(text)(call);
    }
    const located_code at = read_code(call.arguments);
    function_at<void(call_frame&)>(call.code.resolve(at.location, at.path))(call);
  }

  // Errors that arrive as what they are, not as a remote_error. Gives: errc() for every other.
  static errc own_code_of(const std::exception_ptr& error) noexcept {
    try {
      std::rethrow_exception(error);
    } catch (const task_cancelled&) {
      return errc::task_cancelled;
    } catch (const message_too_large&) {
      return errc::message_too_large;
    } catch (const codec_error&) {
      return errc::codec_error;
    } catch (const unsupported&) {
      return errc::unsupported;
    } catch (const protocol_error&) {
      return errc::protocol_error;
    } catch (...) {
      return errc();
    }
  }

  // pthread_exit in a task: without this thread nobody would hear of the next one.
  [[noreturn]] static void end_of_thread() noexcept {
    std::fputs("workpool: a task has ended the thread of its worker (pthread_exit)\n", stderr);
    leave_now(1);
  }

  std::uint32_t generation() const noexcept { return static_cast<std::uint32_t>(setup_.generation); }

  static constexpr std::size_t most_notes = 60'000;  // with an answer; the rest is said after it

  worker_line<Channel> line_;
  const worker_id id_;
  const worker_setup setup_;
  const worker_memory memory_;
  buffer_mail own_mail_;
  buffer_loans loans_;
  call_mark own_mark_;
  std::uint64_t calls_ = 0;  // begun
  const process_mark mark_ = process_mark::current();
  code_resolver code_;
  stop_listener<Channel> listener_{line_};
  std::vector<std::byte> spare_;  // memory of the last answer, at most 2 MiB: see spare_blocks
};

}}}  // namespace workpool::v0::detail
