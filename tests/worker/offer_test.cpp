#include <workpool/worker/offer.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <workpool/core/error.hpp>

#include "support/fake_link.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using namespace wp::detail;
using Catch::Matchers::ContainsSubstring;
using workpool_test::encoded;

namespace {

std::vector<std::byte> call_by_name(const std::string& name, const std::vector<std::byte>& arguments) {
  workpool_test::probe_log log;
  workpool_test::probe_task self(log);
  self.begin_for_another(0);
  std::vector<std::byte> answer;
  wp::byte_reader in(arguments);
  wp::byte_writer out(answer, 4096);
  code_resolver code;
  call_mark mark;
  std::uint64_t calls = 0;
  call_run run(mark, calls, 0, self);
  call_frame call{in, out, self, code, run};
  offered_calls::of_this_program().find(name)(call);
  return answer;
}

std::string doubled(const std::string& text, int times) { return times == 2 ? text + text : text; }
int one() { return 1; }
int two() { return 2; }

}  // namespace

TEST_CASE("what was offered is called by its name, with decayed arguments") {
  wp::offer("doubled", doubled);
  CHECK(call_by_name("doubled", encoded(std::string("ab"), 2)) == encoded(std::string("abab")));
}

TEST_CASE("a name that nobody has offered is refused, with the names there are and what to do") {
  wp::offer("known", one);
  CHECK_THROWS_AS(call_by_name("unknown", {}), wp::unsupported);
  CHECK_THROWS_WITH(call_by_name("unknown", {}), ContainsSubstring("'unknown'") && ContainsSubstring("known") &&
                                                     ContainsSubstring("workpool::offer()"));
}

TEST_CASE("the last offer of a name counts") {
  wp::offer("number", one);
  wp::offer("number", two);
  CHECK(call_by_name("number", {}) == encoded(2));
}

TEST_CASE("arguments an offered function does not take are refused") {
  wp::offer("number", one);
  CHECK_THROWS_AS(call_by_name("number", encoded(1)), wp::codec_error);
}
