# What every consumer with a CMakeLists.txt builds, once it has its targets: with CONSUMER_FORK the program with fork
# pools, else the one without.
add_executable(consumer)
target_link_libraries(consumer PRIVATE workpool::workpool)
if(CONSUMER_FORK)
  target_sources(consumer PRIVATE "${CMAKE_CURRENT_LIST_DIR}/fork_main.cpp")
  target_link_libraries(consumer PRIVATE workpool::fork)
else()
  target_sources(consumer PRIVATE "${CMAKE_CURRENT_LIST_DIR}/main.cpp")
  if(TARGET workpool::fork)
    message(FATAL_ERROR "without Boost, or without asking for it, there is workpool::fork")
  endif()
endif()

get_target_property(options workpool::workpool INTERFACE_COMPILE_OPTIONS)
if(options)
  message(FATAL_ERROR "workpool forces these flags on a consumer: ${options}")
endif()

enable_testing()
add_test(NAME consumer COMMAND consumer)
