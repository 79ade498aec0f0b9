# Finds moodycamel's ConcurrentQueue and gives the target concurrentqueue::concurrentqueue.
# A package configuration (upstream install, vcpkg, conan) is preferred; without one the header is searched, as Debian's
# libconcurrentqueue-dev ships no configuration. Hint: concurrentqueue_ROOT. Result: concurrentqueue_FOUND.
include(FindPackageHandleStandardArgs)

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
    "install libconcurrentqueue-dev (Debian) or concurrentqueue (vcpkg, conan), or set concurrentqueue_ROOT")

if(concurrentqueue_FOUND)
  add_library(concurrentqueue::concurrentqueue INTERFACE IMPORTED)
  set_target_properties(concurrentqueue::concurrentqueue PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${concurrentqueue_INCLUDE_DIR}")
endif()
