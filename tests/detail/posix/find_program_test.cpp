#include <workpool/detail/posix/find_program.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.hpp"
#include "support/environment_variable.hpp"

namespace fs = std::filesystem;
using workpool::detail::find_program;

namespace {

/// A folder that is gone with the test.
struct folder {
  folder() {
    std::string name = (fs::temp_directory_path() / "find_program_XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~folder() { fs::remove_all(path); }
  void put(const std::string& name, fs::perms rights) const {
    std::ofstream(path / name) << "#!/bin/sh\n";
    fs::permissions(path / name, rights);
  }
  fs::path path;
};

}  // namespace

TEST_CASE("a name without a slash is looked up in PATH, in its order") {
  const folder first, second;
  second.put("tool", fs::perms::owner_all);
  const workpool_test::environment_variable path("PATH", first.path.string() + ":" + second.path.string());
  CHECK(find_program("tool").path == (second.path / "tool").string());
  first.put("tool", fs::perms::owner_all);
  CHECK(find_program("tool").path == (first.path / "tool").string());
  CHECK(find_program("tool").error == 0);
}

TEST_CASE("what is not there and what may not be run are told apart") {
  const folder only;
  only.put("text", fs::perms::owner_read);
  const workpool_test::environment_variable path("PATH", only.path.string());
  CHECK(find_program("nothing").error == ENOENT);
  CHECK(find_program("text").error == EACCES);
  CHECK(find_program((only.path / "text").string()).error == EACCES);
  CHECK(find_program(only.path.string()).error == EACCES);
  CHECK(find_program("/nowhere/at/all").error == ENOENT);
}

TEST_CASE("a path is made absolute, so that a change of the working directory does not matter") {
  CHECK(find_program("./nothing").path == fs::current_path().string() + "/./nothing");
}
