#include <workpool/detail/posix/close_descriptors.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <set>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;
using workpool_test::open_descriptors;

TEST_CASE("everything is closed but what is listed, in whatever way it is found") {
  const auto search = GENERATE(descriptor_search::quickest, descriptor_search::listing, descriptor_search::counting);
  CHECK(code_of_child([&] {
          for (const int number : {20, 21, 25, 300, 301}) ::dup2(0, number);
          const std::array<int, 7> kept{300, 2, -1, 0, 21, 1, 25};
          close_all_but(kept, search);
          return open_descriptors() == std::set<int>{0, 1, 2, 21, 25, 300} ? 0 : 1;
        }) == 0);
}

TEST_CASE("nothing listed is nothing left") {
  const auto search = GENERATE(descriptor_search::quickest, descriptor_search::listing, descriptor_search::counting);
  CHECK(code_of_child([&] {
          close_all_but({}, search);
          for (int number = 0; number < 400; ++number) {
            if (::fcntl(number, F_GETFD) >= 0) return 1;
          }
          return 0;
        }) == 0);
}
