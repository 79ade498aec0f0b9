// Memory that a child and its host both see.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <workpool/pool.hpp>
#include <workpool/worker_entry.hpp>

namespace wp = workpool;

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;
  //! [program]
  wp::fork_pool pool{1};
  const wp::shared_buffer memory = pool.make_buffer(1000);
  std::ranges::fill(memory.as<std::uint8_t>(), std::uint8_t{200});

  pool.submit(
          [](const wp::shared_buffer& one) {
            for (std::uint8_t& value : one.as<std::uint8_t>()) value = static_cast<std::uint8_t>(255 - value);
          },
          memory)
      .get();
  std::cout << "all are " << +memory.as<std::uint8_t>()[999] << '\n';
  //! [program]
}
