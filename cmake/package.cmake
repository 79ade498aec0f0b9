# `cpack`: the headers as a Debian package, the same for every architecture.
set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_NAME workpool)
set(CPACK_PACKAGE_CONTACT "The workpool authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "worker pools for C++20: threads and crash-isolated processes (headers)")
set(CPACK_PACKAGE_DESCRIPTION "A header-only library: functions run on threads or, with the same call,
in child processes that may crash, and every task ends in exactly one known
way. Fork pools need the headers of Boost in the file with main.")
set(CPACK_DEBIAN_PACKAGE_NAME libworkpool-dev)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS libconcurrentqueue-dev)
# Only the file with main of a program with fork pools includes Boost, and in Debian 12 its headers exclude those of
# other packages: who has no fork pools can do without.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libboost1.81-dev | libboost-dev (>= 1.81)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake | pkgconf")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/package-modes.cmake")

# Debian has its own place for the licence.
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/libworkpool-dev" RENAME copyright
  COMPONENT workpool_debian EXCLUDE_FROM_ALL)
set(CPACK_COMPONENTS_ALL workpool workpool_debian)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
include(CPack)
