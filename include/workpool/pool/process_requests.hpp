#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/remote_body.hpp>
#include <workpool/core/task.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/ipc/shared_buffer.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/process_table.hpp>
#include <workpool/worker/sent_tasks.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the workers of a pool are sent: a task, and where tasks are short the next ones before it is answered, which
/// are taken back as soon as that is not what is best for them.
///
///     send ─► current ─► answered            ahead, handed out ─► current, counted as begun
///                                                   └─ taken back: it waits, and is anybody's
///
/// Threads: as process_table. Source of its check: tests/model/call_mark.pml.
class process_requests : public process_table {
 public:
  /// `books`: where tasks are counted that begin while they are there.
  process_requests(const fork_pool_options& options, std::optional<located_code> on_start, run_books& books)
      : process_table(options, std::move(on_start)), books_(books) {}

  /// Sees to it that everything workers have, and are about to get, can be put back without memory being asked for.
  /// Gives: false where there is none.
  bool can_put_back() noexcept { return unfinished_.make_room(processes_.size() * (prefetch_window::most + 2)); }

  /// Whether anybody still holds a worker since then, or earlier.
  bool any_held(std::uint64_t number) const noexcept {
    return std::any_of(processes_.begin(), processes_.end(), [number](const auto& entry) {
      return entry.second->held && entry.second->hold_number <= number;
    });
  }

  /// How many tasks it may be sent beside those it has, if any.
  std::size_t room_of(const worker& one) const noexcept {
    const std::size_t has = one.sent.wanted(), most = one.window.size();
    const std::size_t room = most - std::min(has, most);
    if (options_.max_tasks == 0) return room;
    const std::uint64_t with_these = one.completed + one.failed + has;
    return std::min<std::uint64_t>(room, options_.max_tasks - std::min(with_these, options_.max_tasks));
  }
  /// To be called when that may have changed.
  void note_room(worker& one) noexcept {
    const std::size_t has = one.sent.wanted(), most = one.window.size();
    if (has >= most) one.filling = false;
    if (has <= most / 2) one.filling = true;
    roster_.set_room(one, one.filling && room_of(one) != 0 && may_be_sent_more(one));
  }

  /// Sends it a task, and that is what it does, or will do next. Gives: false when nobody is there to read it.
  bool send(worker& to, task& one, std::span<const std::byte> request, std::shared_ptr<const void> owner) noexcept {
    const bool may_be_taken_back = one.handed_out() || one.calls() != 1;
    const sent_task next{.one = &one,
                         .id = one.id(),
                         .attempt = one.attempt(),
                         .turn = may_be_taken_back ? to.turn : call_mark::no_turn};
    transfer sent = transfer::closed;
    try {
      const carried_buffers* const goes = one.elsewhere()->carried();
      if (goes != nullptr) {
        for (const shared_buffer& each : goes->all()) buffers().lend(to.token, each);
      }
      const auto count = static_cast<std::uint16_t>(goes != nullptr ? goes->all().size() : 0);
      to.sent.push(next);
      sent = to.line->send(
          {.task = next.id, .attempt = next.attempt, .generation = next.turn, .kind = frame_kind::task, .flags = count},
          request, std::move(owner));
    } catch (const std::bad_alloc&) {
      if (to.stage == stage::busy && to.line->is_open()) {  // what it has said, and not been heard of, counts
        to.sent.unsay(one);
        to.window.forget();
        return false;
      }
      to.line->close();  // as if nobody were there
    }
    if (sent == transfer::closed) {
      to.sent.unsay(one);
      fall_silent(to);
      bell_->ring();
      return false;
    }
    if (sent == transfer::blocked) watch_writing(to);
    if (to.stage == stage::taken) {
      to.stage = stage::busy;
      begin_current(to, steady::now());
    } else if (to.ahead_until == never) {
      begin_ahead(to);
    }
    return true;
  }
  /// When its task, or what was sent after that, has to be seen to.
  time_point next_moment_of_task(const worker& one) const noexcept {
    return one.stage == stage::busy ? std::min({one.deadline, one.next_beat, one.ahead_until}) : never;
  }

  /// The task that it has begins now, as far as is known.
  void begin_current(worker& one, time_point now) noexcept {
    task& mine = *one.current();
    if (mine.handed_out()) count_as_begun(mine);
    one.begun_at = now;
    one.at_deadline = outcome::timed_out;
    one.deadline = after(now, mine.timeout());
    one.ahead_until = never;
    if (one.sent.wanted() > 1) begin_ahead(one);
  }
  /// It was handed out, and is going to run, or does.
  void count_as_begun(task& one) noexcept {
    static_cast<void>(one.start());
    books_.start(one.lane());
  }
  /// It has been sent more than that.
  void begin_ahead(worker& one) noexcept { one.ahead_until = after(one.begun_at, ahead_limit); }

  /// Takes back what it was sent and has not begun, where that is more than one task: others do it.
  void take_back_unbegun(worker& one, crew_news& todo) {
    if (one.sent.wanted() > 1) take_back_all_of(one, todo);
  }
  /// The same, however many there are.
  void take_back_all_of(worker& one, crew_news& todo) {
    const std::uint64_t begun = one.revoke();
    const bool keeps_current = one.current() != nullptr && one.sent.current()->turn == call_mark::no_turn;
    one.sent.take_from(keeps_current ? std::max<std::uint64_t>(begun, 1) : begun,
                       [&](const sent_task& each) { put_back(each, todo); });
    one.unsure = one.sent.wanted() != 0;
    one.ahead_until = one.sent.wanted() > 1 ? after(steady::now(), ahead_limit) : never;
    if (one.sent.wanted() > 1) look_again_at(one);  // it has answered all but one of these
    if (one.sent.wanted() == 0 && one.stage == stage::busy) has_nothing(one, steady::now(), todo);
  }

  /// It has not begun with that: another worker does it.
  void put_back(const sent_task& was, crew_news& todo) {
    const bool went_ahead = was.turn != call_mark::no_turn && was.one->calls() == 1;
    if (went_ahead && was.one->take_back()) books_.take_back(was.one->lane());
    put_back(*was.one, was.rest, todo);
  }
  /// Another worker does it, or goes on with it, unless what has not begun of it never will.
  void put_back(task& one, std::optional<outcome> rest, crew_news& todo) {
    using goes = unfinished_tasks::goes;
    const goes where = one.handed_out() ? goes::ahead : goes::to_idle_ones;
    todo.freed = true;
    if (!rest && !stopping_ && !breaker_.is_open()) {
      unfinished_.add(one, where);
      if (where == goes::ahead) one.hand_back();
      return;
    }
    if (where == goes::ahead) one.hand_back();
    end_unfinished(one, rest.value_or(stopping_ ? outcome::discarded : outcome::pool_broken), todo);
  }

  /// Takes back everything that was sent and has not begun.
  void take_back_all(crew_news& todo) {
    for (auto& [token, one] : processes_) take_back_unbegun(*one, todo);
  }
  /// A task of this lane waits, and workers were sent less urgent ones to do before they come to it: one of them gets
  /// those taken back.
  void make_way_for(priority lane, crew_news& todo) {
    const auto gives_way = [lane](const slot& one) {
      return one.now != nullptr && one.now->stage == stage::busy && one.now->sent.any_ahead_below(lane);
    };
    const time_point now = steady::now();
    const auto comes_soon = [now](const slot& one) { return one.now != nullptr && one.now->gives_way_until > now; };
    if (std::any_of(slots_.begin(), slots_.end(), comes_soon)) return;
    const auto found = std::find_if(slots_.begin(), slots_.end(), gives_way);
    if (found == slots_.end()) return;
    found->now->gives_way_until = after(now, ahead_limit);
    take_back_unbegun(*found->now, todo);
  }

 protected:
  static constexpr duration ahead_limit = std::chrono::milliseconds(1);  // that a task keeps those after it waiting

  ~process_requests() = default;

  // What it was sent before has ended.
  void has_nothing(worker& one, time_point now, crew_news& todo) {
    one.deadline = one.next_beat = one.ahead_until = never;
    if (!one.held) return make_idle(one, now, todo);
    roster_.remove(one);
    one.idle_since = now;
    one.stage = stage::taken;  // by who is about to send it something
  }

  // A worker that cannot be used any more is killed; what it runs is lost when its death is known.
  void condemn(worker& one, crash_report::cause why, time_point now, crew_news& todo) {
    if (one.stage == stage::gone || one.cause != crash_report::cause::unknown) return;
    one.cause = why;
    if (one.stage == stage::busy || one.stage == stage::taken) {
      one.stage = stage::leaving;  // before it could be found idle
      take_back_unbegun(one, todo);
      part(one, successor::at_once, rung::kill, now, todo);
    } else {
      roster_.remove(one);  // that is held against its slot
      climb(one, rung::kill, now);
    }
  }

  static outcome rest_of(const sent_task& one) noexcept { return one.rest.value_or(outcome::cancelled); }

  // What is on its way to a worker. Gives: how many calls of it that are.
  static std::size_t never_begin(sent_task& coming, outcome result,
                                 std::optional<priority> of = std::nullopt) noexcept {
    if (coming.one == nullptr || coming.rest) return 0;
    if (of && (coming.one->lane() != *of || coming.one->calls() == 1)) return 0;
    coming.rest = result;
    return coming.one->calls() == 1 ? 0 : static_cast<std::size_t>(call_tally::left_of(*coming.one));
  }

 private:
  bool may_be_sent_more(worker& one) noexcept {
    if (one.stage != stage::busy || one.held || one.unsure || one.closed_until != never) return false;
    const sent_task* const runs = one.sent.current();
    const slot& place = slot_of(one);
    if (runs == nullptr || runs->rest || runs->one->calls() != 1 || runs->one->elsewhere() == nullptr) return false;
    if (!place.wanted || place.renew || place.now != &one || stopping_ || options_.soft_memory != 0) return false;
    return one.line->is_open() && !one.line->wants_to_write();
  }

  run_books& books_;
};

}}}  // namespace workpool::v0::detail
