#pragma once

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <workpool/worker/zygote_session.hpp>

#include "support/forked.hpp"

/// What tests of zygotes share: a worker that does what its setup says, and waiting for news.
namespace workpool_test {

/// Does what `setup` says: "exit N", "raise N", "throw", "burn" (memory and time), "stray" (leaves behind a child with
/// a session of its own, which tells its pid on the channel first, and waits), or waits for its end. Tells its pid on
/// the channel when it has begun.
inline int obedient_worker(workpool::detail::worker_birth& birth) {
  const std::string setup = birth.setup;
  if (setup == "stray") {
    int begun[2];
    if (::pipe(begun) != 0) std::abort();
    const int middle = ::fork();
    if (middle == 0) {
      if (::fork() == 0) {
        ::setsid();
        write_text(birth.channel, std::to_string(::getpid()) + " ");
        write_text(begun[1], "x");
        while (true) ::pause();
      }
      ::_exit(0);
    }
    ::waitpid(middle, nullptr, 0);
    readable_within(begun[0], 10'000);
  }
  if (birth.channel >= 0) write_text(birth.channel, std::to_string(::getpid()) + " ");
  if (setup.rfind("exit ", 0) == 0) return std::atoi(setup.c_str() + 5);
  if (setup.rfind("raise ", 0) == 0) ::raise(std::atoi(setup.c_str() + 6));
  if (setup == "throw") throw std::runtime_error("thrown by a worker");
  if (setup == "burn") {
    constexpr std::size_t size = std::size_t{60} << 20;
    volatile char* const memory = static_cast<char*>(std::malloc(size));
    for (std::size_t at = 0; at < size; at += 512) memory[at] = 1;
    while (std::clock() < CLOCKS_PER_SEC / 20) {
    }
    return 0;
  }
  while (true) ::pause();
}

/// The next news of a session. Throws: std::runtime_error when none comes in 20 s.
inline workpool::detail::zygote_news next_news(workpool::detail::zygote_session& session) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < until) {
    if (auto news = session.next()) return std::move(*news);
    readable_within(session.wait_handle(), 1000);
  }
  throw std::runtime_error("no news from the zygote in 20 s");
}

/// The next news, which has to be of this kind. Throws: std::runtime_error.
template <class News>
News next_as(workpool::detail::zygote_session& session) {
  workpool::detail::zygote_news news = next_news(session);
  if (auto* const wanted = std::get_if<News>(&news)) return std::move(*wanted);
  std::string text = "the next news is number " + std::to_string(news.index());
  if (const auto* const refused = std::get_if<workpool::detail::worker_refused>(&news)) text += ": " + refused->what;
  throw std::runtime_error(text);
}

/// The next of the numbers an obedient worker tells.
inline int read_number(int descriptor) {
  std::string digits;
  for (char byte = 0; ::read(descriptor, &byte, 1) == 1 && byte != ' ';) digits += byte;
  return std::atoi(digits.c_str());
}

}  // namespace workpool_test
