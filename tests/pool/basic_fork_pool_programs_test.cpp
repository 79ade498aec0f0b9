#include <workpool/pool/basic_fork_pool.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/offer.hpp>
#include <workpool/worker/worker_setup.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/lost_worker.hpp"
#include "support/own_channel.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

int own_number() { return ::getpid(); }
int twice(int value) { return 2 * value; }
std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> all;
  for (std::string one; std::getline(file, one, '\0');) all.push_back(one);
  return all;
}

/// What this program is where it is started as a worker and the environment says so: one that greets in a wrong way.
constexpr const char* liar_variable = "WORKPOOL_TEST_LIAR";
void greet(const wp::detail::worker_greeting& greeting, std::size_t size) {
  workpool_test::write_frame({.generation = 1, .kind = wp::frame_kind::hello},
                             std::string(reinterpret_cast<const char*>(&greeting), size));
}
bool be_a_liar() {
  const char* const lie = std::getenv(liar_variable);
  if (lie == nullptr || std::getenv("WORKPOOL_ROLE") == nullptr) return false;
  const std::string_view kind = lie;
  wp::detail::worker_greeting greeting{wp::protocol_version, ::getpid(), wp::detail::main_module()};
  if (kind == "version") greeting.version += 1;
  if (kind == "build") greeting.program.bytes[0] ^= std::byte{0xff};
  if (kind == "version" || kind == "build") greet(greeting, sizeof greeting);
  if (kind == "size") greet(greeting, sizeof greeting - 1);
  if (kind == "other language") workpool_test::write_to_host(std::string(64, '\n'));
  if (kind == "no answer") workpool_test::row_of_the_test()[0] = ::getpid();
  for (;;) ::pause();
}
[[maybe_unused]] const bool lies = be_a_liar();
[[maybe_unused]] const bool offers = (wp::offer("workpool_test twice", &twice), true);

/// A folder that goes with the test.
class scratch {
 public:
  scratch() {
    std::string name = fs::temp_directory_path() / "workpool.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { fs::remove_all(path_); }
  std::string file(const std::string& name, const std::string& text, unsigned mode) const {
    const fs::path path = path_ / name;
    std::ofstream(path, std::ios::binary) << text;
    fs::permissions(path, static_cast<fs::perms>(mode));
    return path;
  }

 private:
  fs::path path_;
};

std::string this_program() {
  std::string text(fs::file_size(fs::read_symlink("/proc/self/exe")), '\0');
  std::ifstream("/proc/self/exe", std::ios::binary).read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}
/// The same code with another build-id.
std::string another_build() {
  std::string text = this_program();
  const wp::detail::module_id id = wp::detail::main_module();
  const std::string wanted(reinterpret_cast<const char*>(id.bytes.data()), id.size);
  std::string other = wanted;
  std::reverse(other.begin(), other.end());
  for (auto at = text.find(wanted); at != text.npos; at = text.find(wanted, at)) text.replace(at, wanted.size(), other);
  return text;
}

/// Why there is no such pool; and that it takes no longer than the handshake may, and leaves nothing open.
template <class Error>
std::string refusal(const wp::fork_pool_options& options) {
  const auto descriptors = workpool_test::open_descriptors();
  const auto begin = std::chrono::steady_clock::now();
  std::string text;
  try {
    const wp::fork_pool pool(options);
    FAIL("the pool was made");
  } catch (const Error& error) {
    text = error.what();
  }
  CHECK(std::chrono::steady_clock::now() - begin < options.handshake_timeout + 3s);
  CHECK(workpool_test::open_descriptors() == descriptors);
  return text;
}
std::string refusal_of(std::vector<std::string> program) {
  return refusal<wp::spawn_failed>({.workers = 2, .program = std::move(program)});
}

}  // namespace

TEST_CASE("a program that is not there or cannot run is refused with its path and the reason",
          "[fork_pool][programs]") {
  using Catch::Matchers::Contains;
  const scratch here;
  CHECK_THAT(refusal_of({"/nowhere/worker"}), Contains("/nowhere/worker") && Contains("No such file or directory"));
  CHECK_THAT(refusal_of({"no-such-program-4711"}),
             Contains("no-such-program-4711") && Contains("No such file or directory"));
  const std::string locked = here.file("locked", this_program(), 0600);
  CHECK_THAT(refusal_of({locked}), Contains(locked) && Contains("Permission denied"));
  CHECK_THAT(refusal_of({"/tmp"}), Contains("/tmp") && Contains("Permission denied"));
  const std::string text = here.file("text",
                                     "\x7f"
                                     "no program\n",
                                     0755);
  CHECK_THAT(refusal_of({text}), Contains(text) && Contains("Exec format error"));
  const std::string script = here.file("script", "#!/nowhere/shell\n", 0755);
  CHECK_THAT(refusal_of({script}), Contains(script) && Contains("No such file or directory"));
}

TEST_CASE("a program that is no worker is told as what it did instead", "[fork_pool][programs]") {
  using Catch::Matchers::Contains;
  CHECK_THAT(refusal_of({"/bin/true"}), Contains("/bin/true") && Contains("exit code 0") && Contains("worker_entry"));
  CHECK_THAT(refusal_of({"true"}), Contains("true") && Contains("exit code 0"));
  CHECK_THAT(refusal_of({"/bin/cat"}), Contains("/bin/cat") && Contains("exit code 0"));
  CHECK_THAT(refusal_of({"/bin/cat", "/nowhere/file"}), Contains("exit code 1") && Contains("/nowhere/file"));
  CHECK_THAT(refusal_of({"/bin/sh", "-c", "kill -SEGV $$"}), Contains("signal 11"));
  CHECK_THAT(refusal<wp::ready_timeout>({.workers = 1, .program = {"/bin/sleep", "1000"}, .handshake_timeout = 300ms}),
             Contains("/bin/sleep") && Contains("handshake_timeout"));
}

TEST_CASE("a greeting of another version, build, size or language is refused as that", "[fork_pool][programs]") {
  using Catch::Matchers::Contains;
  const auto with = [](const char* lie) {
    return refusal<wp::spawn_failed>({.workers = 1, .start = wp::start_method::exec, .env = {{liar_variable, lie}}});
  };
  CHECK_THAT(with("version"),
             Contains("version " + std::to_string(wp::protocol_version + 1)) && Contains("build both"));
  CHECK_THAT(with("build"), Contains("build-id") && Contains("the file was replaced"));
  CHECK_THAT(with("size"), Contains("greeting"));
  CHECK_THAT(with("other language"), Contains("magic number"));
}

TEST_CASE("a worker that never answers is ended when the handshake has taken too long", "[fork_pool][programs]") {
  workpool_test::shared_numbers_side numbers;
  const std::string text = refusal<wp::ready_timeout>(
      {.workers = 1,
       .start = wp::start_method::exec,
       .env = {{liar_variable, "no answer"}, {workpool_test::numbers_variable, numbers.handle().path}},
       .handshake_timeout = 2s});
  CHECK_THAT(text, Catch::Matchers::Contains("handshake_timeout"));
  const auto silent = static_cast<int>(numbers[0]);
  CHECK(silent != 0);
  CHECK(eventually([&] { return !workpool_test::runs(silent); }, 1s));
}

TEST_CASE("a worker of another build runs what it offers by name, and refuses what it cannot find",
          "[fork_pool][programs]") {
  const scratch here;
  const std::string other = here.file("other build", another_build(), 0755);
  wp::fork_pool pool({.workers = 1, .program = {other}});
  CHECK(pool.submit<int>(wp::remote{"workpool_test twice"}, 21).get() == 42);
  auto by_place = pool.submit(twice, 21);
  CHECK_THROWS_WITH(by_place.get(), Catch::Matchers::Contains("code of a program with build-id"));
  auto unknown = pool.submit<int>(wp::remote{"workpool_test thrice"}, 21);
  CHECK_THROWS_WITH(unknown.get(), Catch::Matchers::Contains("offers nothing by the name 'workpool_test thrice'"));
  CHECK(pool.stats().failed == 2);
  CHECK(pool.stats().worker_lost == 0);
}

TEST_CASE("arguments of a program arrive byte for byte", "[fork_pool][programs]") {
  const scratch here;
  const std::vector<std::string> program{here.file("a program; with $(blanks) *", this_program(), 0755),
                                         "$(exit 1)",
                                         "a  b",
                                         "'\"`\\",
                                         "*;|&<>\n\t",
                                         "",
                                         "\xff\x01"};
  wp::fork_pool pool({.workers = 1, .program = program});
  CHECK(pool.submit(own_arguments).get() == program);
}

TEST_CASE("a program that is gone while the pool runs breaks it after so many attempts, until it is back",
          "[fork_pool][programs]") {
  const scratch here;
  const std::string text = this_program(), path = here.file("worker", text, 0755);
  workpool_test::told<wp::event::worker_failed> failed;
  wp::fork_pool pool({.workers = 1,
                      .program = {path},
                      .restart = {.max_restarts = 2, .backoff = {.initial = 1ms, .factor = 1}},
                      .breaker = wp::circuit_breaker_options{.open_for = 50ms}});
  pool.on_event<wp::event::worker_failed>(failed.ear());
  CHECK(pool.submit(twice, 4).get() == 8);
  fs::remove(path);
  CHECK(workpool_test::loss_of(pool.submit([] { ::_exit(3); })).report().exit_code == 3);
  CHECK(failed.await(1).size() == 1);
  CHECK(eventually([&] { return pool.try_submit(own_number).error() == wp::errc::pool_broken; }));
  here.file("new", text, 0755);
  fs::rename(fs::path(path).parent_path() / "new", path);
  CHECK(eventually([&] { return pool.try_submit(own_number).error() == wp::errc(); }));
  CHECK(pool.submit(twice, 5).get() == 10);
}
