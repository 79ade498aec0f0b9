"""create.py <source tree> <version> <folder> <concurrentqueue.h> <boost/> <generator> <its program> <compiler>
[fork=False]

Does with conanfile.py what `conan create` would do, as far as conan's documentation tells, without conan and without
network: the modules that the recipe imports are made here, and the two packages it can require. Then the recipe of
its test_package, against the result. Everything is written below <folder>.
"""
import fnmatch
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import types

sys.dont_write_bytecode = True
tree, version, root, queue_header, boost_folder, generator, program, compiler = sys.argv[1:9]
chosen = dict(argument.split("=", 1) for argument in sys.argv[9:])


class ConanException(Exception):
    pass


class ConanInvalidConfiguration(ConanException):
    pass


class Values(types.SimpleNamespace):
    """Settings and options: what was not declared is an error."""

    def get_safe(self, name, default=None):
        return getattr(self, name.replace(".", "_"), default)


class CppInfo:
    def __init__(self):
        self.includedirs, self.libdirs, self.bindirs, self.builddirs = ["include"], ["lib"], ["bin"], []
        self.system_libs, self.properties = [], {}

    def set_property(self, name, value):
        self.properties[name] = value


class Info:
    cleared = False

    def clear(self):
        self.cleared = True


class ConanFile:
    name = version = package_type = test_package_folder = tested_reference_str = None
    options, default_options, exports_sources, no_copy_source = {}, {}, (), False

    def __init__(self, recipe_folder):
        self.recipe_folder = recipe_folder
        known = {"os": "Linux", "arch": "x86_64", "build_type": "Release",
                 "compiler": Values(get_safe=lambda name, default=None: {"cppstd": "20"}.get(name, default))}
        self.settings = Values(**{name: known[name] for name in self.settings})
        self.options = Values(**{name: self.default_options[name] for name in self.options})
        self.required, self.dependencies = [], {}
        self.cpp_info, self.info = CppInfo(), Info()
        self.cpp = types.SimpleNamespace(build=CppInfo(), source=CppInfo())
        self.source_folder = self.build_folder = self.generators_folder = self.package_folder = None

    def requires(self, reference):
        self.required.append(reference)

    def run(self, command, env=None):
        print("+", command, flush=True)
        subprocess.run(command, shell=True, check=True, cwd=self.build_folder)

    def validate(self):
        pass

    set_version = requirements = layout = generate = build = package = package_id = package_info = validate


def check_min_cppstd(conanfile, least):
    if int(conanfile.settings.compiler.get_safe("cppstd")) < least:
        raise ConanInvalidConfiguration(f"C++{least} is needed")


def copy(conanfile, pattern, src, dst):
    for folder, _, files in os.walk(src):
        for file in files:
            name = os.path.relpath(os.path.join(folder, file), src)
            if fnmatch.fnmatch(name, pattern):
                os.makedirs(os.path.dirname(os.path.join(dst, name)), exist_ok=True)
                shutil.copy2(os.path.join(folder, file), os.path.join(dst, name))


def load(conanfile, path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def save(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def cmake_layout(conanfile):
    if "build_type" not in vars(conanfile.settings):
        raise ConanException("cmake_layout needs the setting build_type")
    conanfile.build_folder = os.path.join(conanfile.build_folder, "build", conanfile.settings.build_type)
    conanfile.generators_folder = os.path.join(conanfile.build_folder, "generators")
    conanfile.cpp.build.bindirs = ["."]


class CMakeToolchain:
    def __init__(self, conanfile):
        self.conanfile, self.cache_variables = conanfile, {}

    def generate(self):
        prefixes = [self.conanfile.generators_folder]
        for dependency in everything_below(self.conanfile):
            prefixes += [os.path.join(dependency.package_folder, folder) for folder in dependency.cpp_info.builddirs]
        save(os.path.join(self.conanfile.generators_folder, "conan_toolchain.cmake"),
             "set(CMAKE_FIND_PACKAGE_PREFER_CONFIG ON)\nset(CMAKE_CXX_EXTENSIONS OFF)\nset(CMAKE_CXX_STANDARD 20)\n" +
             "".join(f'list(PREPEND CMAKE_PREFIX_PATH "{prefix}")\n' for prefix in prefixes))
        save(os.path.join(self.conanfile.generators_folder, "variables.json"), json.dumps(self.cache_variables))


class CMakeDeps:
    def __init__(self, conanfile):
        self.conanfile = conanfile

    def generate(self):
        for dependency in everything_below(self.conanfile):
            properties = dependency.cpp_info.properties
            if properties.get("cmake_find_mode") == "none":
                continue
            folders = ";".join(os.path.join(dependency.package_folder, f) for f in dependency.cpp_info.includedirs)
            target = properties["cmake_target_name"]
            base = os.path.join(self.conanfile.generators_folder, properties["cmake_file_name"])
            save(base + "Config.cmake",
                 f"if(NOT TARGET {target})\n  add_library({target} INTERFACE IMPORTED)\n"
                 f'  set_target_properties({target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "{folders}")\nendif()\n')
            save(base + "ConfigVersion.cmake",
                 f"set(PACKAGE_VERSION {dependency.version})\nif(PACKAGE_VERSION VERSION_GREATER_EQUAL "
                 "PACKAGE_FIND_VERSION)\n  set(PACKAGE_VERSION_COMPATIBLE TRUE)\nendif()\n")


class CMake:
    def __init__(self, conanfile):
        self.conanfile = conanfile
        self.variables = json.loads(load(conanfile, os.path.join(conanfile.generators_folder, "variables.json")))

    def configure(self):
        definitions = dict(self.variables, CMAKE_BUILD_TYPE=self.conanfile.settings.build_type,
                           CMAKE_CXX_COMPILER=compiler, CMAKE_MAKE_PROGRAM=program,
                           CMAKE_FIND_USE_CMAKE_SYSTEM_PATH="OFF", CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH="OFF",
                           CMAKE_TOOLCHAIN_FILE=os.path.join(self.conanfile.generators_folder, "conan_toolchain.cmake"))
        if self.conanfile.package_folder:
            definitions["CMAKE_INSTALL_PREFIX"] = self.conanfile.package_folder
        self.conanfile.run(f'cmake -G "{generator}" ' + "".join(f'-D{n}="{v}" ' for n, v in definitions.items()) +
                           f'"{self.conanfile.source_folder}"')

    def build(self):
        self.conanfile.run("cmake --build .")

    def install(self):
        self.conanfile.run(f'cmake --install . --prefix "{self.conanfile.package_folder}"')


def module(name, **contents):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(contents)


module("conan", ConanFile=ConanFile)
module("conan.errors", ConanException=ConanException, ConanInvalidConfiguration=ConanInvalidConfiguration)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=check_min_cppstd, can_run=lambda conanfile: True)
module("conan.tools.cmake", CMake=CMake, CMakeDeps=CMakeDeps, CMakeToolchain=CMakeToolchain, cmake_layout=cmake_layout)
module("conan.tools.files", copy=copy, load=load, rmdir=lambda conanfile, path: shutil.rmtree(path, ignore_errors=True))


def everything_below(conanfile):
    found = []
    for dependency in conanfile.dependencies.values():
        found += [dependency, *everything_below(dependency)]
    return found


def packaged(name, version, header, place, file_name, target, more_folders):
    """One of the packages a recipe can require: a header or a folder of them, at its place below include/."""
    package = ConanFile(None)
    package.name, package.version = name, version
    package.package_folder = os.path.join(root, name)
    link = os.path.join(package.package_folder, "include", place)
    os.makedirs(os.path.dirname(link))
    os.symlink(header, link)
    package.cpp_info.includedirs += more_folders
    package.cpp_info.set_property("cmake_file_name", file_name)
    package.cpp_info.set_property("cmake_target_name", target)
    return package


ConanFile.settings = ()
packages = {
    "concurrentqueue/[>=1.0.3 <2]": lambda: packaged(
        "concurrentqueue", "1.0.4", queue_header, "moodycamel/concurrentqueue.h", "concurrentqueue",
        "concurrentqueue::concurrentqueue", ["include/moodycamel"]),
    "boost/[>=1.81 <2]": lambda: packaged("boost", "1.81.0", boost_folder, "boost", "Boost", "Boost::headers", []),
}


def recipe_in(folder):
    spec = importlib.util.spec_from_file_location("recipe", os.path.join(folder, "conanfile.py"))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return next(c for c in vars(loaded).values()
                if isinstance(c, type) and issubclass(c, ConanFile) and c is not ConanFile)(folder)


def resolve(conanfile):
    conanfile.requirements()
    for reference in conanfile.required:
        if reference not in packages:
            raise ConanException(f"there is no package {reference}")
        package = packages[reference]()
        conanfile.dependencies[package.name] = package


def made(conanfile, source, build):
    conanfile.source_folder, conanfile.build_folder = source, build
    conanfile.validate()
    conanfile.layout()
    os.makedirs(conanfile.build_folder)
    conanfile.generate()
    conanfile.build()


shutil.rmtree(root, ignore_errors=True)
recipe = recipe_in(tree)
for name, value in chosen.items():
    if value not in [str(allowed) for allowed in type(recipe).options[name]]:
        raise ConanException(f"{name}={value} is not an option")
    setattr(recipe.options, name, value == "True")
recipe.set_version()
if recipe.version != version:
    raise ConanException(f"the recipe says version {recipe.version}, the headers say {version}")
exported = os.path.join(root, "exported")
for pattern in recipe.exports_sources:
    copy(recipe, pattern, tree, exported)
recipe.package_folder = os.path.join(root, "package")
resolve(recipe)
made(recipe, exported, os.path.join(root, "build"))
recipe.package()
recipe.package_id()
if recipe.package_type == "header-library" and not recipe.info.cleared:
    raise ConanException("a header-library has one package for all settings and options: package_id() has to clear")
recipe.package_info()
if recipe.cpp_info.libdirs or recipe.cpp_info.bindirs:
    raise ConanException("a header-library has no libdirs and no bindirs")
for needed in ("include/workpool/pool.hpp", "licenses/LICENSE", "share/cmake/workpool/workpool-config.cmake"):
    if not os.path.exists(os.path.join(recipe.package_folder, needed)):
        raise ConanException(f"the package has no {needed}")
print(f"packaged {recipe.name}/{recipe.version}")

tester = recipe_in(os.path.join(tree, recipe.test_package_folder))
tester.tested_reference_str = f"{recipe.name}/{recipe.version}"
packages[tester.tested_reference_str] = lambda: recipe
resolve(tester)
made(tester, os.path.join(tree, recipe.test_package_folder), os.path.join(root, "test"))
tester.cpp.build.bindir = tester.build_folder
tester.test()
