#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/pidfd.hpp>
#include <workpool/detail/posix/poller.hpp>
#include <workpool/ipc/buffer_note.hpp>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/code_location.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/ipc/ring_stream.hpp>
#include <workpool/ipc/shared_buffer.hpp>
#include <workpool/pool/buffer_bank.hpp>
#include <workpool/pool/process_tasks.hpp>
#include <workpool/worker/call_mark.hpp>
#include <workpool/worker/sent_tasks.hpp>
#include <workpool/worker/worker_setup.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the workers of a pool say, none of which is believed: a worker that says what it cannot mean is killed.
/// Threads: as process_table.
class process_line : public process_tasks {
 public:
  using process_tasks::process_tasks;

  /// The channel of a worker is ready.
  void hear_line(worker& one, const poll_event& news, crew_news& todo) {
    if (news.writable()) go_on_writing(one);
    if (news.readable()) look_at(one, todo);
  }

  /// Takes in what these have said so far. `lines`: of open_lines(), which may change.
  void take_in(crew_news& todo) {
    for (worker* const one : open_lines()) {
      if (!one->line->has_arrived()) continue;
      const bool stopped_early = read_line(*one, todo, share_of_a_look) != heard::all;
      if (!one->line->is_open()) continue;
      if (one->line->wants_to_write()) go_on_writing(*one);
      if (stopped_early) look_again_at(*one);
    }
  }

  /// See remote_body.
  void recall(task& wanted, crew_news& todo) {
    for (auto& [token, one] : processes_) {
      if (one->coming.one == &wanted) one->coming.recalled = true;  // who sends it hands it back
      if (one->sent.find(wanted) == nullptr) continue;
      take_back_unbegun(*one, todo);
      if (wanted.handed_out()) count_as_begun(wanted);
      return;
    }
  }

  /// Gives: whether the task was somewhere, and is settled as cancelled, or will be at once.
  bool stop_held(task& wanted, crew_news& todo) {
    if (unfinished_.remove(wanted)) {
      end_unfinished(wanted, outcome::cancelled, todo);
      return true;
    }
    for (auto& [token, each] : processes_) {
      worker& one = *each;
      if (one.coming.one == &wanted) {
        never_begin(one.coming, outcome::cancelled);
        return true;
      }
      if (one.sent.find(wanted) == nullptr) continue;
      if (one.stage != stage::busy) return false;  // its worker has died: that is its outcome
      return stop_sent(one, wanted, todo);
    }
    return false;
  }

  /// How many answers came for tasks that had their outcome already, since it was last asked.
  std::uint64_t take_late_answers() noexcept { return std::exchange(late_answers_, 0); }

 protected:
  static constexpr std::size_t share_of_a_look = 256;                                                 // frames
  static constexpr std::size_t all_of_a_ring = ring_stream::ring_size / sizeof(frame_header) + 4096;  // frames

  // What there was to read: all of it, more than that, or not all of it, for it makes no sense, or memory is short.
  enum class heard : std::uint8_t { all, more, less };

  ~process_line() = default;

  // Reads what there is, writes what can be written, and sees to it that the monitor hears of more.
  heard look_at(worker& one, crew_news& todo, std::size_t most = share_of_a_look) {
    one.has_more = false;
    const heard so_far = read_line(one, todo, most);
    if (!one.line || !one.line->is_open()) return so_far;
    if (one.line->in_shared_memory() && one.line->wants_to_write()) go_on_writing(one);
    one.has_more = !one.line->arm();  // others have their turn before it is looked at again
    return so_far;
  }

  // Not more than that many frames: who says something all the time does not keep the others from having their turns.
  heard read_line(worker& one, crew_news& todo, std::size_t most) {
    frame in;
    for (; one.line && one.line->is_open(); --most) {
      if (most == 0) return heard::more;
      transfer got = transfer::blocked;
      try {
        got = one.line->receive(in);
      } catch (const protocol_error& wrong) {
        garbage(one, wrong.what(), todo);
        return heard::less;
      } catch (const std::bad_alloc&) {
        return heard::less;
      }
      if (got == transfer::blocked) return one.line->stopped_early() ? heard::more : heard::all;
      if (got == transfer::closed) {
        // In rings there may be more after their bell was closed, as long as it lives.
        one.said_all = !one.line->in_shared_memory() || (one.pidfd && has_died(one.pidfd.get()));
        line_closed(one);
        return heard::all;
      }
      take(one, in, todo);
    }
    return heard::less;
  }

  void end_line(worker& one) noexcept {
    if (!one.line || one.line->wait_handle() < 0) return;  // is_open() is false already where the other end was closed
    poller_->remove(one.line->wait_handle());
    one.line->close();
  }

  void garbage(worker& one, const std::string& what, crew_news& todo) {
    end_line(one);
    if (slot_of(one).machine.state() == slot_state::starting && slot_of(one).now == &one) {
      note_problem(errc::spawn_failed, name_of(one) + " is none: " + what, todo);
    }
    one.last_words = what;
    condemn(one, crash_report::cause::protocol, steady::now(), todo);
  }

  void greeted(worker& one, const frame& in, crew_news& todo) {
    worker_greeting said;
    if (in.payload.size() != sizeof said) return garbage(one, "its greeting has another size", todo);
    std::memcpy(&said, in.payload.data(), sizeof said);
    if (said.version != protocol_version) {
      return garbage(one,
                     "it speaks version " + std::to_string(said.version) + " of the protocol, this program " +
                         std::to_string(protocol_version) + ": build both with the same workpool",
                     todo);
    }
    if (options_.program.empty() && !(said.program == program_)) {
      return garbage(one,
                     "it has " + describe(said.program) + ", this program " + describe(program_) +
                         ": the file was replaced since this program was started",
                     todo);
    }
    slot& place = slot_of(one);
    const time_point now = steady::now();
    if (place.now == &one && place.machine.ready(one.generation)) {
      place.renewing = false;
      ++started_;
      if (std::exchange(place.lost, false)) ++restarts_;
      todo.started.push_back({one.id, one.generation, one.pid});
      todo.changed = true;
      if (breaker_.is_open()) come_back(now, todo);
    }
    if (one.stage == stage::born) make_idle(one, now, todo);
  }

  // Takes back all that has not begun, and hears what it has said of the rest. Gives: whether the current one has not
  // ended, as far as can be known, and is the only one.
  bool runs_alone(worker& one, crew_news& todo) {
    take_back_unbegun(one, todo);
    const heard so_far = look_at(one, todo, all_of_a_ring);
    if (one.stage != stage::busy) return false;
    if (one.has_more) bell_->ring();
    if (one.sent.wanted() == 1) return true;
    // An answer lies in the ring as a whole before the next call is said to have begun.
    if (so_far == heard::less) return false;
    one.said_all = true;
    garbage(one, "it has begun a task before it has answered the one before that", todo);
    return false;
  }

 private:
  bool stop_sent(worker& one, task& wanted, crew_news& todo) {
    const bool alone = runs_alone(one, todo);
    if (unfinished_.remove(wanted)) {  // it had not begun
      end_unfinished(wanted, outcome::cancelled, todo);
      return true;
    }
    sent_task* const still = one.sent.find(wanted);
    if (still == nullptr) return false;  // it has been answered
    if (!alone) {
      still->rest = outcome::cancelled;  // as soon as it is known whether it has ended
      return true;
    }
    cut(one, {.result = outcome::cancelled, .may_follow = false}, crash_report::cause::unknown, steady::now(), todo);
    return true;
  }

  void go_on_writing(worker& one) noexcept {
    if (!one.line || !one.line->is_open()) return;
    const transfer went = one.line->flush();
    if (went == transfer::blocked) return;
    if (!one.line->in_shared_memory()) {
      poller_->modify(one.line->wait_handle(), interest::reading, line_token(one));
    }
    if (went == transfer::closed) one.closed_until = after(steady::now(), closed_grace);  // until then it is heard
  }

  void line_closed(worker& one) noexcept {
    one.closed_until = after(steady::now(), closed_grace);
    end_line(one);
  }

  void take(worker& one, frame& in, crew_news& todo) {
    const bool mine = in.header.generation == one.generation;
    switch (in.header.kind) {
      case frame_kind::hello:
        if (mine && one.stage == stage::born) return greeted(one, in, todo);
        if (mine && one.stage == stage::asked_for && !one.early) {
          one.early.emplace(std::move(in));  // the zygote's word of its birth is still on the way
          return;
        }
        if (mine && one.stage == stage::leaving) return;
        break;
      case frame_kind::result:
      case frame_kind::error: {
        const sent_task* const next = one.sent.front();
        if (!mine || next == nullptr || in.header.task != next->id || in.header.attempt != next->attempt) break;
        if (next->one != nullptr) return answered(one, in, todo);
        if (one.stage != stage::leaving) break;
        one.sent.pop();  // it was taken from it
        ++late_answers_;
        return;
      }
      case frame_kind::returned: {
        const sent_task* const next = one.sent.front();
        if (!mine || next == nullptr || in.header.task != next->id || in.header.attempt != next->turn) break;
        if (next->turn == one.turn || next->turn == call_mark::no_turn) break;  // nobody has taken it back
        return given_back(one, in, todo);
      }
      case frame_kind::buffer_wanted:
        if (!mine || in.header.task == 0) break;
        return make_buffer(one, in.header.task, buffers());
      case frame_kind::buffer_returned:
        if (!mine || !buffers().returned(one.token, in.header.task, in.header.attempt)) break;
        return;
      case frame_kind::pong:
        slot_of(one).machine.answered(in.header.generation);
        one.pong_until = never;
        if (std::exchange(one.unanswered, false) && one.stage == stage::idle) make_idle(one, steady::now(), todo);
        return;
      case frame_kind::heartbeat:
        if (one.stage == stage::busy && one.current() != nullptr && in.header.task == one.sent.current()->id) {
          one.next_beat = after(steady::now(), options_.health.timeout);
        }
        return;
      default:
        break;
    }
    garbage(one,
            "it sent a frame of kind " + std::to_string(static_cast<unsigned>(in.header.kind)) + " for task " +
                std::to_string(in.header.task) + ", which it does not have",
            todo);
  }

  static void make_buffer(worker& one, std::size_t size, buffer_bank& from) {
    try {
      one.memory.mail().answer(from.make_for(one.token, size));
    } catch (const std::exception& problem) {
      one.memory.mail().answer(std::string_view(problem.what()));
    }
  }

  // What the end of an answer says of buffers. Gives: false where that cannot be.
  bool take_notes(const worker& one, frame& in, carried_buffers& came) {
    const std::size_t size = in.header.flags * sizeof(buffer_note);
    if (size > in.payload.size()) return false;
    byte_reader notes(std::span<const std::byte>(in.payload.data(), in.payload.size()).last(size));
    while (notes.left() != 0) {
      const auto said = notes.template read_raw<buffer_note>();
      if (said.given != 0) {
        std::optional<shared_buffer> given = buffers().given(one.token, said.id);
        if (!given) return false;
        came.arrived(std::move(*given));
      }
      if (said.times != 0 && !buffers().returned(one.token, said.id, said.times)) return false;
    }
    in.payload.cut(in.payload.size() - size);
    return true;
  }

  void answered(worker& one, frame& in, crew_news& todo) {
    carried_buffers came;
    if (in.header.kind == frame_kind::result && in.header.flags != 0 && !take_notes(one, in, came)) {
      return garbage(one, "it gives buffers that it does not have", todo);
    }
    const sent_task& done = *one.sent.front();
    call_tally calls;
    bool cancelled = false;
    if (in.header.kind == frame_kind::result) {
      try {
        const progress made = done.one->elsewhere()->take_in(*done.one, in.payload);
        if (made.made == 0) return garbage(one, "it answers without having done anything", todo);
        if (!made.is_all) return goes_on(one, made, todo);
        calls = call_tally::of_last_run(*done.one, made.made);
        cancelled = made.last_is_cancelled;
      } catch (const codec_error& wrong) {
        return garbage(one, wrong.what(), todo);
      }
    } else if (done.one->calls() != 1) {
      calls = call_tally::of(*done.one, one.begun(), rest_of(done));
    }
    const sent_task was = take_answered(one);
    one.completed += calls.begun - 1;
    ++(in.header.kind == frame_kind::result ? one.completed : one.failed);
    remote_end end{.one = was.one,
                   .worker = one.id,
                   .begun_at = one.begun_at,
                   .came = std::move(came),
                   .calls = calls,
                   .result = outcome::cancelled,
                   .may_follow = !was.rest};
    if (!cancelled) end.answer = std::move(in);
    todo.ends.push_back(std::move(end));
    go_on_with_next(one, todo);
  }

  // A part of its task is done.
  void goes_on(worker& one, const progress& done, crew_news& todo) {
    const sent_task was = take_answered(one);
    one.completed += done.made;
    todo.returned.push_back({.first = call_tally::of(*was.one, 1, {}).first - done.made,
                             .count = done.made,
                             .lane = was.one->lane(),
                             .worker = one.id,
                             .last = done.last_is_cancelled ? outcome::cancelled : outcome::value});
    put_back(*was.one, was.rest, todo);
    go_on_with_next(one, todo);
  }

  // It was taken back before it had begun.
  void given_back(worker& one, frame& in, crew_news& todo) {
    carried_buffers none;
    if (in.header.flags != 0 && !take_notes(one, in, none)) {
      return garbage(one, "it gives buffers that it does not have", todo);
    }
    const sent_task was = one.sent.pop();
    ++one.counted;
    if (was.one == nullptr) return;  // that is known
    one.unsure = false;
    put_back(was, todo);  // it looked as if it had begun
    go_on_with_next(one, todo);
  }

  // It has answered what it was to answer next.
  sent_task take_answered(worker& one) noexcept {
    // Workers of this slot can live, whatever became of those before: what dies idle after this is the first to do so.
    if (one.completed + one.failed == 0) slot_of(one).machine.worked(one.generation);
    const sent_task was = one.sent.pop();
    one.unsure = false;
    if (was.one->handed_out()) count_as_begun(*was.one);  // of a worker that is leaving nothing becomes current
    was.one->set_unbegun(false);
    // A single call that it has answered it has begun: the word in its memory, whose line the worker has, is not read.
    one.counted = was.one->calls() == 1 ? one.counted + 1 : one.mark().begun();
    if (one.window.answered()) one.window.measure(one.mark().busy());
    return was;
  }

  // What was current has ended.
  void go_on_with_next(worker& one, crew_news& todo) {
    one.deadline = one.next_beat = one.ahead_until = never;
    if (one.stage != stage::busy) return;
    const time_point now = steady::now();
    if (one.sent.wanted() != 0 && (!slot_of(one).wanted || stopping_ || is_worn(one))) take_back_all_of(one, todo);
    if (one.stage != stage::busy) return;
    if (one.sent.wanted() == 0) return has_nothing(one, now, todo);
    begin_current(one, now);
    if (one.sent.current()->rest) {
      one.deadline = now;
      one.at_deadline = outcome::cancelled;
      look_again_at(one);
    }
    note_room(one);
    if (one.has_room) todo.freed = true;
  }

  // A worker lives, and so others can.
  void come_back(time_point now, crew_news& todo) {
    breaker_.close(now);
    todo.back = true;
    for (slot& one : slots_) {
      if (one.wanted) act(one, one.machine.start(now), now, todo);
    }
  }

  const module_id program_ = main_module();
  std::uint64_t late_answers_ = 0;
};

}}}  // namespace workpool::v0::detail
