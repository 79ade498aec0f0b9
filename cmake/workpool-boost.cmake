# Looks for the headers of Boost, which worker_entry.hpp needs. Gives the target Boost::headers and leaves
# workpool_boost_problem empty, or says there what is missing and what to do. Included by workpool's own build and by
# its package configuration.
set(workpool_boost_problem "")
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # since CMake 3.30 the other answer is a warning to every user
endif()

if(NOT TARGET Boost::headers)
  find_package(Boost 1.81 QUIET)
endif()
if(NOT TARGET Boost::headers OR (Boost_VERSION_STRING AND Boost_VERSION_STRING VERSION_LESS 1.81))
  set(workpool_boost_problem "the headers of Boost 1.81 or later were not found")
  set(workpool_boost_versions ${Boost_VERSION_STRING} ${Boost_CONSIDERED_VERSIONS})
  list(REMOVE_DUPLICATES workpool_boost_versions)
  if(workpool_boost_versions)
    list(JOIN workpool_boost_versions ", " workpool_boost_versions)
    string(APPEND workpool_boost_problem " (but those of ${workpool_boost_versions})")
  endif()
  string(APPEND workpool_boost_problem
    ": install libboost1.81-dev (Debian), boost-process (vcpkg) or boost (conan), or set BOOST_ROOT")
endif()
