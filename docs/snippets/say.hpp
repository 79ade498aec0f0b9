#pragma once
#include <cxxabi.h>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <typeinfo>

/// Does something that goes wrong, and prints what was done and what was thrown. Numbers that differ from run to run
/// are left out of the text.
template <class F>
void say(std::string_view what, F&& wrong) {
  std::cout << what << '\n';
  try {
    wrong();
    std::cout << "  nothing was thrown" << std::endl;
  } catch (const std::exception& error) {
    const std::unique_ptr<char, void (*)(void*)> name(
        abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, nullptr), std::free);
    std::string type = name.get();
    if (type.starts_with("workpool::v0::")) type.erase(0, sizeof("workpool::v0::") - 1);
    const std::string text = std::regex_replace(error.what(), std::regex("\\b(pid|task|at least) [0-9]+"), "$1 …");
    std::cout << "  " << type << ": " << text << std::endl;
  }
}
