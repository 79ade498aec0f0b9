# What `cmake --install` puts where: headers, a relocatable package configuration, a pkg-config file.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(workpool_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/workpool")
set(workpool_pc_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

install(TARGETS workpool EXPORT workpool-targets
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT workpool)
install(EXPORT workpool-targets NAMESPACE workpool:: DESTINATION "${workpool_cmake_dir}" COMPONENT workpool)

configure_package_config_file(cmake/workpool-config.cmake.in workpool-config.cmake
  INSTALL_DESTINATION "${workpool_cmake_dir}")
write_basic_package_version_file(workpool-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/workpool-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/workpool-config-version.cmake"
  cmake/Findconcurrentqueue.cmake
  cmake/workpool-boost.cmake
  DESTINATION "${workpool_cmake_dir}" COMPONENT workpool)

# As seen from workpool.pc, wherever the whole is moved to. A folder for headers outside the prefix stays as it is.
cmake_path(ABSOLUTE_PATH workpool_pc_dir BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" NORMALIZE
  OUTPUT_VARIABLE workpool_pc_full_dir)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${workpool_pc_full_dir}"
  OUTPUT_VARIABLE workpool_pc_to_prefix)
set(workpool_pc_include "\${prefix}")
cmake_path(APPEND workpool_pc_include "${CMAKE_INSTALL_INCLUDEDIR}")
configure_file(cmake/workpool.pc.in workpool.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/workpool.pc" DESTINATION "${workpool_pc_dir}" COMPONENT workpool)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/workpool" COMPONENT workpool_license)
