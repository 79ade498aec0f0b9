# workpool_warnings: the warnings our own tests, examples and benchmarks are built with. Never linked into workpool
# itself, so that no flag reaches a consumer. -Wno-tsan: g++ warns about every fence under ThreadSanitizer,
# moodycamel's included.
add_library(workpool_warnings INTERFACE)
target_compile_options(workpool_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>
  $<$<BOOL:${WORKPOOL_WARNINGS_AS_ERRORS}>:-Werror>)
