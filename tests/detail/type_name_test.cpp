#include <workpool/detail/type_name.hpp>

#include <exception>
#include <ios>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>
#include <workpool/core/error.hpp>

#include "support/catch.hpp"

using workpool::detail::name_of_current_exception;
using workpool::detail::readable_type;

namespace {

template <class Exception>
std::string name_of(const Exception& what) {
  try {
    throw what;
  } catch (...) {
    return readable_type(name_of_current_exception());
  }
}

}  // namespace

namespace not_workpool { namespace v0 {
struct trouble {};
}}  // namespace not_workpool::v0

TEST_CASE("an exception of any type is named as a person would write it", "[type_name]") {
  CHECK(name_of(std::runtime_error("x")) == "std::runtime_error");
  CHECK(name_of(3) == "int");
  CHECK(name_of(std::string("x")) == "std::string");
  CHECK(name_of(not_workpool::v0::trouble()) == "not_workpool::v0::trouble");
}

TEST_CASE("the versions of the library and of the standard library are no part of a name", "[type_name]") {
  CHECK(name_of(workpool::task_cancelled()) == "workpool::task_cancelled");
  CHECK(name_of(std::ios_base::failure("x")) == "std::ios_base::failure");
  CHECK(readable_type(typeid(std::vector<std::string>).name()).starts_with("std::vector<std::string, "));
}

TEST_CASE("an exception that was rethrown from a pointer keeps its name", "[type_name]") {
  const auto held = std::make_exception_ptr(std::logic_error("x"));
  try {
    std::rethrow_exception(held);
  } catch (...) {
    CHECK(readable_type(name_of_current_exception()) == "std::logic_error");
  }
}

TEST_CASE("without an exception the name is unknown, and what is no type is left as it is", "[type_name]") {
  CHECK(readable_type(name_of_current_exception()) == "unknown");
  CHECK(readable_type("not a name") == "not a name");
  CHECK(readable_type("").empty());
}
