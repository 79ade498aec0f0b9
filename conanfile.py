import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.0"


class Workpool(ConanFile):
    name = "workpool"
    description = "Worker pools for C++20: threads and crash-isolated processes"
    license = "MIT"
    topics = ("thread-pool", "process-pool", "task-queue", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    # fork: the headers of Boost, for the file with main of a program with fork pools. It is a dependency only: the
    # package is the same with and without.
    options = {"fork": [True, False]}
    default_options = {"fork": True, "boost/*:header_only": True}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*"
    no_copy_source = True
    test_package_folder = "packaging/conan/test_package"

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "workpool", "version.hpp"))
        parts = (re.search(rf"#define WORKPOOL_VERSION_{part} (\d+)", header) for part in ("MAJOR", "MINOR", "PATCH"))
        self.version = ".".join(part.group(1) for part in parts)

    def requirements(self):
        self.requires("concurrentqueue/[>=1.0.3 <2]")
        if self.options.fork:
            self.requires("boost/[>=1.81 <2]")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("workpool is for Linux")
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("TESTS", "EXAMPLES", "FORK"):
            toolchain.cache_variables[f"WORKPOOL_{option}"] = "OFF"
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        CMake(self).install()
        rmdir(self, os.path.join(self.package_folder, "share", "licenses"))
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.system_libs = ["pthread", "dl"]
        # The package's own configuration is found, so that COMPONENTS fork means here what it means everywhere: the one
        # that CMakeDeps would write takes the name of a component for that of a target.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("share", "cmake", "workpool")]
