#include <workpool/detail/posix/thread_name.hpp>

#include "support/catch.hpp"

#include <pthread.h>

#include <array>
#include <string>
#include <thread>

namespace {

std::string named(const std::string& name) {
  std::array<char, 64> seen{};
  std::thread([&] {
    workpool::detail::name_this_thread(name);
    ::pthread_getname_np(::pthread_self(), seen.data(), seen.size());
  }).join();
  return seen.data();
}

}  // namespace

TEST_CASE("a thread carries the name it was given") {
  CHECK(named("calc-3") == "calc-3");
  CHECK(named("").empty());
  CHECK(named("fifteen letters") == "fifteen letters");
}

TEST_CASE("a long thread name is cut, not refused") { CHECK(named("a very long pool-12") == "a very long poo"); }
