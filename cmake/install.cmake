# What `cmake --install` puts where: headers, a relocatable package configuration, a pkg-config file.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(workpool_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/workpool")

install(TARGETS workpool EXPORT workpool-targets FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT workpool-targets NAMESPACE workpool:: DESTINATION "${workpool_cmake_dir}")
if(TARGET workpool_fork)
  install(TARGETS workpool_fork EXPORT workpool-fork-targets)
  install(EXPORT workpool-fork-targets NAMESPACE workpool:: DESTINATION "${workpool_cmake_dir}")
endif()

configure_package_config_file(cmake/workpool-config.cmake.in workpool-config.cmake
  INSTALL_DESTINATION "${workpool_cmake_dir}")
write_basic_package_version_file(workpool-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/workpool-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/workpool-config-version.cmake"
  cmake/Findconcurrentqueue.cmake
  DESTINATION "${workpool_cmake_dir}")

configure_file(cmake/workpool.pc.in workpool.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/workpool.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/workpool")
