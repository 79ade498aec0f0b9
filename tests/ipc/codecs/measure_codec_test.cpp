#include <workpool/ipc/codecs/measure_codec.hpp>

#include <chrono>
#include <complex>
#include <ratio>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using namespace std::chrono_literals;
using workpool_test::comes_back;
using workpool_test::encoded;

TEST_CASE("durations and points in time come back exactly", "[measure_codec]") {
  CHECK(comes_back(std::chrono::nanoseconds::max()));
  CHECK(comes_back(-5ms));
  CHECK(comes_back(std::chrono::duration<double, std::ratio<1, 3>>(1.25)));
  CHECK(comes_back(std::chrono::steady_clock::now()));
  CHECK(comes_back(std::chrono::system_clock::now()));
  CHECK(comes_back(std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)));
}

TEST_CASE("complex numbers come back", "[measure_codec]") {
  CHECK(comes_back(std::complex<double>(1.5, -2)));
  CHECK(comes_back(std::complex<float>(0, 1)));
}

TEST_CASE("many of them are copied as a block", "[measure_codec]") {
  CHECK(encoded(std::vector<std::chrono::nanoseconds>(10)).size() == 88);
  CHECK(comes_back(std::vector<std::chrono::seconds>{1s, 2s}));
  CHECK(comes_back(std::vector<std::chrono::steady_clock::time_point>(3)));
  CHECK(comes_back(std::vector<std::complex<float>>{{1, 2}, {3, 4}}));
}
