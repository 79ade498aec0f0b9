#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <workpool/config.hpp>
#include <workpool/core/error.hpp>
#include <workpool/worker/call_frame.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// The functions that this program offers by name. Threads: any. Memory: kept until the process ends.
class offered_calls {
 public:
  using answer = std::function<void(call_frame&)>;

  WORKPOOL_ONE_PER_PROCESS static offered_calls& of_this_program() {
    static offered_calls all;
    return all;
  }

  void add(std::string name, answer call) {
    const std::lock_guard hold(mutex_);
    calls_.insert_or_assign(std::move(name), std::move(call));
  }

  /// Throws: unsupported, naming what there is.
  const answer& find(std::string_view name) const {
    const std::lock_guard hold(mutex_);
    if (const auto found = calls_.find(name); found != calls_.end()) return found->second;
    std::string known;
    for (const auto& [one, call] : calls_) known.append(known.empty() ? "" : ", ").append(one);
    throw unsupported("workpool: this worker offers nothing by the name '" + std::string(name) + "'; it offers " +
                      (known.empty() ? "nothing" : known) + ": call workpool::offer() before worker_entry");
  }

 private:
  offered_calls() = default;

  mutable std::mutex mutex_;
  std::map<std::string, answer, std::less<>> calls_;  // guarded by mutex_; nothing is ever taken out
};

}  // namespace detail

/// Offers a function by name to hosts that are other programs: `jobs.submit<int>(remote{"resize"}, image)`. To be
/// called before worker_entry. The arguments are what `callable` takes, as the host sends them: the types of both
/// sides have to encode alike. Threads: any.
template <class R, class... A>
void offer(std::string name, R (*callable)(A...)) {
  detail::offered_calls::of_this_program().add(std::move(name), [callable](detail::call_frame& call) {
    detail::answer_call<R (*const)(A...), std::decay_t<A>...>(call, callable);
  });
}

}}  // namespace workpool::v0
