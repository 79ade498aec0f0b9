#pragma once
#include <pthread.h>

#include <string>

namespace workpool { inline namespace v0 { namespace detail {

/// Names the calling thread for debuggers and `ps -L`; the kernel keeps 15 characters.
inline void name_this_thread(const std::string& name) noexcept {
  char kept[16] = {};
  name.copy(kept, sizeof kept - 1);
  ::pthread_setname_np(::pthread_self(), kept);
}

}}}  // namespace workpool::v0::detail
