// Hostile bytes for the frame decoder: whatever they are and however they are cut, it finds the frames that a second,
// simpler reader finds, refuses what that one refuses, and allocates no more than it promises.
//
//   frame_decoder_fuzz <runs> <first seed>
//
// A run that fails prints its seed; `frame_decoder_fuzz 1 <seed>` repeats it. Compiled with
// -DWORKPOOL_LIBFUZZER -fsanitize=fuzzer it has no main of its own and is a libFuzzer target.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <workpool/detail/random_source.hpp>
#include <workpool/ipc/frame_decoder.hpp>

namespace wp = workpool;
using wp::frame;
using wp::frame_header;
using wp::detail::random_source;
using bytes = std::vector<std::byte>;

namespace {

// ── what the decoder allocates ──────────────────────────────────────────────────────────────────────────────────────

struct allocation_count {
  bool on = false;
  std::size_t calls = 0;
  std::size_t largest = 0;
};
allocation_count counted;

void* allocate(std::size_t size) {
  if (counted.on) {
    ++counted.calls;
    counted.largest = std::max(counted.largest, size);
  }
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size != 0 ? size : 1); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace {

void demand(bool holds, const char* claim) {
  if (holds) return;
  std::fprintf(stderr, "frame_decoder_fuzz: broken: %s\n", claim);
  std::abort();
}

// ── a reader that has all bytes at once ─────────────────────────────────────────────────────────────────────────────

constexpr auto last_kind = static_cast<std::uint16_t>(wp::frame_kind::log);

enum class verdict { fine, wrong_magic, unknown_kind, too_long };

struct reading {
  std::vector<frame> frames;
  verdict end = verdict::fine;
};

template <class Number>
Number number_at(std::span<const std::byte> all, std::size_t at) {
  Number value{};
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    value = static_cast<Number>((std::uint64_t{value} << 8) | std::to_integer<std::uint64_t>(all[at + i]));
  }
  return value;
}

reading read_all(std::span<const std::byte> all, std::size_t max_payload) {
  reading found;
  while (all.size() >= 32) {
    const auto length = number_at<std::uint64_t>(all, 0);
    const auto kind = number_at<std::uint16_t>(all, 24);
    if (number_at<std::uint32_t>(all, 28) != 0x01f55750U)
      found.end = verdict::wrong_magic;
    else if (kind < 1 || kind > last_kind)
      found.end = verdict::unknown_kind;
    else if (length > max_payload)
      found.end = verdict::too_long;
    if (found.end != verdict::fine || length > all.size() - 32) break;
    frame one;
    one.header = {.length = length,
                  .task = number_at<std::uint64_t>(all, 8),
                  .attempt = number_at<std::uint32_t>(all, 16),
                  .generation = number_at<std::uint32_t>(all, 20),
                  .kind = static_cast<wp::frame_kind>(kind),
                  .flags = number_at<std::uint16_t>(all, 26)};
    const auto payload = all.subspan(32, static_cast<std::size_t>(length));
    one.payload.assign(payload);
    found.frames.push_back(std::move(one));
    all = all.subspan(32 + static_cast<std::size_t>(length));
  }
  return found;
}

const char* words_of(verdict end) {
  switch (end) {
    case verdict::wrong_magic:
      return "magic number";
    case verdict::unknown_kind:
      return "is of kind";
    case verdict::too_long:
      return "claims";
    case verdict::fine:
      break;
  }
  return "";
}

// ── the decoder, under watch ────────────────────────────────────────────────────────────────────────────────────────

class watched_decoder {
 public:
  explicit watched_decoder(std::size_t max_payload) : decoder_(max_payload) {}

  // in_place: payloads are written to where the decoder has room for them.
  void feed(std::span<const std::byte> part, const reading& expected, bool in_place) {
    const bool refused = decoder_.error() != nullptr;
    since_frame_ += part.size();
    for (;;) {
      const std::size_t reserved = decoder_.reserved();
      counted = {true, 0, 0};
      std::optional<frame> one = in_place && decoder_.missing() != 0 ? fill(part) : decoder_.next(part);
      counted.on = false;
      const std::size_t arrived = since_frame_ - part.size();
      // Payloads have their memory from malloc, which is not counted but seen.
      if (std::max(decoder_.reserved(), one ? one->payload.capacity() : 0) > reserved) ++calls_;
      demand(counted.largest <= std::max(wp::frame_decoder::trusted_size, 2 * arrived), "memory follows what arrives");
      demand(decoder_.reserved() <= std::max(wp::frame_decoder::trusted_size, 2 * arrived), "what is kept as well");
      calls_ += counted.calls;
      const bool fine = decoder_.error() == nullptr;
      const std::size_t claimed = std::min(decoder_.missing(), wp::frame_decoder::trusted_size + 1);  // up to 2⁶⁴ - 1
      const std::size_t whole = one ? one->payload.size() : claimed + arrived;
      if (fine && whole <= wp::frame_decoder::trusted_size) demand(calls_ <= 1, "one allocation a payload");
      if (!one && (part.empty() || !in_place)) break;
      if (!one) continue;
      if (one->payload.empty()) demand(calls_ == 0, "an empty payload allocates nothing");
      demand(!refused, "nothing comes after a refusal");
      demand(found_ < expected.frames.size() && *one == expected.frames[found_], "the frames are those that were sent");
      demand(one->payload.capacity() <= one->header.length || one->payload.capacity() == one->payload.size(),
             "a payload has no more memory than its length");
      ++found_;
      calls_ = 0;
      since_frame_ = part.size();
    }
    demand(part.empty(), "without a frame all bytes are taken");
    if (refused) demand(what_ == decoder_.error()->what(), "the error stays the same");
    if (decoder_.error() != nullptr) what_ = decoder_.error()->what();
  }

  void finish(const reading& expected) const {
    demand(found_ == expected.frames.size(), "no frame is missing");
    demand((expected.end == verdict::fine) == (decoder_.error() == nullptr), "refused is what is wrong, nothing else");
    demand(what_.find(words_of(expected.end)) != std::string::npos, "the error names what was wrong");
  }

  const std::string& what() const { return what_; }

 private:
  std::optional<frame> fill(std::span<const std::byte>& part) {
    const std::span<std::byte> room = decoder_.room();
    demand(!room.empty() && room.size() <= decoder_.missing(), "there is room for what is missing, and for no more");
    demand(decoder_.reserved() <= std::max(wp::frame_decoder::trusted_size, 2 * (since_frame_ - part.size())),
           "room is for what has arrived once more");
    const std::size_t count = std::min(room.size(), part.size());
    std::copy_n(part.begin(), count, room.begin());
    part = part.subspan(count);
    return decoder_.filled(count);
  }

  wp::frame_decoder decoder_;
  std::size_t since_frame_ = 0;  // bytes fed since the end of the last frame
  std::size_t calls_ = 0;        // allocations for the frame that is arriving
  std::size_t found_ = 0;
  std::string what_;
};

constexpr std::array<std::size_t, 6> limits{
    0, 100, 1 << 16, 1 << 20, std::size_t{1} << 30, std::numeric_limits<std::size_t>::max()};

std::string run_once(std::span<const std::byte> stream, std::size_t limit, random_source& draw) {
  const reading expected = read_all(stream, limit);
  watched_decoder whole(limit);
  whole.feed(stream, expected, false);
  whole.finish(expected);

  watched_decoder cut(limit);
  // From single bytes to half of it: the cut within a header must be as likely as that within a payload.
  const std::size_t most = std::size_t{1} << draw.below(18);
  for (auto rest = stream; !rest.empty();) {
    const auto part = rest.first(std::min<std::size_t>(rest.size(), 1 + draw.below(most)));
    cut.feed(part, expected, draw.below(2) == 0);
    rest = rest.subspan(part.size());
  }
  cut.finish(expected);
  demand(cut.what() == whole.what(), "the error does not depend on the cuts");

  if (expected.end != verdict::fine) {
    const frame_header good{.kind = wp::frame_kind::ping};
    cut.feed(std::as_bytes(std::span(&good, 1)), expected, false);
  }
  return whole.what();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  random_source draw(1U + data[1] + 256U * data[2]);
  run_once(std::as_bytes(std::span(data, size)).subspan(3), limits[data[0] % limits.size()], draw);
  return 0;
}

#ifndef WORKPOOL_LIBFUZZER

namespace {

std::size_t some_length(random_source& draw) {
  switch (draw.below(512)) {
    case 0:
      return draw.below(200'000);
    case 1:
    case 2:
    case 3:
      return (std::size_t{1} << 16) - 2 + draw.below(4);
    default:
      return draw.below(4) == 0 ? 0 : draw.below(std::uint64_t{2} << draw.below(9));
  }
}

bytes valid_stream(random_source& draw) {
  bytes stream;
  for (std::uint64_t left = draw.below(6); left-- > 0;) {
    const std::size_t length = some_length(draw);
    const frame_header header{.length = length,
                              .task = draw.next(),
                              .attempt = static_cast<std::uint32_t>(draw.next()),
                              .generation = static_cast<std::uint32_t>(draw.next()),
                              .kind = static_cast<wp::frame_kind>(1 + draw.below(last_kind)),
                              .flags = static_cast<std::uint16_t>(draw.next())};
    const auto head = std::as_bytes(std::span(&header, 1));
    stream.insert(stream.end(), head.begin(), head.end());
    stream.resize(stream.size() + length, static_cast<std::byte>(draw.next()));
  }
  return stream;
}

void overwrite(bytes& stream, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width && at + i < stream.size(); ++i) {
    stream[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

void mutate(bytes& stream, random_source& draw) {
  if (stream.empty()) return;
  const std::size_t at = draw.below(stream.size());
  const auto spot = stream.begin() + static_cast<std::ptrdiff_t>(at);
  const std::size_t tail = std::min<std::size_t>(stream.size() - at, 1 + draw.below(80));
  switch (draw.below(8)) {
    case 0:
      stream[at] ^= static_cast<std::byte>(1U << draw.below(8));
      break;
    case 1:
      stream.resize(at);
      break;
    case 2:
      stream.erase(spot, spot + static_cast<std::ptrdiff_t>(tail));
      break;
    case 3: {
      const bytes again(spot, spot + static_cast<std::ptrdiff_t>(tail));
      stream.insert(stream.begin() + static_cast<std::ptrdiff_t>(draw.below(stream.size())), again.begin(),
                    again.end());
      break;
    }
    case 4: {  // a length of the first frame that lies: near a limit, near 2⁶⁴, anything
      const std::uint64_t limit = limits[draw.below(limits.size())];
      overwrite(stream, 0, draw.below(4) == 0 ? draw.next() : limit - 1 + draw.below(3), 8);
      break;
    }
    case 5:
      overwrite(stream, 24, draw.below(last_kind + 3U), 2);
      break;
    case 6:
      overwrite(stream, at, draw.next(), 1 + draw.below(8));
      break;
    default: {
      const bytes other = valid_stream(draw);
      stream.insert(stream.begin() + static_cast<std::ptrdiff_t>(at), other.begin(), other.end());
      break;
    }
  }
}

std::uint64_t current_seed = 0;

extern "C" void say_seed(int) {
  std::fprintf(stderr, "frame_decoder_fuzz: seed %llu\n", static_cast<unsigned long long>(current_seed));
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: frame_decoder_fuzz <runs> <first seed>\n");
    return 2;
  }
  const std::uint64_t runs = std::strtoull(words[1], nullptr, 10);
  const std::uint64_t first = std::strtoull(words[2], nullptr, 10);
  std::signal(SIGABRT, say_seed);

  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  auto said = begin;
  std::array<std::uint64_t, 4> ended{};  // fine, magic, kind, length
  for (std::uint64_t i = 0; i < runs; ++i) {
    current_seed = first + i;
    random_source draw(wp::detail::mix64(current_seed) | 1U);
    bytes stream = valid_stream(draw);
    for (std::uint64_t left = draw.below(4); left-- > 0;) mutate(stream, draw);
    const std::string what = run_once(stream, limits[draw.below(limits.size())], draw);
    const auto has = [&](verdict end) { return what.find(words_of(end)) != std::string::npos; };
    if (what.empty())
      ++ended[0];
    else if (has(verdict::wrong_magic))
      ++ended[1];
    else if (has(verdict::unknown_kind))
      ++ended[2];
    else
      ++ended[3];
    if (i % 1024 == 0 && clock::now() - said > std::chrono::seconds(5)) {
      said = clock::now();
      std::printf("%llu of %llu runs\n", static_cast<unsigned long long>(i), static_cast<unsigned long long>(runs));
      std::fflush(stdout);
    }
  }
  const auto show = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf("%llu runs from seed %llu in %.1f s: %llu fine; refused: %llu magic, %llu kind, %llu length\n",
              show(runs), show(first), std::chrono::duration<double>(clock::now() - begin).count(), show(ended[0]),
              show(ended[1]), show(ended[2]), show(ended[3]));
  const bool all_seen = std::all_of(ended.begin(), ended.end(), [](std::uint64_t n) { return n != 0; });
  if (runs >= 1000 && !all_seen) std::fprintf(stderr, "frame_decoder_fuzz: one way to end was never seen\n");
  return runs < 1000 || all_seen ? 0 : 1;
}

#endif
