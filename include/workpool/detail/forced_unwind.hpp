#pragma once
#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

/// pthread_exit and thread cancellation unwind the stack by something catch (...) sees but must not keep: the process
/// would be aborted. WORKPOOL_LET_FORCED_UNWIND_THROUGH comes before such a handler.
#if defined(__GLIBCXX__) && defined(_CXXABI_FORCED_H)
#define WORKPOOL_LET_FORCED_UNWIND_THROUGH \
  catch (abi::__forced_unwind&) {          \
    throw;                                 \
  }
#else
#define WORKPOOL_LET_FORCED_UNWIND_THROUGH
#endif
