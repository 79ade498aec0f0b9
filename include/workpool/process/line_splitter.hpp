#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace workpool { inline namespace v0 { namespace detail {

/// Turns pieces of a text, cut anywhere, into its lines.
///
/// A line is passed on without its newline; one that is longer than `longest` comes in pieces of that size. `sink` is
/// called with a string_view that is valid during the call.
/// Threads: one at a time. Throws: std::bad_alloc, before anything of the line in question is taken, and what `sink`
/// throws: the rest of the bytes is lost then. Memory: at most `longest` bytes, for the line that is not complete.
class line_splitter {
 public:
  static constexpr std::size_t longest = std::size_t{64} << 10;

  template <class Sink>
  void feed(std::string_view bytes, Sink&& sink) {
    while (!bytes.empty()) {
      const std::size_t room = longest - begun_.size();
      const std::size_t end = bytes.substr(0, room + 1).find('\n');  // the newline of a longest line is beyond the room
      if (end == bytes.npos && bytes.size() <= room) {
        begun_.append(bytes);
        return;
      }
      const std::size_t taken = std::min(end, room);
      pass_on(bytes.substr(0, taken), sink);
      bytes.remove_prefix(end == bytes.npos ? taken : taken + 1);
    }
  }

  /// The text is over: its last line comes out even without a newline. After that a new text may begin.
  template <class Sink>
  void finish(Sink&& sink) {
    if (!begun_.empty()) pass_on({}, sink);
  }

  /// How many bytes are kept because their line is not complete.
  std::size_t held() const noexcept { return begun_.size(); }

 private:
  template <class Sink>
  void pass_on(std::string_view rest, Sink&& sink) {
    if (begun_.empty()) {
      sink(rest);
      return;
    }
    begun_.append(rest);
    const std::string whole = std::exchange(begun_, {});
    sink(std::string_view(whole));
  }

  std::string begun_;  // ≤ longest; never holds a newline
};

}}}  // namespace workpool::v0::detail
