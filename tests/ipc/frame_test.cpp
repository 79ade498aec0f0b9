#include <workpool/ipc/frame.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

using namespace workpool;

TEST_CASE("a header is laid out as the other side expects it") {
  const frame_header header{.length = 0x0807060504030201U,
                            .task = 0x1817161514131211U,
                            .attempt = 0x24232221U,
                            .generation = 0x34333231U,
                            .kind = frame_kind::log,
                            .flags = 0x5251U};
  const std::array<unsigned char, 32> expected{1,    2,    3,    4,    5,    6,    7,    8,     //
                                               0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,  //
                                               0x21, 0x22, 0x23, 0x24, 0x31, 0x32, 0x33, 0x34,  //
                                               14,   0,    0x51, 0x52, 0x50, 0x57, 0xF5, 0x01};
  std::array<unsigned char, 32> bytes{};
  std::memcpy(bytes.data(), &header, sizeof header);
  CHECK(bytes == expected);
}

TEST_CASE("the kinds are 1 to 14 and every other number is unknown") {
  for (std::uint32_t number = 0; number <= std::numeric_limits<std::uint16_t>::max(); ++number) {
    const bool known = is_known(static_cast<frame_kind>(number));
    if (known != (number >= 1 && number <= 14)) FAIL("kind " << number);
  }
  CHECK(static_cast<int>(frame_kind::hello) == 1);
  CHECK(static_cast<int>(frame_kind::log) == 14);
}

TEST_CASE("a header that nobody filled in has no known kind") { CHECK_FALSE(is_known(frame_header{}.kind)); }
