# Finds moodycamel's ConcurrentQueue and gives the target concurrentqueue::concurrentqueue.
# A target the project already has (FetchContent) is taken, then a package configuration (upstream install, vcpkg,
# conan); without one the header is searched, as Debian's libconcurrentqueue-dev ships no configuration.
# Hint: concurrentqueue_ROOT. Result: concurrentqueue_FOUND.
include(FindPackageHandleStandardArgs)

if(TARGET concurrentqueue AND NOT TARGET concurrentqueue::concurrentqueue)
  add_library(concurrentqueue::concurrentqueue ALIAS concurrentqueue)
endif()
if(NOT TARGET concurrentqueue::concurrentqueue)
  find_package(concurrentqueue CONFIG QUIET)
endif()

if(TARGET concurrentqueue::concurrentqueue)
  set(concurrentqueue_FOUND TRUE)
  return()
endif()

find_path(concurrentqueue_INCLUDE_DIR
  NAMES moodycamel/concurrentqueue.h concurrentqueue/moodycamel/concurrentqueue.h concurrentqueue/concurrentqueue.h
        concurrentqueue.h
  DOC "Directory to put on the include path for moodycamel's ConcurrentQueue")
mark_as_advanced(concurrentqueue_INCLUDE_DIR)

find_package_handle_standard_args(concurrentqueue
  REQUIRED_VARS concurrentqueue_INCLUDE_DIR
  REASON_FAILURE_MESSAGE
    "install libconcurrentqueue-dev (Debian) or concurrentqueue (vcpkg, conan), set concurrentqueue_ROOT, or have \
FetchContent make the target concurrentqueue first")

if(concurrentqueue_FOUND)
  add_library(concurrentqueue::concurrentqueue INTERFACE IMPORTED)
  set_target_properties(concurrentqueue::concurrentqueue PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${concurrentqueue_INCLUDE_DIR}")
endif()
