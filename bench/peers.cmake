# Every peer that can be found is an interface target workpool_bench_<name>; a file <workload>/<name>.cpp links it.
# What Debian does not package is looked for below the prefix WORKPOOL_BENCH_PEERS: headers in include/, libraries in
# lib/, and in share/versions/<name> the line of text that the tables show as its version. No peer is ever fetched or
# copied.
set(WORKPOOL_BENCH_PEERS "" CACHE PATH "Prefix with the headers and libraries of peers that are not packaged")
if(WORKPOOL_BENCH_PEERS)
  list(PREPEND CMAKE_PREFIX_PATH "${WORKPOOL_BENCH_PEERS}")
endif()

add_library(workpool_bench_workpool INTERFACE)
target_link_libraries(workpool_bench_workpool INTERFACE workpool::workpool)

# workpool_bench_peer(<name> <header> [LIBRARY <its library>] [SUFFIXES <folders of include/ to look in>]
#                     [BELOW <folders beside the header's that it includes from>]
#                     [INSTALL <what to do about its absence> | HEADERS <what to put below the prefix>])
# The remedy is shown in the table where the peer is absent.
function(workpool_bench_peer name header)
  cmake_parse_arguments(PARSE_ARGV 2 peer "" "LIBRARY;INSTALL;HEADERS" "SUFFIXES;BELOW")
  if(peer_INSTALL)
    set(remedy "${peer_INSTALL}")
  else()
    set(remedy "put ${peer_HEADERS} below the prefix WORKPOOL_BENCH_PEERS, as include/${header}")
    if(peer_LIBRARY)
      string(APPEND remedy ", and its library as lib/lib${peer_LIBRARY}.a")
    endif()
  endif()
  set(workpool_bench_remedy_${name} "${remedy}" PARENT_SCOPE)

  find_path(workpool_bench_${name}_include "${header}" PATH_SUFFIXES ${peer_SUFFIXES})
  if(peer_LIBRARY)
    find_library(workpool_bench_${name}_library "${peer_LIBRARY}")
  endif()
  if(NOT workpool_bench_${name}_include OR (peer_LIBRARY AND NOT workpool_bench_${name}_library))
    return()
  endif()

  add_library(workpool_bench_${name} INTERFACE)
  target_include_directories(workpool_bench_${name} SYSTEM INTERFACE "${workpool_bench_${name}_include}")
  foreach(folder IN LISTS peer_BELOW)
    target_include_directories(workpool_bench_${name} SYSTEM INTERFACE "${workpool_bench_${name}_include}/${folder}")
  endforeach()
  target_link_libraries(workpool_bench_${name} INTERFACE Threads::Threads)
  # g++ 12 warns of strings, arrays and atomics that a peer has inlined.
  target_compile_options(workpool_bench_${name} INTERFACE
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-array-bounds>")
  if(peer_LIBRARY)
    target_link_libraries(workpool_bench_${name} INTERFACE "${workpool_bench_${name}_library}")
  endif()

  set(version "version unrecorded")
  if(EXISTS "${WORKPOOL_BENCH_PEERS}/share/versions/${name}")
    file(STRINGS "${WORKPOOL_BENCH_PEERS}/share/versions/${name}" version LIMIT_COUNT 1)
  endif()
  target_compile_definitions(workpool_bench_${name} INTERFACE "WORKPOOL_BENCH_VERSION=\"${version}\"")
endfunction()

workpool_bench_peer(asio boost/asio/thread_pool.hpp INSTALL "apt install libboost-dev")
workpool_bench_peer(eigen unsupported/Eigen/CXX11/ThreadPool SUFFIXES eigen3 INSTALL "apt install libeigen3-dev")
workpool_bench_peer(taskflow taskflow/taskflow.hpp HEADERS "the folder taskflow/ of Taskflow")
workpool_bench_peer(bs BS_thread_pool.hpp HEADERS "the header of BS::thread_pool")
workpool_bench_peer(dp thread_pool/thread_pool.h HEADERS "the folder include/thread_pool/ of dp::thread_pool")
workpool_bench_peer(taskthreadpool task_thread_pool.hpp HEADERS "the header of task-thread-pool")
workpool_bench_peer(tmc tmc/ex_cpu.hpp HEADERS "the folder include/tmc/ of TooManyCooks")
workpool_bench_peer(libfork libfork/core.hpp HEADERS "the folder include/libfork/ of libfork")
workpool_bench_peer(stdexec exec/static_thread_pool.hpp
  HEADERS "the folders include/stdexec/ and include/exec/ of stdexec")
workpool_bench_peer(concurrencpp concurrencpp/concurrencpp.h LIBRARY concurrencpp
  HEADERS "the folder include/concurrencpp/ of concurrencpp")
workpool_bench_peer(dispenso dispenso/thread_pool.h LIBRARY dispenso BELOW dispenso/third-party
  HEADERS "the folder dispenso/ of dispenso")
workpool_bench_peer(enkits enkiTS/TaskScheduler.h LIBRARY enkiTS HEADERS "the headers of enkiTS")

set(workpool_bench_remedy_tbb "apt install libtbb-dev")
find_package(TBB QUIET)
if(TARGET TBB::tbb)
  add_library(workpool_bench_tbb INTERFACE)
  target_link_libraries(workpool_bench_tbb INTERFACE TBB::tbb)
endif()

set(workpool_bench_remedy_gomp "use g++, whose OpenMP this is")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  find_package(OpenMP QUIET COMPONENTS CXX)
  if(TARGET OpenMP::OpenMP_CXX)
    add_library(workpool_bench_gomp INTERFACE)
    target_link_libraries(workpool_bench_gomp INTERFACE OpenMP::OpenMP_CXX)
  endif()
endif()
