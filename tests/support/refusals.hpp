#pragma once

#include <string>
#include <workpool/core/error.hpp>

#include "support/catch.hpp"

namespace workpool_test {

/// Checks that `make()` throws bad_config which names `field`, and that its text begins with it and contains `part`.
template <class Make>
void check_refused(Make make, const std::string& field, const std::string& part = {}) {
  INFO(field);
  try {
    make();
    FAIL("was accepted");
  } catch (const workpool::bad_config& error) {
    CHECK(error.field() == field);
    const std::string text = error.what();
    CHECK(text.rfind(field, 0) == 0);
    CHECK(text.find(part) != text.npos);
  }
}

}  // namespace workpool_test
