#pragma once
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/sparse_memory.hpp>
#include <workpool/ipc/buffer_maker.hpp>
#include <workpool/ipc/buffer_note.hpp>
#include <workpool/ipc/buffer_share.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/ipc/shared_buffer.hpp>
#include <workpool/worker/buffer_mail.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The shared buffers that a worker process has, and how it gives them back.
///
///     sent by the host, or made ─► here as long as a task, or a thread, refers to it ─► returned, with the answer of
///     the task that runs, or at once where none does
///
/// Threads: any.
class buffer_loans final : public buffer_maker {
 public:
  /// `tell`: sends a frame without a payload to the host, from any thread. `mail`: where that answers.
  buffer_loans(sparse_memory memory, buffer_mail& mail, std::function<void(const frame_header&)> tell)
      : memory_(std::make_shared<const sparse_memory>(std::move(memory))), mail_(mail), tell_(std::move(tell)) {}
  buffer_loans(const buffer_loans&) = delete;
  buffer_loans& operator=(const buffer_loans&) = delete;

  const sparse_memory* memory() const noexcept { return memory_.get(); }

  /// The host has sent it. Throws: std::bad_alloc.
  shared_buffer arrived(const buffer_place& place) {
    const std::lock_guard hold(mutex_);
    std::weak_ptr<loan>& known = here_[place.id];
    if (auto had = known.lock()) {
      ++had->times;
      return shared_buffer(std::move(had));
    }
    auto made = std::make_shared<loan>(*this, place);
    known = made;
    return shared_buffer(std::move(made));
  }

  shared_buffer make(std::size_t size) override {
    if (size == 0) return {};
    if (!home_.same()) throw unsupported("a fork of a task cannot make shared buffers");
    const std::lock_guard one_at_a_time(asking_);
    for (const buffer_note& one : take_returned()) tell_returned(one);  // there may be no room without
    mail_.ask();
    tell_({.task = size, .kind = frame_kind::buffer_wanted});
    while (!mail_.await(after(steady::now(), std::chrono::seconds(1)))) {  // without a host this process ends
    }
    const buffer_place place = mail_.place();
    if (place.id == 0) throw message_too_large(mail_.problem());
    shared_buffer made = arrived(place);
    if (!memory_->fill(place.at, sparse_memory::whole_pages(size))) {
      throw message_too_large("a shared buffer of " + std::to_string(size) +
                              " bytes could not be made: " + std::generic_category().message(errno));
    }
    return made;
  }

  /// From here on what is given back waits for end_task().
  void begin_task() noexcept {
    const std::lock_guard hold(mutex_);
    in_task_ = true;
  }
  /// The task has returned; its answer gives these. Gives: what is to be said with the answer. What nobody else refers
  /// to ends here without another word; the rest of `gives` has to stay until the answer was sent.
  std::vector<buffer_note> end_task(carried_buffers& gives) {
    std::vector<buffer_note> notes;
    const std::lock_guard hold(mutex_);
    for (const shared_buffer& one : gives.all()) {  // each is there once
      auto& mine = static_cast<loan&>(*one.share());
      const std::uint32_t ends = one.share().use_count() == 1 ? std::exchange(mine.times, 0) : 0;
      if (ends != 0) here_.erase(mine.place().id);
      notes.push_back({mine.place().id, ends, 1});
    }
    notes.insert(notes.end(), returned_.begin(), returned_.end());
    returned_.clear();
    in_task_ = false;
    return notes;
  }
  /// What did not go with an answer.
  void tell_returned(const buffer_note& one) noexcept {
    try {
      tell_({.task = one.id, .attempt = one.times, .kind = frame_kind::buffer_returned});
    } catch (const std::bad_alloc&) {  // then it is this process's until that ends
    }
  }

 private:
  struct loan final : buffer_share {
    loan(buffer_loans& all, const buffer_place& place) noexcept : buffer_share(all.memory_, place), owner(all) {}
    ~loan() override { owner.ends(*this); }

    buffer_loans& owner;
    std::uint32_t times = 1;  // guarded by the owner's mutex
  };

  std::vector<buffer_note> take_returned() noexcept {
    const std::lock_guard hold(mutex_);
    return std::exchange(returned_, {});
  }

  void ends(const loan& one) noexcept {
    if (!home_.same()) return;  // a fork of a task has no part in it
    const std::uint64_t id = one.place().id;
    {
      const std::lock_guard hold(mutex_);
      if (one.times == 0) return;
      if (const auto known = here_.find(id); known != here_.end() && known->second.expired()) here_.erase(known);
      if (in_task_) {
        try {
          returned_.push_back({id, one.times, 0});
        } catch (const std::bad_alloc&) {  // then it is this process's until that ends
        }
        return;
      }
    }
    tell_returned({id, one.times, 0});
  }

  const std::shared_ptr<const sparse_memory> memory_;
  buffer_mail& mail_;
  const std::function<void(const frame_header&)> tell_;
  const process_mark home_ = process_mark::current();
  std::mutex asking_;
  std::mutex mutex_;  // guards everything from here on
  std::map<std::uint64_t, std::weak_ptr<loan>> here_;
  std::vector<buffer_note> returned_;
  bool in_task_ = false;
};

}}}  // namespace workpool::v0::detail
