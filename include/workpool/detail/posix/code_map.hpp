#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace workpool { inline namespace v0 { namespace detail {

/// One line of /proc/<pid>/maps, read a character at a time. Needs no memory.
class maps_line {
 public:
  /// Gives: whether the line is complete; the next character begins a new one then.
  bool take(char letter) noexcept {
    if (complete_) *this = maps_line();
    complete_ = letter == '\n';
    if (complete_) return true;
    if (letter == ' ' && (field_ < last_field || path_size_ == 0)) {
      if (in_field_ && field_ < last_field) ++field_;
      in_field_ = false;
      return false;
    }
    in_field_ = true;
    switch (field_) {
      case 0:
        if (letter == '-') {
          in_high_ = true;
        } else {
          shift_in(in_high_ ? high : low, letter);
        }
        break;
      case 1:
        executable = executable || letter == 'x';
        break;
      case 2:
        shift_in(offset, letter);
        break;
      case last_field:
        if (path_size_ < path_.size()) path_[path_size_++] = letter;
        break;
      default:
        break;
    }
    return false;
  }

  std::string_view path() const noexcept { return {path_.data(), path_size_}; }

  std::uint64_t low = 0, high = 0, offset = 0;
  bool executable = false;

 private:
  static constexpr int last_field = 5;

  static void shift_in(std::uint64_t& number, char digit) noexcept {
    const int value = digit >= 'a' ? digit - 'a' + 10 : digit - '0';
    number = number << 4 | static_cast<std::uint64_t>(value & 15);
  }

  std::array<char, 256> path_{};
  std::size_t path_size_ = 0;
  int field_ = 0;
  bool in_field_ = false, in_high_ = false, complete_ = false;
};

/// Which program or library each of some addresses belongs to: what a crash handler can find out without the loader,
/// whose lock the crashed thread, or a thread that waits for it, may hold.
/// Memory: 10 KiB, in static storage for a handler; the longest paths and the 33rd module are cut off.
class code_map {
 public:
  struct place {
    std::uint64_t address = 0;
    std::uint64_t offset = 0;  // from the beginning of the module
    std::string_view module;   // empty: not known; points into the map
    bool executable = false;
  };

  /// Looks up places[n].address for every n. Async-signal-safe. Gives: false where /proc cannot be read.
  bool look_up(std::span<place> places, const char* maps = "/proc/self/maps") noexcept {
    const int file = ::open(maps, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    maps_line line;
    std::array<char, 1024> piece;
    count_ = 0;
    for (;;) {
      const ssize_t got = ::read(file, piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      for (ssize_t n = 0; n < got; ++n) {
        if (line.take(piece[static_cast<std::size_t>(n)])) note(line, places);
      }
    }
    ::close(file);
    return true;
  }

 private:
  struct module {
    std::uint64_t base = 0;
    std::array<char, 256> path{};
    std::size_t size = 0;
    bool needed = false;
    std::string_view name() const noexcept { return {path.data(), size}; }
  };

  void note(const maps_line& line, std::span<place> places) noexcept {
    module* const here = line.path().empty() ? nullptr : module_of(line);
    for (place& one : places) {
      if (one.address < line.low || one.address >= line.high) continue;
      one.executable = line.executable;
      if (here == nullptr) continue;
      here->needed = true;
      one.module = here->name();
      one.offset = one.address - here->base;
    }
  }

  // The mappings of a module follow each other, the first of them begins with its file. Only the last module and those
  // in which an address was found are kept. Gives: nullptr where there is no room left.
  module* module_of(const maps_line& line) noexcept {
    if (count_ > 0 && modules_[count_ - 1].name() == line.path()) return &modules_[count_ - 1];
    if (count_ == 0 || modules_[count_ - 1].needed) {
      if (count_ == modules_.size()) return nullptr;
      ++count_;
    }
    module& next = modules_[count_ - 1];
    next = module();
    next.base = line.low - std::min(line.low, line.offset);
    next.size = line.path().copy(next.path.data(), next.path.size());
    return &next;
  }

  std::array<module, 33> modules_{};
  std::size_t count_ = 0;
};

}}}  // namespace workpool::v0::detail
