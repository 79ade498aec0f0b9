# cmake -D PROGRAM=… -D EXPECTED=… -P expect.cmake: runs an example and compares what it writes, to the byte.
execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE written RESULT_VARIABLE status)
file(READ "${EXPECTED}" expected)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${status}")
endif()
if(NOT written STREQUAL expected)
  message(FATAL_ERROR "${PROGRAM} wrote\n${written}and not, as in ${EXPECTED},\n${expected}")
endif()
