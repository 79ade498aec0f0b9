#pragma once
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/pidfd.hpp>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/pool/buffer_bank.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/process/output_pump.hpp>
#include <workpool/worker/process_worker.hpp>
#include <workpool/worker/run_worker.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/worker_channel.hpp>
#include <workpool/worker/worker_memory.hpp>
#include <workpool/worker/worker_setup.hpp>
#include <workpool/worker/zygote_hall.hpp>
#include <workpool/worker/zygote_news.hpp>
#include <workpool/worker/zygote_session.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a pool comes by its worker processes: everything a worker starts with is made here, and the zygote is asked.
/// Threads: one at a time.
class process_births {
 public:
  using worker = process_worker<worker_channel>;

  process_births(const fork_pool_options& options, std::optional<located_code> on_start)
      : options_(options),
        on_start_(std::move(on_start)),
        buffers_(buffer_bank::open(options.name, options.buffer_memory)) {
    if (options_.output != child_output::inherit) pump_.emplace(options_.output, options_.on_output, options_.name);
  }
  process_births(const process_births&) = delete;
  process_births& operator=(const process_births&) = delete;

  /// Makes sure that there is a zygote. Throws: unsafe_fork, spawn_failed.
  void begin() {
    if (session_) return;
    session_.emplace(
        open_session({.start = options_.start,
                      .environment = options_.clean_env ? zygote_environment::own : zygote_environment::inherited,
                      .env = options_.env,
                      .main = &run_worker}));
  }
  /// The zygote is gone.
  void forget_zygote() noexcept { session_.reset(); }
  bool has_zygote() const noexcept { return session_.has_value(); }
  int wait_handle() const noexcept { return session_ ? session_->wait_handle() : -1; }

  /// What has happened to those that were asked for. Throws: protocol_error, std::bad_alloc.
  std::optional<zygote_news> next() {
    if (!session_) return std::nullopt;
    return session_->next();
  }

  /// Asks for a process and gives it its channel. Throws: spawn_failed, unsafe_fork, std::bad_alloc.
  void ask_for(worker& one) {
    begin();
    socket_pair ends = socket_pair::make(socket_kind::stream);
    if (!ends) fail("its channel could not be made", errno);
    const bool rings = options_.channel == channel_kind::rings;
    const unique_fd memory = worker_memory::make(rings);
    if (memory) one.memory = worker_memory::of(memory.get(), rings);
    if (!one.memory) {
      fail(rings ? "the memory it shares could not be made, of which channel_kind::socket needs less"
                 : "the memory it shares could not be made",
           errno);
    }
    worker_birth birth;
    birth.id = one.id;
    birth.generation = one.generation;
    birth.program = options_.program;
    if (options_.start == start_method::exec && birth.program.empty()) birth.program = {"/proc/self/exe"};
    if (!options_.clean_env) birth.env.assign(options_.env.begin(), options_.env.end());
    birth.limits = options_.limits;
    birth.nice = options_.nice;
    birth.setup = worker_setup{options_.max_message, one.generation, rings, on_start_}.encode();
    pipe_ends out, err, report;
    if (pump_) {
      for (pipe_ends* const each : {&out, &err, &report}) {
        *each = pipe_ends::make();
        if (!*each) fail("a pipe for its output could not be made", errno);
      }
      one.output = pump_->add(one.id, std::move(out.reading), std::move(err.reading), std::move(report.reading));
    }
    birth.channel = ends.right.get();
    birth.memory = memory.get();
    birth.buffers = buffers_->memory().get();
    birth.out = out.writing.get();
    birth.err = err.writing.get();
    birth.report = report.writing.get();
    one.line.emplace(rings ? worker_stream(one.memory.rings(std::move(ends.left), ring_stream::side::left))
                           : worker_stream(socket_stream(std::move(ends.left))),
                     options_.max_message + request_overhead);
    one.request = session_->request(birth);
  }

  /// What workers borrow, each by its token.
  buffer_bank& buffers() const noexcept { return *buffers_; }

  /// Sends a signal to the process group of a worker.
  void kill(const worker& one, int signal) noexcept {
    if (one.pidfd) send_signal(one.pidfd.get(), signal);
    try {
      if (session_ && one.pid != 0) session_->kill(one.pid, signal);
    } catch (const std::exception&) {  // the process itself has it
    }
  }

  /// The end of what a worker wrote to its standard error, and what it wrote about its crash.
  std::string tail_of(const worker& one) { return pump_ && one.output ? pump_->tail_of(one.output) : std::string(); }
  std::string report_of(const worker& one) {
    return pump_ && one.output ? pump_->report_of(one.output) : std::string();
  }
  /// How often the user's handler of output threw.
  std::uint64_t output_faults() const noexcept { return pump_ ? pump_->faults() : 0; }
  void end_output(const worker& one) noexcept {
    if (pump_ && one.output) pump_->remove(one.output);
  }

 private:
  [[noreturn]] void fail(const std::string& what, int error) const {
    throw spawn_failed("a worker of pool '" + options_.name + "' could not be started: " + what + ": " +
                       std::generic_category().message(error));
  }
  const fork_pool_options& options_;
  const std::optional<located_code> on_start_;
  const std::shared_ptr<buffer_bank> buffers_;
  std::optional<output_pump> pump_;
  std::optional<zygote_session> session_;
};

}}}  // namespace workpool::v0::detail
