// Much data without copies: memory that the program and its child processes both see. One child crashes over it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <span>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker_entry.hpp>

namespace wp = workpool;

namespace {

// One row of a picture of 1920 by 1080; a child works on the bytes themselves.
void invert(const wp::shared_buffer& picture, std::size_t row) {
  std::span<std::uint8_t> pixels = picture.as<std::uint8_t>().subspan(row * 1920, 1920);
  std::transform(pixels.begin(), pixels.end(), pixels.begin(), [](std::uint8_t one) { return 255 - one; });
}

// A child can make one, too.
wp::shared_buffer small_copy(const wp::shared_buffer& picture) {
  wp::shared_buffer small = wp::this_worker::make_buffer(picture.size() / 16);
  const auto from = picture.as<std::uint8_t>(), to = small.as<std::uint8_t>();
  for (std::size_t n = 0; n < to.size(); ++n) to[n] = from[n / 480 * 4 * 1920 + n % 480 * 4];
  return small;
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;

  wp::fork_pool pool(2);
  const wp::shared_buffer picture = pool.make_buffer(1920 * 1080);
  std::ranges::fill(picture.as<std::uint8_t>(), std::uint8_t{200});

  for (std::size_t row = 0; row < 1080; ++row) pool.post(invert, picture, row);  // what travels is its number
  pool.wait_idle();
  std::cout << "all pixels are " << +picture.as<std::uint8_t>().front() << " and " << +picture.as<std::uint8_t>().back()
            << '\n';

  const wp::shared_buffer small = pool.submit(small_copy, picture).get();
  std::cout << "the small copy has " << small.size() << " bytes of " << +small.as<std::uint8_t>().front() << '\n';

  try {
    pool.submit([](wp::shared_buffer one) { one.span().data()[one.size() + 4096] = {}; }, small).get();
  } catch (const wp::worker_lost& lost) {
    std::cout << "who wrote past its end died: " << strsignal(lost.report().signal) << '\n';
  }
  std::cout << pool.stats().buffers << " buffers are left\n";
}
