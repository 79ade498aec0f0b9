#include <workpool/core/error.hpp>

#include "support/catch.hpp"

#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

using workpool::errc;

TEMPLATE_LIST_TEST_CASE("an error class knows its code and its sentence", "", workpool::detail::all_errors) {
  const TestType silent;
  CHECK(silent.code() == TestType::kind);
  CHECK(silent.what() == workpool::error_category().message(static_cast<int>(TestType::kind)));

  const TestType telling(std::string("what, where, and what to do"));
  CHECK(telling.code() == TestType::kind);
  CHECK(std::string(telling.what()) == "what, where, and what to do");
}

TEMPLATE_LIST_TEST_CASE("an error class can be made with a code of somebody else", "", workpool::detail::all_errors) {
  const TestType from_code(std::make_error_code(std::errc::permission_denied), "no entry");
  CHECK(from_code.code() == std::errc::permission_denied);
  CHECK(std::string(from_code.what()) == "no entry");

  const TestType from_number(2, std::system_category());
  CHECK(from_number.code() == std::error_code(2, std::system_category()));
  CHECK(from_number.what() == std::system_category().message(2));
}

TEMPLATE_LIST_TEST_CASE("raise throws the class that belongs to the code", "", workpool::detail::all_errors) {
  try {
    workpool::raise(TestType::kind, "the text");
  } catch (const TestType& raised) {
    CHECK(raised.code() == TestType::kind);
    CHECK(std::string(raised.what()) == "the text");
  }
}

TEMPLATE_LIST_TEST_CASE("an error is caught as error, system_error and exception, and copies without throwing", "",
                        workpool::detail::all_errors) {
  STATIC_REQUIRE(std::is_base_of_v<workpool::error, TestType>);
  STATIC_REQUIRE(std::is_convertible_v<TestType*, std::system_error*>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<TestType>);
  STATIC_REQUIRE(std::is_nothrow_copy_assignable_v<TestType>);
}

namespace {

template <class... Errors>
std::set<int> kinds(const std::tuple<Errors...>*) {
  return {static_cast<int>(Errors::kind)...};
}

}  // namespace

TEST_CASE("there is exactly one error class per code") {
  const auto found = kinds(static_cast<const workpool::detail::all_errors*>(nullptr));
  CHECK(found.size() == std::tuple_size_v<workpool::detail::all_errors>);
  CHECK(found.size() == 25);
  CHECK(*found.begin() == static_cast<int>(errc::queue_full));
  CHECK(*found.rbegin() == static_cast<int>(errc::no_state));
}

TEST_CASE("raise throws a plain error for a number that is no code") {
  try {
    workpool::raise(static_cast<errc>(99), "from a newer peer");
  } catch (const workpool::error& raised) {
    CHECK(raised.code().value() == 99);
    CHECK(std::string(raised.what()) == "from a newer peer");
  }
}

TEST_CASE("bad_config names the field and shows only the text") {
  std::string field = "queue.capacity";
  const workpool::bad_config thrown(field, "queue.capacity is -1; give a number of tasks, or 0 for no limit");
  field = "overwritten";
  CHECK(thrown.field() == "queue.capacity");
  CHECK(std::string(thrown.what()) == "queue.capacity is -1; give a number of tasks, or 0 for no limit");
  CHECK(thrown.code() == errc::bad_config);
  CHECK(workpool::bad_config("nice", "nice is 99; give -20 to 19").field() == "nice");
  CHECK(workpool::bad_config("no field is to blame").field().empty());
}

TEST_CASE("worker_lost carries the crash report, and so do its copies") {
  workpool::crash_report report;
  report.signal = 11;
  report.task_name = "parse";
  std::exception_ptr kept;
  {
    const workpool::worker_lost thrown(report, "worker 3 was killed by signal 11");
    kept = std::make_exception_ptr(thrown);
  }
  try {
    std::rethrow_exception(kept);
  } catch (const workpool::worker_lost& caught) {
    CHECK(caught.report().signal == 11);
    CHECK(caught.report().task_name == "parse");
    CHECK(std::string(caught.what()) == "worker 3 was killed by signal 11");
  }
  CHECK(workpool::worker_lost(report).what() ==
        workpool::error_category().message(static_cast<int>(errc::worker_lost)));
}

TEST_CASE("a worker_lost without a report has an empty one") {
  const workpool::worker_lost thrown("nobody knows");
  CHECK(thrown.report().why == workpool::crash_report::cause::unknown);
  CHECK(thrown.report().task_id == 0);
}

TEST_CASE("remote_error keeps the type, the words and the nested exception of the other process") {
  const auto inner = std::make_exception_ptr(std::runtime_error("disk full"));
  const workpool::remote_error thrown("std::logic_error", "cannot save", inner);
  CHECK(thrown.type() == "std::logic_error");
  CHECK(std::string(thrown.what()) == "cannot save");
  CHECK(thrown.nested() == inner);

  const workpool::remote_error bare("only words");
  CHECK(bare.type().empty());
  CHECK(bare.nested() == nullptr);
}

TEST_CASE("a moved-from error can still be asked") {
  workpool::bad_config from("name", "text");
  const workpool::bad_config to(std::move(from));
  CHECK(to.field() == "name");
  CHECK(from.field().size() <= 4);  // NOLINT(bugprone-use-after-move)
}
