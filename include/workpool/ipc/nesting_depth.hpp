#pragma once
#include <cstddef>
#include <string>
#include <workpool/core/error.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How deep the value being encoded or decoded is nested. Types bound it, except those that contain themselves; with
/// them a hostile message could ask for any depth, and so for any amount of stack.
class nesting_depth {
 public:
  static constexpr std::size_t most = 256;  // 8 MiB of stack leave 32 KiB to each level

  /// One level, for as long as it lives. Throws: codec_error when that is one too many.
  class level {
   public:
    explicit level(nesting_depth& of) : of_(of) {
      if (of_.depth_ >= most)
        throw codec_error("a value is nested deeper than " + std::to_string(most) +
                          " levels: send it in a flat form, for instance as a vector with indices");
      ++of_.depth_;
    }
    ~level() { --of_.depth_; }
    level(const level&) = delete;
    level& operator=(const level&) = delete;

   private:
    nesting_depth& of_;
  };

 private:
  std::size_t depth_ = 0;
};

}}}  // namespace workpool::v0::detail
