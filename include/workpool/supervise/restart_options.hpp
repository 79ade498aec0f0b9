#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/resilience/backoff.hpp>

namespace workpool { inline namespace v0 {

/// Whether what has ended is started again: always, only when it has failed, never. The words are Erlang's.
enum class restart_when : std::uint8_t { permanent, transient, temporary };

struct restart_options {
  restart_when when = restart_when::permanent;
  unsigned max_restarts = 16;                       // more than so many within `window`, and it is given up
  duration window = std::chrono::seconds(60);       //
  duration min_uptime = std::chrono::seconds(1);    // what ended sooner has failed, however it ended
  backoff_options backoff{};                        // delays of the restarts; with factor 1 of the first one, too
  duration reset_after = std::chrono::seconds(30);  // no restart for so long, and the next one is a first one
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const restart_options& checked(const restart_options& options) {
  const auto refuse = [](const char* field, const std::string& value, const std::string& remedy) {
    throw bad_config(field, std::string(field) + " is " + value + ": " + remedy);
  };
  using detail::in_words;
  if (static_cast<unsigned>(options.when) > static_cast<unsigned>(restart_when::temporary)) {
    refuse("restart.when", std::to_string(static_cast<unsigned>(options.when)),
           "use restart_when::permanent, transient or temporary");
  }
  if (options.window <= duration::zero()) {
    refuse("restart.window", in_words(options.window),
           "it must be more than 0 (duration::max() never forgets a restart)");
  }
  if (options.min_uptime < duration::zero())
    refuse("restart.min_uptime", in_words(options.min_uptime), "it must be 0 or more");
  if (options.reset_after < duration::zero()) {
    refuse("restart.reset_after", in_words(options.reset_after), "it must be 0 or more");
  }
  checked(options.backoff, "restart.backoff");
  return options;
}

}}  // namespace workpool::v0
