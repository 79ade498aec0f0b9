#pragma once
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/call_task.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/remote_body.hpp>
#include <workpool/core/result_task.hpp>
#include <workpool/core/task.hpp>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/call_codec.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/codecs.hpp>
#include <workpool/pool/crew_link.hpp>
#include <workpool/pool/kept_request.hpp>
#include <workpool/worker/call_frame.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A task whose body runs in a worker process: it holds the request instead of callable and arguments.
template <class Result>
class remote_call : public result_task<Result>, public remote_body {
 public:
  remote_call(call_request request, std::shared_ptr<crew_link> crew)
      : request_(std::move(request)), crew_(std::move(crew)) {}

  remote_body* elsewhere() noexcept override { return this; }
  std::span<const std::byte> request(const task&, std::vector<std::byte>&) override { return request_.bytes(); }
  bool may_go_ahead() const noexcept override {
    constexpr std::size_t most = 4096;  // bytes: what waits in a ring is not to fill it
    return request_.bytes().size() <= most && request_.carried() == nullptr;
  }
  std::shared_ptr<const void> lend() const noexcept override { return request_.lend(); }
  const carried_buffers* carried() const noexcept override { return request_.carried(); }

  void accept(task&, std::span<const std::byte> result, const carried_buffers* came = nullptr) override {
    this->forget();
    byte_reader bytes(result, came);
    if constexpr (std::is_void_v<Result>) {
      const decoded_arguments<> nothing(bytes);
    } else {
      this->store([&]() -> Result {
        decoded_arguments<Result> value(bytes);
        return value.apply([](Result&& one) -> Result { return std::move(one); });
      });
    }
  }

  bool recall(task& one) noexcept override { return crew_->recall(one); }
  cancel_result stop(task& one) noexcept override { return crew_->stop(one); }
  bool look_out(time_point deadline) noexcept override { return crew_->collect(*this, deadline); }

  void invoke() override { raise(errc::unsupported, this->describe() + " can only be run by a worker process"); }
  void drop() noexcept override { request_.forget(); }

 private:
  kept_request request_;
  const std::shared_ptr<crew_link> crew_;
};

/// The same behind a std::future.
template <class Result>
class remote_promise final : public remote_call<Result> {
 public:
  remote_promise(call_request request, std::shared_ptr<crew_link> crew)
      : remote_call<Result>(std::move(request), std::move(crew)) {
    this->set_delivers();
  }
  std::future<Result> get_future() { return promise_.get_future(); }
  void deliver(outcome result) noexcept override { keep_promise(promise_, *this, result); }

 private:
  std::promise<Result> promise_;
};

/// A task that, when it is over, however it ends, lets go of something.
template <class Guard>
class guarded_call final : public remote_call<void> {
 public:
  guarded_call(std::vector<std::byte> request, std::shared_ptr<crew_link> crew, Guard guard)
      : remote_call<void>(std::move(request), std::move(crew)), guard_(std::move(guard)) {}
  void drop() noexcept override {
    remote_call<void>::drop();
    guard_.reset();
  }

 private:
  std::optional<Guard> guard_;
};

/// The calls of a bulk: what they share is made once.
class remote_calls_of_bulk final : public remote_body {
 public:
  remote_calls_of_bulk(std::vector<std::byte> request, std::shared_ptr<crew_link> crew) noexcept
      : request_(std::move(request)), crew_(std::move(crew)) {}
  remote_calls_of_bulk(remote_calls_of_bulk&& other) noexcept
      : request_(std::move(other.request_)), crew_(std::move(other.crew_)) {}
  remote_calls_of_bulk& operator=(remote_calls_of_bulk&&) = delete;
  ~remote_calls_of_bulk() = default;

  /// Never called: the parts run elsewhere.
  void operator()(std::size_t) const { raise(errc::unsupported, "a call of a fork pool's bulk runs in a worker"); }

  std::span<const std::byte> request(const task& one, std::vector<std::byte>& scratch) override {
    scratch.assign(request_.begin(), request_.end());
    const auto& part = static_cast<const bulk_part&>(one);
    byte_writer bytes(scratch, sizeof(part_of_bulk));
    bytes.write_raw(part_of_bulk{part.next(), part.left(), part.returned()});
    return scratch;
  }
  progress take_in(task& one, std::span<const std::byte> result) override {
    auto& part = static_cast<bulk_part&>(one);
    byte_reader bytes(result);
    const auto made = bytes.read_raw<calls_made>();
    bytes.expect_end();
    if (made.count > part.left() || (made.count == 0 && made.last_is_cancelled != 0)) {
      throw codec_error("it says that it has made " + std::to_string(made.count) + " of " +
                        std::to_string(part.left()) + " calls");
    }
    part.have_returned(static_cast<std::size_t>(made.count));
    if (made.last_is_cancelled != 0) part.note_cancelled();
    return {made.count, part.left() == 0, made.last_is_cancelled != 0};
  }
  bool is_wanted(const task& one) const noexcept override { return static_cast<const bulk_part&>(one).is_wanted(); }
  void accept(task&, std::span<const std::byte>, const carried_buffers* = nullptr) override {}
  bool recall(task& one) noexcept override { return crew_->recall(one); }
  cancel_result stop(task& one) noexcept override { return crew_->stop(one); }
  void end_early(task& one) noexcept override { crew_->end_early(one); }

 private:
  std::vector<std::byte> request_;
  std::shared_ptr<crew_link> crew_;
};

}}}  // namespace workpool::v0::detail
