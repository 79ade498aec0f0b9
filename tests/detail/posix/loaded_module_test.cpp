#include <workpool/detail/posix/loaded_module.hpp>

#include "support/catch.hpp"
#include "support/spare_library.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <workpool/detail/posix/elf_file.hpp>

using namespace workpool::detail;

namespace {

int somewhere = 0;
int in_this_program(int number) { return number + somewhere; }

const void* code_of_this_program() { return reinterpret_cast<const void*>(&in_this_program); }

std::size_t modules_with(const build_id& id) {
  std::size_t count = 0;
  visit_modules([&](const module_view& module) noexcept {
    count += module.id() == id ? 1 : 0;
    return false;
  });
  return count;
}

}  // namespace

TEST_CASE("code of the program lies in the program") {
  const auto module = module_around(code_of_this_program());
  REQUIRE(module);
  CHECK(module->role == module_role::program);
  CHECK(module->name.empty());
  CHECK(module->has_code_at(reinterpret_cast<std::uintptr_t>(code_of_this_program()) - module->base));
  const auto program = program_module();
  REQUIRE(program);
  CHECK(program->base == module->base);
}

TEST_CASE("data of the program lies in the program and is no code") {
  const auto module = module_around(&somewhere);
  REQUIRE(module);
  CHECK(module->role == module_role::program);
  CHECK_FALSE(module->has_code_at(reinterpret_cast<std::uintptr_t>(&somewhere) - module->base));
}

TEST_CASE("there is no code below, between and far behind the segments") {
  const auto module = program_module();
  REQUIRE(module);
  CHECK_FALSE(module->has_code_at(~std::uint64_t{0}));
  CHECK_FALSE(module->has_code_at(std::uint64_t{1} << 63));
  for (const auto& segment : module->segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    CHECK(module->has_code_at(segment.p_vaddr));
    CHECK(module->has_code_at(segment.p_vaddr + segment.p_memsz - 1));
    CHECK_FALSE(module->has_code_at(segment.p_vaddr + segment.p_memsz));
    CHECK_FALSE(module->has_code_at(segment.p_vaddr - 1));
  }
}

TEST_CASE("what lies on the heap, on a stack or nowhere lies in no module") {
  const auto heap = std::make_unique<int>(1);
  const int stack = 2;
  CHECK_FALSE(module_around(heap.get()));
  CHECK_FALSE(module_around(&stack));
  CHECK_FALSE(module_around(nullptr));
}

TEST_CASE("exactly one module is the program, and it is the first one") {
  std::vector<module_role> roles;
  roles.reserve(1000);
  visit_modules([&](const module_view& module) noexcept {
    if (roles.size() < roles.capacity()) roles.push_back(module.role());
    return false;
  });
  REQUIRE_FALSE(roles.empty());
  CHECK(roles.front() == module_role::program);
  CHECK(std::count(roles.begin(), roles.end(), module_role::program) == 1);
}

TEST_CASE("the visit ends where the visitor says so") {
  int seen = 0;
  visit_modules([&](const module_view&) noexcept { return ++seen == 1; });
  CHECK(seen == 1);
}

TEST_CASE("a build-id in memory is that of the file, and leads back to the module") {
  std::size_t compared = 0;
  std::vector<std::string> names;
  names.reserve(1000);
  visit_modules([&](const module_view& module) noexcept {
    if (names.size() < names.capacity())
      names.emplace_back(module.role() == module_role::program ? "/proc/self/exe" : module.name());
    return false;
  });
  for (const std::string& name : names) {
    const auto module = name == "/proc/self/exe"
                            ? program_module()
                            : find_module([&](const module_view& one) noexcept { return one.name() == name; });
    REQUIRE(module);
    const elf_file file = elf_file::read(name);
    if (file.error != 0) continue;  // the vdso
    INFO(name);
    CHECK(module->id == file.id);
    if (!module->id) continue;
    const auto again = module_with(module->id);
    REQUIRE(static_cast<bool>(again));
    CHECK(again->base == module->base);
    ++compared;
  }
  CHECK(compared > 0);
}

TEST_CASE("no module is found by the id that says there is none") { CHECK_FALSE(module_with(build_id{})); }

TEST_CASE("the vdso is a library of its own with a build-id and code") {
  const auto start = static_cast<std::uintptr_t>(::getauxval(AT_SYSINFO_EHDR));
  if (start == 0) SKIP("this kernel has no vdso");
  const auto vdso = module_around(reinterpret_cast<const void*>(start));
  REQUIRE(vdso);
  CHECK(vdso->role == module_role::library);
  CHECK(vdso->id);
}

TEST_CASE("a library that was unloaded is found no more") {
  library_visit library(spare_library);
  if (!library) SKIP("no " << spare_library << " to load");
  const void* const inside = library.data();
  const auto module = module_around(inside);
  REQUIRE(module);
  CHECK(module->role == module_role::library);
  CHECK(module->name == library.path());
  REQUIRE(module->id);
  CHECK(modules_with(module->id) == 1);
  library.leave();
  CHECK_FALSE(module_around(inside));
  CHECK_FALSE(module_with(module->id));
  CHECK(modules_with(module->id) == 0);
}

TEST_CASE("a library that was loaded again at another place is found there") {
  library_visit library(spare_library);
  if (!library) SKIP("no " << spare_library << " to load");
  const auto before = module_around(library.data());
  REQUIRE(before);
  library.leave();
  // Somebody else takes its place.
  void* const taken = ::mmap(reinterpret_cast<void*>(before->base), 4096, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  REQUIRE(taken == reinterpret_cast<void*>(before->base));
  {
    const library_visit again(spare_library);
    REQUIRE(again);
    const auto after = module_with(before->id);
    REQUIRE(after);
    CHECK(after->base != before->base);
    CHECK(module_around(again.data())->base == after->base);
  }
  ::munmap(taken, 4096);
}

TEST_CASE("the generation changes with every load and unload, and with nothing else") {
  const std::uint64_t before = load_generation();
  CHECK(load_generation() == before);
  library_visit library(spare_library);
  if (!library) SKIP("no " << spare_library << " to load");
  const std::uint64_t loaded = load_generation();
  CHECK(loaded != before);
  CHECK(load_generation() == loaded);
  library.leave();
  CHECK(load_generation() != loaded);
  CHECK(load_generation() != before);
}

TEST_CASE("a module that is kept stays when the one who loaded it unloads it") {
  library_visit library(spare_library_to_keep);
  if (!library) SKIP("no " << spare_library_to_keep << " to load");
  const auto module = module_around(library.data());
  REQUIRE(module);
  CHECK(keep_module(*module));
  library.leave();
  CHECK(module_with(module->id));
}

TEST_CASE("the program is kept already, and a module that is gone cannot be") {
  const auto program = program_module();
  REQUIRE(program);
  CHECK(keep_module(*program));
  library_visit library(spare_library);
  if (!library) SKIP("no " << spare_library << " to load");
  auto module = module_around(library.data());
  REQUIRE(module);
  library.leave();
  CHECK_FALSE(keep_module(*module));
}

TEST_CASE("a library that cannot be loaded is refused in the loader's words") {
  CHECK_THAT(load_module("/nowhere/libnothing.so"), Catch::Matchers::ContainsSubstring("/nowhere/libnothing.so"));
  CHECK_THAT(load_module("/etc/passwd"), Catch::Matchers::ContainsSubstring("/etc/passwd"));
}

TEST_CASE("modules are found while another thread loads and unloads") {
  if (!library_visit(spare_library)) SKIP("no " << spare_library << " to load");
  std::jthread loader([](const std::stop_token& stop) {
    while (!stop.stop_requested()) library_visit{spare_library};
  });
  int wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto module = module_around(code_of_this_program());
    if (!module || module->role != module_role::program) ++wrong;
  }
  CHECK(wrong == 0);
}
