#include <workpool/worker/process_role.hpp>

#include "support/catch.hpp"

#include <cstdlib>
#include <utility>

using namespace workpool::detail;

namespace {

assigned_role role_from(const char* role, const char* descriptor) {
  ::setenv(role_variable, role, 1);
  if (descriptor != nullptr) ::setenv(role_descriptor_variable, descriptor, 1);
  CHECK(role_is_waiting());
  const assigned_role taken = take_role();
  CHECK_FALSE(role_is_waiting());
  CHECK(std::getenv(role_descriptor_variable) == nullptr);
  return taken;
}

}  // namespace

TEST_CASE("a process whose environment says nothing has no role") {
  CHECK_FALSE(role_is_waiting());
  CHECK(take_role().role == process_role::none);
}

TEST_CASE("a role is taken as it was given, once") {
  for (const process_role role : {process_role::zygote, process_role::worker}) {
    for (const auto& [name, value] : assigned_role{role, 17}.variables()) ::setenv(name.c_str(), value.c_str(), 1);
    const assigned_role taken = take_role();
    CHECK(taken.role == role);
    CHECK(taken.descriptor == 17);
    CHECK(take_role().role == process_role::none);
  }
}

TEST_CASE("a role nobody has, or without a descriptor of its own, is invalid and taken away all the same") {
  CHECK(role_from("waiter", "5").role == process_role::invalid);
  CHECK(role_from("zygote", nullptr).role == process_role::invalid);
  for (const char* const descriptor : {"", "x", "5x", " 5", "2", "-1", "99999999999"}) {
    CHECK(role_from("worker", descriptor).role == process_role::invalid);
  }
}
