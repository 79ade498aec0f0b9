# Every peer that can be found is an interface target workpool_bench_<name>; a file <workload>/<name>.cpp links it.
# What Debian does not package is looked for below the prefix WORKPOOL_BENCH_PEERS. No peer is ever fetched or copied.
set(WORKPOOL_BENCH_PEERS "" CACHE PATH "Prefix with the headers and libraries of peers that are not packaged")
if(WORKPOOL_BENCH_PEERS)
  list(PREPEND CMAKE_PREFIX_PATH "${WORKPOOL_BENCH_PEERS}")
endif()

# What to do about an absent peer, for the table.
set(workpool_bench_remedy_asio "apt install libboost-dev")
set(workpool_bench_remedy_tbb "apt install libtbb-dev")

add_library(workpool_bench_workpool INTERFACE)
target_link_libraries(workpool_bench_workpool INTERFACE workpool::workpool)

find_path(workpool_bench_asio_include boost/asio/thread_pool.hpp)
if(workpool_bench_asio_include)
  add_library(workpool_bench_asio INTERFACE)
  target_include_directories(workpool_bench_asio SYSTEM INTERFACE "${workpool_bench_asio_include}")
  target_link_libraries(workpool_bench_asio INTERFACE Threads::Threads)
endif()

find_package(TBB QUIET)
if(TARGET TBB::tbb)
  add_library(workpool_bench_tbb INTERFACE)
  target_link_libraries(workpool_bench_tbb INTERFACE TBB::tbb)
endif()
