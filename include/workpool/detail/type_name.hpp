#pragma once
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <typeinfo>
#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

namespace workpool { inline namespace v0 { namespace detail {

/// The name of the exception that is being handled, as the compiler writes it; lives as long as the type.
inline std::string_view name_of_current_exception() noexcept {
#if __has_include(<cxxabi.h>)
  if (const std::type_info* const type = abi::__cxa_current_exception_type()) return type->name();
#endif
  return "unknown";
}

/// Takes `part` out of `text` wherever it follows `home`, the outermost namespace of a name.
inline void leave_out(std::string& text, std::string_view home, std::string_view part) {
  const std::string whole = std::string(home).append(part);
  for (std::size_t at = 0; (at = text.find(whole, at)) != text.npos; at += home.size()) {
    const char before = at == 0 ? ' ' : text[at - 1];
    const bool other_namespace =
        before == ':' || before == '_' || std::isalnum(static_cast<unsigned char>(before)) != 0;
    if (!other_namespace) text.erase(at + home.size(), part.size());
  }
}

inline void replace_all(std::string& text, std::string_view part, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += by.size()) text.replace(at, part.size(), by);
}

/// As a person would write it, without the versions of workpool and of the standard library. Throws: std::bad_alloc.
inline std::string readable_type(std::string_view name) {
  std::string text(name);
#if __has_include(<cxxabi.h>)
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> plain(abi::__cxa_demangle(text.c_str(), nullptr, nullptr, &status),
                                                     std::free);
  if (status == -1) throw std::bad_alloc();
  if (plain) text = plain.get();
#endif
  leave_out(text, "workpool::", "v0::");
  leave_out(text, "std::", "__cxx11::");
  replace_all(text, "[abi:cxx11]", "");
  replace_all(text, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
  return text;
}

}}}  // namespace workpool::v0::detail
