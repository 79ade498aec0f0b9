#include <workpool/detail/posix/byte_file.hpp>

#include "support/catch.hpp"

#include <fcntl.h>

#include <string>

using namespace workpool::detail;

TEST_CASE("a byte file gives back what it was made of, as often as it is read") {
  for (const std::size_t size : {0U, 1U, 4096U, 100'000U}) {
    const std::string bytes(size, 'b');
    const unique_fd file = byte_file(bytes);
    REQUIRE(file);
    CHECK(::fcntl(file.get(), F_GETFD) == FD_CLOEXEC);
    CHECK(bytes_of(file.get(), size) == bytes);
    CHECK(bytes_of(file.get(), size) == bytes);
  }
}

TEST_CASE("a file that is longer than the limit, or none, has no bytes") {
  const unique_fd file = byte_file("four");
  CHECK(bytes_of(file.get(), 3) == std::nullopt);
  CHECK(bytes_of(-1, 3) == std::nullopt);
}
