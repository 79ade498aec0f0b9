#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

/// A parser as they are found in the wild: quick, useful on ordinary headers, and it trusts what it reads. Its three
/// bugs are real ones, and left in on purpose: crash_proof shows what becomes of a program that has to live with them.
namespace crash_proof {

/// What a C or C++ header consists of.
struct outline {
  std::uint64_t bytes = 0, lines = 0, comments = 0, macros = 0;
  std::uint64_t deepest = 0;  // brackets within brackets
  std::uint64_t longest = 0;  // bytes of the longest text that a macro without parameters stands for
};

namespace detail {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_word(char c) { return begins_word(c) || (c >= '0' && c <= '9'); }

/// Cuts the first word off `text`, and what stands before it. Gives: the word, empty when there is none.
inline std::string_view next_word(std::string_view& text) {
  std::size_t at = 0;
  while (at < text.size() && !begins_word(text[at])) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    while (at < text.size() && is_word(text[at])) ++at;  // a number, with its suffix
  }
  std::size_t end = at;
  while (end < text.size() && is_word(text[end])) ++end;
  const std::string_view word = text.substr(at, end - at);
  text.remove_prefix(end);
  return word;
}

class parser {
 public:
  explicit parser(std::string_view text) : at_(text.data()), end_(at_ + text.size()) { found_.bytes = text.size(); }

  outline parse() {
    directive();
    block(0);
    for (const auto& [name, body] : macros_) found_.longest = std::max(found_.longest, expanded(name, body));
    found_.macros = macros_.size();
    return found_;
  }

 private:
  // Bug: each bracket takes a stack frame, and nobody counts them.
  void block(std::uint64_t depth) {
    found_.deepest = std::max(found_.deepest, depth);
    while (at_ < end_) {
      switch (*at_++) {
        case '\n':
          ++found_.lines;
          directive();
          break;
        case '/':
          comment();
          break;
        case '"':
          literal('"');
          break;
        case '\'':
          literal('\'');
          break;
        case '(':
        case '[':
        case '{':
          block(depth + 1);
          break;
        case ')':
        case ']':
        case '}':
          if (depth > 0) return;
          break;
        default:
          break;
      }
    }
  }

  void comment() {
    if (at_ == end_ || (*at_ != '/' && *at_ != '*')) return;
    ++found_.comments;
    if (*at_ == '/') {
      at_ = std::find(at_, end_, '\n');
      return;
    }
    for (++at_; at_ < end_; ++at_) {
      if (*at_ == '\n') ++found_.lines;
      if (*at_ == '/' && at_[-1] == '*') break;
    }
  }

  void literal(char quote) {
    while (at_ < end_ && *at_ != '\n') {
      const char one = *at_++;
      if (one == quote) return;
      if (one == '\\' && at_ < end_ && *at_ != '\n') ++at_;
    }
  }

  // At the begin of a line: keeps what "#define NAME text" says.
  void directive() {
    const char* at = at_;
    const auto blanks = [&] {
      while (at < end_ && is_blank(*at)) ++at;
    };
    const auto word = [&] {
      const char* const begin = at;
      while (at < end_ && is_word(*at)) ++at;
      return std::string_view(begin, static_cast<std::size_t>(at - begin));
    };
    blanks();
    if (at == end_ || *at++ != '#') return;
    blanks();
    if (word() != "define") return;
    blanks();
    const std::string_view name = word();
    if (name.empty() || at == end_ || !is_blank(*at)) return;  // with parameters, or without a text
    const char* const body = at;
    while (at < end_ && (*at != '\n' || at[-1] == '\\')) ++at;
    std::string_view text(body, static_cast<std::size_t>(at - body));
    text = text.substr(0, std::min(text.find("//"), text.find("/*")));
    macros_.insert_or_assign(name, text);
  }

  // How many bytes are left when every macro is replaced by its text, and those in there by theirs. A macro within its
  // own text stays, since glibc has many of those. Bug: two that name one another do not, and go on for ever; when each
  // time something remains to be done later, `texts` grows for ever, too.
  std::uint64_t expanded(std::string_view name, std::string_view body) const {
    struct part {
      std::string_view of, rest;
    };
    std::uint64_t size = 0;
    std::vector<part> texts{{name, body}};
    while (!texts.empty()) {
      part& now = texts.back();
      const std::size_t before = now.rest.size();
      const std::string_view word = next_word(now.rest);
      size += before - now.rest.size();
      const auto found = word == now.of ? macros_.end() : macros_.find(word);
      if (now.rest.empty() || word.empty()) texts.pop_back();
      if (found == macros_.end()) continue;
      size -= word.size();
      texts.push_back({found->first, found->second});
    }
    return size;
  }

  const char* at_;
  const char* const end_;
  outline found_{};
  std::unordered_map<std::string_view, std::string_view> macros_{};
};

}  // namespace detail

inline outline outline_of(std::string_view text) { return detail::parser(text).parse(); }

}  // namespace crash_proof
