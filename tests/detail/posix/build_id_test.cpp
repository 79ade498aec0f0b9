#include <workpool/detail/posix/build_id.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

using workpool::detail::build_id;
using workpool::detail::build_id_among;

namespace {

using bytes = std::vector<std::byte>;

struct note {
  std::string owner;  // with its end
  std::uint32_t type;
  std::string text;
};

const std::string gnu("GNU", 4);

bytes written(const std::vector<note>& notes, std::size_t alignment) {
  bytes made;
  const auto put = [&](const void* from, std::size_t size) {
    const auto* const first = static_cast<const std::byte*>(from);
    made.insert(made.end(), first, first + size);
  };
  const auto pad = [&] { made.resize((made.size() + alignment - 1) / alignment * alignment); };
  for (const note& one : notes) {
    const std::uint32_t header[] = {static_cast<std::uint32_t>(one.owner.size()),
                                    static_cast<std::uint32_t>(one.text.size()), one.type};
    put(header, sizeof header);
    put(one.owner.data(), one.owner.size());
    pad();
    put(one.text.data(), one.text.size());
    pad();
  }
  return made;
}

std::string text_of(const build_id& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.size}; }

std::string found(const std::vector<note>& notes, std::size_t alignment) {
  return text_of(build_id_among(written(notes, alignment), alignment));
}

}  // namespace

TEST_CASE("the build-id is found among other notes, whatever their alignment") {
  const std::vector<note> notes{{gnu, NT_GNU_ABI_TAG, std::string(16, 'a')},
                                {gnu, NT_GNU_PROPERTY_TYPE_0, std::string(16, 'p')},
                                {std::string("stapsdt", 8), NT_GNU_BUILD_ID, "no, a probe"},
                                {gnu, NT_GNU_BUILD_ID, "twenty bytes of hash"},
                                {gnu, NT_GNU_BUILD_ID, "a second one"}};
  CHECK(found(notes, 4) == "twenty bytes of hash");
  CHECK(found(notes, 8) == "twenty bytes of hash");
}

TEST_CASE("notes padded to four are found in a segment that says eight, or says nothing") {
  const std::vector<note> notes{{gnu, NT_GNU_GOLD_VERSION, "gold 1.16"}, {gnu, NT_GNU_BUILD_ID, "01234567"}};
  const bytes packed = written(notes, 4);
  REQUIRE(packed != written(notes, 8));
  for (const std::size_t alignment : {0U, 1U, 4U, 8U, 16U}) {
    INFO("p_align " << alignment);
    CHECK(text_of(build_id_among(packed, alignment)) == "01234567");
  }
}

TEST_CASE("a note of another owner or another type is no build-id") {
  CHECK(found({{std::string("FSF", 4), NT_GNU_BUILD_ID, "0123"}}, 4).empty());
  CHECK(found({{"GNU", NT_GNU_BUILD_ID, "0123"}}, 4).empty());
  CHECK(found({{std::string("GNU\0\0", 5), NT_GNU_BUILD_ID, "0123"}}, 4).empty());
  CHECK(found({{gnu, NT_GNU_ABI_TAG, "0123"}}, 4).empty());
  CHECK(found({{"", NT_GNU_BUILD_ID, "0123"}}, 4).empty());
}

TEST_CASE("a build-id of 1 to 32 bytes is taken, an empty or a longer one is not") {
  for (std::size_t size = 1; size <= build_id::longest; ++size) {
    CHECK(found({{gnu, NT_GNU_BUILD_ID, std::string(size, 'x')}}, 4) == std::string(size, 'x'));
  }
  CHECK(found({{gnu, NT_GNU_BUILD_ID, ""}}, 4).empty());
  CHECK(found({{gnu, NT_GNU_BUILD_ID, std::string(build_id::longest + 1, 'x')}}, 4).empty());
}

TEST_CASE("notes that are broken off anywhere before the end of the build-id hold none") {
  bytes whole = written({{gnu, NT_GNU_ABI_TAG, "0123"}, {gnu, NT_GNU_BUILD_ID, "01234567"}}, 4);
  REQUIRE(text_of(build_id_among(whole, 4)) == "01234567");
  while (!whole.empty()) {
    whole.pop_back();
    whole.shrink_to_fit();  // so that a sanitizer sees a read behind the end
    INFO(whole.size() << " bytes");
    CHECK_FALSE(build_id_among(whole, 4));
    CHECK_FALSE(build_id_among(whole, 8));
  }
}

TEST_CASE("lengths that lie lead neither behind the end nor into a loop without one") {
  for (const std::uint32_t lie : {0xffffffffU, 0xfffffffcU, 0x80000000U, 0x7fffffffU, 64U}) {
    for (const std::size_t field : {0U, 4U}) {
      bytes notes = written({{gnu, NT_GNU_BUILD_ID, "0123"}}, 4);
      std::memcpy(notes.data() + field, &lie, sizeof lie);
      INFO("length " << lie << " at " << field);
      CHECK_FALSE(build_id_among(notes, 4));
      CHECK_FALSE(build_id_among(notes, 8));
    }
  }
  CHECK_FALSE(build_id_among(bytes(4096), 4));
}

TEST_CASE("two build-ids are equal when their length and bytes are") {
  const auto id = [](const std::string& text) { return build_id_among(written({{gnu, NT_GNU_BUILD_ID, text}}, 4), 4); };
  CHECK(id("0123") == id("0123"));
  CHECK_FALSE(id("0123") == id("0124"));
  CHECK_FALSE(id("0123") == id(std::string("0123\0", 5)));
  CHECK_FALSE(id("0123") == build_id{});
}
