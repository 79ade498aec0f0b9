#include "naming.hpp"

#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <workpool/ipc/code_locator.hpp>
#include <workpool/ipc/code_resolver.hpp>

namespace detail = workpool::detail;

namespace {

constexpr int argument = 21;

std::string hex_of(const detail::code_location& location) {
  unsigned char bytes[sizeof location];
  std::memcpy(bytes, &location, sizeof location);
  std::string text;
  for (const unsigned char one : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", one);
    text += digits;
  }
  return text;
}

detail::code_location location_of(const std::string& hex) {
  unsigned char bytes[sizeof(detail::code_location)] = {};
  for (std::size_t i = 0; i < sizeof bytes; ++i) {
    bytes[i] = static_cast<unsigned char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  detail::code_location location;
  std::memcpy(&location, bytes, sizeof location);
  return location;
}

}  // namespace

const void* address_of(int (*function)(int)) { return detail::code_address(function); }

void request(const char* name, int (*function)(int)) {
  static detail::code_locator locator;
  try {
    const detail::located_code& found = locator.locate(detail::code_address(function));
    std::cout << name << ' ' << function(argument) << ' ' << hex_of(found.location) << ' ' << found.path << '\n';
  } catch (const workpool::error& error) {
    std::cout << name << " refused: " << error.what() << '\n';
  }
}

int answer_requests() {
  detail::code_resolver resolver;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name, hex, path;
    int wanted = 0;
    if (!(words >> name >> wanted >> hex)) {
      std::cout << line << '\n';  // the host refused it
      continue;
    }
    words >> path;
    try {
      int (*const function)(int) = detail::function_at<int(int)>(resolver.resolve(location_of(hex), path));
      const int result = function(argument);
      if (result == wanted) {
        std::cout << name << " good\n";
      } else {
        std::cout << name << " wrong: " << result << ", not " << wanted << '\n';
      }
    } catch (const workpool::error& error) {
      std::cout << name << " refused: " << error.code().message() << ": " << error.what() << '\n';
    }
  }
  return 0;
}
