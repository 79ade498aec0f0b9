#include <workpool/ipc/code_resolver.hpp>

#include "support/catch.hpp"
#include "support/spare_library.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <workpool/ipc/code_locator.hpp>

using Catch::Matchers::ContainsSubstring;
using workpool::protocol_error;
using workpool::unsupported;
using namespace workpool::detail;

namespace {

template <int Number>
int numbered(int number) {
  return number + Number;
}

/// Where code of a library lies, found out by somebody who unloads the library again.
located_code visited(const char* name) {
  const library_visit library(name);
  if (!library) return {};
  code_locator locator;
  return locator.locate(library.code());
}

module_id made_up() {
  build_id id;
  id.bytes.fill(std::byte{0xee});
  id.size = 20;
  module_id made = module_id::of(id);
  for (std::size_t i = 20; i < made.bytes.size(); ++i) made.bytes[i] = std::byte{0};
  return made;
}

std::string hex_of(const module_id& id) {
  const std::string text = describe(id);
  return text.substr(text.rfind(' ') + 1);
}

/// What `resolve` throws, which has to be an Error.
template <class Error>
std::string refusal(const code_location& where, std::string_view path) {
  code_resolver resolver;
  try {
    resolver.resolve(where, path);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("functions, lambdas and templates of this program are found where they are") {
  code_locator locator;
  code_resolver resolver;
  int (*const lambda)(int) = [](int number) { return number * 7; };
  for (int round = 0; round < 2; ++round) {
    const auto call = [&](int (*function)(int), int argument) {
      const located_code& found = locator.locate(code_address(function));
      return function_at<int(int)>(resolver.resolve(found.location, found.path))(argument);
    };
    CHECK(call(&numbered<1>, 1) == 2);
    CHECK(call(&numbered<2>, 1) == 3);
    CHECK(call(lambda, 6) == 42);
  }
}

TEST_CASE("a function of a library that is loaded is found without its path") {
  code_locator locator;
  code_resolver resolver;
  const located_code& found = locator.locate(code_address(&std::malloc));
  CHECK(resolver.resolve(found.location, "") == code_address(&std::malloc));
}

TEST_CASE("a library that is not loaded is loaded from its path, and stays") {
  const located_code found = visited(spare_library_to_keep);
  if (!found.location.module.valid()) SKIP("no " << spare_library_to_keep << " to load");
  if (library_visit::is_loaded(spare_library_to_keep)) SKIP(spare_library_to_keep << " is part of this process");
  code_resolver resolver;
  void* const code = resolver.resolve(found.location, found.path);
  CHECK(code == library_visit(spare_library_to_keep).code());
  CHECK(library_visit::is_loaded(spare_library_to_keep));
  CHECK(resolver.resolve(found.location, "") == code);
}

TEST_CASE("a program with another build-id is refused with both build-ids and the path of this one") {
  const std::string text = refusal<unsupported>({made_up(), 4096}, "");
  CHECK_THAT(text, ContainsSubstring("build-id " + hex_of(made_up())));
  CHECK_THAT(text, ContainsSubstring(program_path() + ", which has " + describe(main_module())));
  CHECK_THAT(text, ContainsSubstring("workpool::remote"));
}

TEST_CASE("a program of another file is refused, though neither has to have a build-id") {
  const module_id file = module_id::of(file_stamp{1, 2, 3, 4});
  const std::string text = refusal<unsupported>({file, 4096}, "");
  CHECK_THAT(text, ContainsSubstring("no build-id but the file identity " + hex_of(file)));
  CHECK_THAT(text, ContainsSubstring(program_path()));
  CHECK_THAT(refusal<unsupported>({file, 4096}, "/lib/some.so"), ContainsSubstring(hex_of(file)));
}

TEST_CASE("the stamp of this program's file does for a program without build-id only") {
  const module_id file = module_id::of(program_stamp().value());
  if (main_module() == file) SKIP("this program has no build-id");
  CHECK_THAT(refusal<unsupported>({file, 4096}, ""), ContainsSubstring(describe(main_module())));
}

TEST_CASE("a library of another build-id is refused with both, and not loaded") {
  const located_code found = visited(spare_library);
  if (!found.location.module.valid()) SKIP("no " << spare_library << " to load");
  REQUIRE_FALSE(library_visit::is_loaded(spare_library));
  const std::string text = refusal<unsupported>({made_up(), found.location.offset}, found.path);
  CHECK_THAT(text, ContainsSubstring("the library " + found.path + " with build-id " + hex_of(made_up())));
  CHECK_THAT(text, ContainsSubstring("the file has " + describe(found.location.module)));
  CHECK_FALSE(library_visit::is_loaded(spare_library));
}

TEST_CASE("a library that is gone, no library or named by a relative path is refused with the cause") {
  const code_location where{made_up(), 4096};
  CHECK_THAT(refusal<unsupported>(where, "/nowhere/lib.so"),
             ContainsSubstring("/nowhere/lib.so") && ContainsSubstring("No such file"));
  CHECK_THAT(refusal<unsupported>(where, "/etc/passwd"), ContainsSubstring("Exec format error"));
  CHECK_THAT(refusal<unsupported>(where, "/dev/null"), ContainsSubstring("Exec format error"));
  CHECK_THAT(refusal<unsupported>(where, "lib.so"), ContainsSubstring("not an absolute one"));
  CHECK_THAT(refusal<unsupported>(where, std::string_view("/etc/passwd\0.so", 15)),
             ContainsSubstring("not an absolute one"));
  CHECK_THAT(refusal<unsupported>(where, "/nowhere/lib.so"), ContainsSubstring(hex_of(made_up())));
}

TEST_CASE("an offset outside of the module's code is refused and names module and offset") {
  code_locator locator;
  const code_location good = locator.locate(code_address(&numbered<0>)).location;
  static int data = 0;
  const auto base = program_module().value().base;
  const auto offset_of_data = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&data) - base);
  for (const std::uint64_t offset :
       {offset_of_data, ~std::uint64_t{0}, std::uint64_t{1} << 63, ~std::uint64_t{0} - base, std::uint64_t{0} - base}) {
    const std::string text = refusal<protocol_error>({good.module, offset}, "");
    CHECK_THAT(text, ContainsSubstring("offset " + std::to_string(offset) + " of the program"));
    CHECK_THAT(text, ContainsSubstring(describe(good.module)));
  }
}

TEST_CASE("a module identity that nobody makes is refused before anything is looked for") {
  module_id wrong = main_module();
  wrong.size = 4000;
  CHECK_THAT(refusal<protocol_error>({wrong, 0}, ""), ContainsSubstring("of 4000 bytes"));
  wrong = main_module();
  wrong.identity = static_cast<module_identity>(77);
  CHECK_THAT(refusal<protocol_error>({wrong, 0}, ""), ContainsSubstring("identity 77"));
  CHECK_THAT(refusal<protocol_error>({}, ""), ContainsSubstring("identity 0 of 0 bytes"));
}

TEST_CASE("what was refused is looked for again the next time") {
  const located_code found = visited(spare_library_to_keep);
  if (!found.location.module.valid()) SKIP("no " << spare_library_to_keep << " to load");
  if (library_visit::is_loaded(spare_library_to_keep)) SKIP("an earlier test case keeps it");
  code_resolver resolver;
  CHECK_THROWS_AS(resolver.resolve(found.location, ""), unsupported);
  const library_visit library(spare_library_to_keep);
  CHECK(resolver.resolve(found.location, "") == library.code());
}

TEST_CASE("a function that was resolved stays when a task unloads its library") {
  library_visit library(spare_library_to_keep);
  if (!library) SKIP("no " << spare_library_to_keep << " to load");
  code_locator locator;
  code_resolver resolver;
  const located_code found = locator.locate(library.code());
  void* const code = resolver.resolve(found.location, found.path);
  library.leave();
  CHECK(module_around(code));
  CHECK(resolver.resolve(found.location, found.path) == code);
}
