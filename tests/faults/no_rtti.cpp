// A program without run-time type information and with hidden symbols can use everything.

#include <atomic>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/ipc/call_codec.hpp>
#include <workpool/ipc/exception_codec.hpp>
#include <workpool/pool.hpp>

#include "fault.hpp"

namespace wp = workpool;

#if defined(__GXX_RTTI)
#error "this program is to be compiled with -fno-rtti"
#endif

namespace {

std::exception_ptr nested_error() {
  try {
    try {
      throw wp::task_cancelled("inside");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outside"));
    }
  } catch (...) {
    return std::current_exception();
  }
}

void check_codecs() {
  std::vector<std::byte> message;
  wp::byte_writer into(message, 1000);
  wp::detail::encode_exception(into, nested_error());
  wp::detail::encode_arguments(into, 1, std::string("two"));
  wp::byte_reader from(message);
  try {
    std::rethrow_exception(wp::detail::decode_exception(from));
  } catch (const wp::remote_error& error) {
    fault::expect(error.type() == "std::runtime_error", "an exception keeps the name of its type");
    fault::expect(error.nested() != nullptr, "an exception keeps what is nested in it");
  }
  wp::detail::decoded_arguments<int, std::string> arguments(from);
  fault::expect(arguments.apply([](int one, const std::string& two) { return std::to_string(one) + two; }) == "1two",
                "arguments arrive");
}

}  // namespace

int main() {
  const workpool_test::hang_trap trap("no_rtti");
  wp::thread_pool pool{{.workers = 2, .queue = {.capacity = 10}}};
  auto settled = std::make_shared<std::atomic<int>>(0);
  auto news = pool.on_event<wp::event::task_settled>([settled](const wp::event::task_settled&) { ++*settled; });
  fault::expect_equal(pool.submit([](int n) { return n + 1; }, 4).get(), 5, "result");
  fault::expect_equal(pool.submit(wp::use_std_future, [] { return 6; }).get(), 6, "result of a std::future");
  auto failed = pool.submit([] { throw std::runtime_error("seen"); });
  fault::expect(fault::thrown_text<std::runtime_error>([&] { failed.get(); }) == "seen", "the error is passed on");
  std::vector<int> numbers(100);
  std::iota(numbers.begin(), numbers.end(), 0);
  int sum = 0;
  for (const int one : wp::map(pool, numbers, [](int n) { return n; })) sum += one;
  fault::expect_equal(sum, 4950, "sum of a map");
  pool.shutdown();
  check_codecs();
  fault::expect(fault::thrown_text<wp::pool_stopped>([&] { pool.post([] {}); }) != "", "a refusal is caught by name");
  fault::expect_equal(settled->load(), 103, "number of events");
  return fault::failures;
}
