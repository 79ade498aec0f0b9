# Target `coverage`: builds everything, runs the tests, then prints the line coverage of include/. Needs gcovr.
find_program(GCOVR_PROGRAM gcovr)
if(NOT GCOVR_PROGRAM)
  message(FATAL_ERROR "WORKPOOL_COVERAGE needs gcovr, which was not found: install the package gcovr")
endif()

set(workpool_gcov gcov)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  string(REGEX MATCH "^[0-9]+" workpool_clang_major "${CMAKE_CXX_COMPILER_VERSION}")
  find_program(LLVM_COV_PROGRAM NAMES llvm-cov-${workpool_clang_major} llvm-cov REQUIRED)
  set(workpool_gcov "${LLVM_COV_PROGRAM} gcov")
endif()

# The programs made in a folder and below it.
function(workpool_programs folder result)
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  get_property(subfolders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  set(programs "")
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      list(APPEND programs ${target})
    endif()
  endforeach()
  foreach(subfolder IN LISTS subfolders)
    workpool_programs("${subfolder}" below)
    list(APPEND programs ${below})
  endforeach()
  set(${result} "${programs}" PARENT_SCOPE)
endfunction()

workpool_programs("${PROJECT_SOURCE_DIR}" workpool_all_programs)
add_custom_target(coverage
  COMMAND ${CMAKE_CTEST_COMMAND} --output-on-failure -j2 -LE "^(stress|soak|architecture|consumer|example)$"
  COMMAND ${GCOVR_PROGRAM} --root "${PROJECT_SOURCE_DIR}" --filter "${PROJECT_SOURCE_DIR}/include/"
          --gcov-executable "${workpool_gcov}" --delete -j2 --txt --xml "${PROJECT_BINARY_DIR}/coverage.xml"
          --print-summary "${PROJECT_BINARY_DIR}"
  WORKING_DIRECTORY "${PROJECT_BINARY_DIR}"
  DEPENDS ${workpool_all_programs}
  USES_TERMINAL VERBATIM)
