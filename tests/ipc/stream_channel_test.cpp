#include <workpool/ipc/stream_channel.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace workpool;
using namespace workpool_test;

namespace {

/// What a scripted stream was asked, and what it answers.
struct script {
  std::size_t room = std::numeric_limits<std::size_t>::max();  // what write takes until it is given more
  std::size_t most_per_write = std::numeric_limits<std::size_t>::max();
  byte_vector written{};
  int writes = 0;
  byte_vector endless{};              // read again and again, where not empty
  std::deque<byte_vector> to_read{};  // each by one read
  byte_vector stream{};               // read by reads of any size, where not empty
  int reads = 0;
  std::size_t bytes_read = 0;
  std::size_t to_buffer = 0;  // bytes that were read to where the first one was
  const std::byte* buffer = nullptr;
  const std::byte* offered = nullptr;  // the first byte of the last write
  bool open = true;
};

class scripted_stream {
 public:
  explicit scripted_stream(script& lines) noexcept : script_(&lines) {}
  std::optional<std::size_t> write(std::span<const std::span<const std::byte>> pieces) {
    ++script_->writes;
    script_->offered = pieces.front().data();
    std::size_t gone = 0;
    for (const auto& piece : pieces) {
      const auto part = piece.first(std::min({piece.size(), script_->room, script_->most_per_write - gone}));
      script_->written.insert(script_->written.end(), part.begin(), part.end());
      script_->room -= part.size();
      gone += part.size();
    }
    return gone;
  }
  std::optional<std::size_t> read(std::span<std::byte> into) {
    ++script_->reads;
    if (!script_->endless.empty()) {
      for (std::size_t i = 0; i < into.size(); ++i) into[i] = script_->endless[i % script_->endless.size()];
      script_->bytes_read += into.size();
      return into.size();
    }
    if (!script_->stream.empty()) {
      const std::size_t got = std::min(into.size(), script_->stream.size());
      std::copy_n(script_->stream.begin(), got, into.begin());
      script_->stream.erase(script_->stream.begin(), script_->stream.begin() + static_cast<std::ptrdiff_t>(got));
      if (script_->buffer == nullptr) script_->buffer = into.data();
      if (script_->buffer == into.data()) script_->to_buffer += got;
      return got;
    }
    if (script_->to_read.empty()) return 0;
    const byte_vector chunk = std::move(script_->to_read.front());
    script_->to_read.pop_front();
    REQUIRE(chunk.size() <= into.size());
    std::copy(chunk.begin(), chunk.end(), into.begin());
    return chunk.size();
  }
  int handle() const noexcept { return script_->open ? 1000 : -1; }
  void close() noexcept { script_->open = false; }

 private:
  script* script_;
};

using scripted_channel = detail::stream_channel<scripted_stream>;
static_assert(channel<scripted_channel>);

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

scripted_channel channel_of(script& lines) { return {scripted_stream(lines), no_limit}; }

}  // namespace

TEST_CASE("a small exchange is one write and one read per frame") {
  script lines;
  scripted_channel one = channel_of(lines);
  lines.to_read = {wire_frame(1, patterned(10)), wire_frame(2, patterned(20))};
  CHECK(one.send({.task = 9, .kind = frame_kind::task}, patterned(30)) == transfer::done);
  CHECK(lines.writes == 1);
  CHECK(lines.written == wire_frame(9, patterned(30)));
  frame got;
  CHECK(one.receive(got) == transfer::done);
  CHECK(one.receive(got) == transfer::done);
  CHECK(lines.reads == 2);
  CHECK(one.unread() == 0);
}

TEST_CASE("many frames that arrived together are one read") {
  script lines;
  scripted_channel one = channel_of(lines);
  byte_vector all;
  for (std::uint64_t i = 0; i < 100; ++i) append(all, wire_frame(i, patterned(i)));
  lines.to_read = {all};
  frame got;
  for (std::uint64_t i = 0; i < 100; ++i) {
    REQUIRE(one.receive(got) == transfer::done);
    REQUIRE(got.header.task == i);
  }
  CHECK(lines.reads == 1);
}

TEST_CASE("what is sent while blocked is offered in one write with what waits") {
  script lines{.room = 10};
  scripted_channel one = channel_of(lines);
  REQUIRE(one.send({.task = 1, .kind = frame_kind::task}, patterned(5)) == transfer::blocked);
  REQUIRE(one.send({.task = 2, .kind = frame_kind::task}, patterned(6)) == transfer::blocked);
  REQUIRE(one.unsent() == 27 + 38);
  lines.room = no_limit;
  lines.writes = 0;
  CHECK(one.send({.task = 3, .kind = frame_kind::task}, patterned(7)) == transfer::done);
  CHECK(lines.writes == 1);
  byte_vector expected = wire_frame(1, patterned(5));
  append(expected, wire_frame(2, patterned(6)));
  append(expected, wire_frame(3, patterned(7)));
  CHECK(lines.written == expected);
}

TEST_CASE("a stream that takes less than it was offered is not asked twice") {
  script lines{.most_per_write = 50};
  scripted_channel one = channel_of(lines);
  CHECK(one.send({.task = 1, .kind = frame_kind::task}, patterned(100)) == transfer::blocked);
  CHECK(lines.writes == 1);
  CHECK(one.flush() == transfer::blocked);
  CHECK(lines.writes == 2);
  CHECK(one.flush() == transfer::done);
  CHECK(one.flush() == transfer::done);
  CHECK(lines.writes == 3);
  CHECK(lines.written == wire_frame(1, patterned(100)));
}

TEST_CASE("more frames than one write takes are flushed all the same") {
  script lines{.room = 0};
  scripted_channel one = channel_of(lines);
  byte_vector expected;
  for (std::uint64_t i = 0; i < 200; ++i) {
    REQUIRE(one.send({.task = i, .kind = frame_kind::task}, patterned(i)) == transfer::blocked);
    append(expected, wire_frame(i, patterned(i)));
  }
  lines.room = no_limit;
  lines.writes = 0;
  CHECK(one.flush() == transfer::done);
  CHECK(lines.writes == 4);  // of at most 64 pieces
  CHECK(lines.written == expected);
}

TEST_CASE("one who writes without end does not keep the reader in one call") {
  script lines;
  scripted_channel one = channel_of(lines);
  lines.to_read = {bytes_of({.length = std::uint64_t{1} << 40, .kind = frame_kind::result})};
  frame got;
  REQUIRE(one.receive(got) == transfer::blocked);
  lines.reads = 0;
  lines.endless = patterned(1);
  CHECK(one.receive(got) == transfer::blocked);
  CHECK(lines.reads <= 16);  // of at least 64 KiB each
  CHECK(lines.bytes_read >= std::size_t{1} << 20);
  CHECK(lines.bytes_read <= std::size_t{2} << 20);
  CHECK(one.unread() == 0);
}

TEST_CASE("a large payload is read to where it stays, and what follows it is not") {
  script lines;
  scripted_channel one = channel_of(lines);
  const byte_vector payload = patterned(1'000'000);
  byte_vector wire = wire_frame(1, payload);
  append(wire, wire_frame(2, patterned(9)));
  lines.stream = wire;
  frame got;
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(got.payload == payload);
  CHECK(lines.to_buffer <= std::size_t{128} << 10);  // the first read, and what less than one is missing at the end
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(got.header.task == 2);
  CHECK(got.payload == patterned(9));
}

TEST_CASE("what is lent is offered in place, and given back when its last byte is written") {
  script lines{.room = 100};
  scripted_channel one = channel_of(lines);
  auto owner = std::make_shared<const byte_vector>(patterned(1000));
  const std::weak_ptr<const byte_vector> seen = owner;
  const byte_vector expected = wire_frame(1, *owner);
  REQUIRE(one.send({.task = 1, .kind = frame_kind::task}, *owner, owner) == transfer::blocked);
  CHECK(one.unsent() == 932);
  const std::byte* const where = owner->data() + 68;
  owner = nullptr;
  lines.room = 931;
  CHECK(one.flush() == transfer::blocked);
  CHECK(lines.offered == where);
  CHECK_FALSE(seen.expired());
  lines.room = 1;
  CHECK(one.flush() == transfer::done);
  CHECK(seen.expired());
  CHECK(lines.written == expected);
}

TEST_CASE("a lent frame that went at once is not kept") {
  script lines;
  scripted_channel one = channel_of(lines);
  const auto owner = std::make_shared<const byte_vector>(patterned(1000));
  CHECK(one.send({.task = 1, .kind = frame_kind::task}, *owner, owner) == transfer::done);
  CHECK(owner.use_count() == 1);
}

TEST_CASE("a frame of which a part has gone and the rest finds no memory closes the channel") {
  script lines{.room = 10};
  scripted_channel one = channel_of(lines);
  const byte_vector payload = patterned(1);
  // Never read: the stream takes no more than 10 bytes, and a vector refuses the size.
  const std::span<const std::byte> endless(payload.data(), no_limit / 2 + 9);
  CHECK_THROWS_AS(one.send({.kind = frame_kind::task}, endless), std::length_error);
  CHECK_FALSE(one.is_open());
  CHECK_FALSE(lines.open);
}

TEST_CASE("a frame of which nothing has gone and that finds no memory leaves the channel as it was") {
  script lines{.room = 0};
  scripted_channel one = channel_of(lines);
  const byte_vector payload = patterned(1);
  const std::span<const std::byte> endless(payload.data(), no_limit / 2 + 9);
  CHECK_THROWS_AS(one.send({.kind = frame_kind::task}, endless), std::length_error);
  REQUIRE(one.send({.task = 1, .kind = frame_kind::task}, payload) == transfer::blocked);
  CHECK_THROWS_AS(one.send({.kind = frame_kind::task}, endless), std::length_error);
  lines.room = no_limit;
  CHECK(one.flush() == transfer::done);
  CHECK(lines.written == wire_frame(1, payload));
}
