#include <workpool/detail/posix/cgroup.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

using namespace workpool::detail;

namespace {

/// A directory that stands for / and goes away with this object.
class file_tree {
 public:
  file_tree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workpool-cgroup-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~file_tree() { std::filesystem::remove_all(root_); }
  file_tree(const file_tree&) = delete;
  file_tree& operator=(const file_tree&) = delete;

  file_tree& with(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
    return *this;
  }

  std::optional<std::size_t> quota() const { return quota_concurrency(root_); }

 private:
  std::string root_;
};

const std::string v2_mount = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string v1_cpu_mount = "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
const std::string v1_memory_mount = "34 25 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

/// A machine with version 2 whose process is in the group /a/b/c.
void make_v2(file_tree& tree) {
  tree.with("/proc/self/cgroup", "0::/a/b/c\n")
      .with("/proc/self/mountinfo", "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n" + v2_mount);
}

}  // namespace

TEST_CASE("a quota is worth its CPUs, rounded up") {
  CHECK(quota_cpus("200000", "100000") == 2u);
  CHECK(quota_cpus("200001", "100000") == 3u);
  CHECK(quota_cpus("150000", "100000") == 2u);
  CHECK(quota_cpus("1000", "100000") == 1u);
  CHECK(quota_cpus("100000", "100000") == 1u);
  CHECK(quota_cpus("18446744073709551615", "1") == std::numeric_limits<std::size_t>::max());
  CHECK(quota_cpus("18446744073709551615", "2") == std::size_t{1} << 63);
}

TEST_CASE("what is not two positive numbers is no limit") {
  for (const char* bad : {"max", "-1", "", "0", "1.5", "2e5", "100000x", "x", "+1", "18446744073709551616"}) {
    INFO('"' << bad << '"');
    CHECK(quota_cpus(bad, "100000") == std::nullopt);
    CHECK(quota_cpus("100000", bad) == std::nullopt);
  }
}

TEST_CASE("mountinfo's octal escapes are undone, everything else stays") {
  CHECK(without_octal_escapes("/a\\040b\\011c\\134d") == "/a b\tc\\d");
  CHECK(without_octal_escapes("/plain") == "/plain");
  CHECK(without_octal_escapes("\\04") == "\\04");
  CHECK(without_octal_escapes("\\089") == "\\089");
  CHECK(without_octal_escapes("a\\") == "a\\");
  CHECK(without_octal_escapes("").empty());
}

TEST_CASE("only mounts that can limit CPU time are understood") {
  const auto v2 = parse_mount(v2_mount);
  REQUIRE(v2);
  CHECK(v2->version == cgroup_version::v2);
  CHECK(v2->root == "/");
  CHECK(v2->point == "/sys/fs/cgroup");

  const auto v1 =
      parse_mount("33 25 0:29 /docker/x /cg\\040cpu rw master:9 propagate_from:2 - cgroup none rw,cpuacct,cpu");
  REQUIRE(v1);
  CHECK(v1->version == cgroup_version::v1);
  CHECK(v1->root == "/docker/x");
  CHECK(v1->point == "/cg cpu");

  for (const char* other : {"", "garbage", "1 2 3 / /x rw", "1 2 3 / /x rw -", "1 2 3 / /x rw - ext4 /dev/sda1 rw,cpu",
                            "1 2 3 / /x rw - cgroup cgroup rw,cpuset", "1 2 3 / /x rw - cgroup cgroup"}) {
    INFO(other);
    CHECK_FALSE(parse_mount(other));
  }
}

TEST_CASE("only memberships that can limit CPU time are understood") {
  const auto v2 = parse_membership("0::/user.slice/a:b");
  REQUIRE(v2);
  CHECK(v2->version == cgroup_version::v2);
  CHECK(v2->path == "/user.slice/a:b");

  const auto v1 = parse_membership("4:cpu,cpuacct:/docker/x");
  REQUIRE(v1);
  CHECK(v1->version == cgroup_version::v1);
  CHECK(v1->path == "/docker/x");

  for (const char* other : {"", "garbage", "4:cpu", "5:cpuset,memory:/x", "1:name=systemd:/x"}) {
    INFO(other);
    CHECK_FALSE(parse_membership(other));
  }
}

TEST_CASE("a group is found below the mount point that shows it") {
  CHECK(path_below("/", "/") == "");
  CHECK(path_below("/", "/a/b") == "/a/b");
  CHECK(path_below("/a", "/a/b") == "/b");
  CHECK(path_below("/a/b", "/a/b") == "");
  CHECK(path_below("/a", "/ab") == std::nullopt);
  CHECK(path_below("/a/b", "/a") == std::nullopt);
  CHECK(path_below("/", "/../x") == std::nullopt);
  CHECK(path_below("/", "/..") == std::nullopt);
  CHECK(path_below("/", "no/slash") == std::nullopt);
  CHECK(path_below("/", "") == "");
}

TEST_CASE("version 2: the quota of the process's own group counts") {
  file_tree tree;
  make_v2(tree);
  tree.with("/sys/fs/cgroup/a/b/c/cpu.max", "250000 100000\n");
  CHECK(tree.quota() == 3u);
}

TEST_CASE("version 2: every ancestor binds, the tightest wins") {
  const std::string limits[] = {"/a/cpu.max", "/a/b/cpu.max", "/a/b/c/cpu.max", "/cpu.max"};
  for (const auto& tight : limits) {
    INFO(tight);
    file_tree tree;
    make_v2(tree);
    for (const auto& loose : limits) tree.with("/sys/fs/cgroup" + loose, "800000 100000\n");
    tree.with("/sys/fs/cgroup" + tight, "150000 100000\n");
    CHECK(tree.quota() == 2u);
  }
}

TEST_CASE("version 2: no limit, missing and malformed files leave the count unlimited") {
  for (const char* text :
       {"max 100000\n", "", "\n", "200000", "200000 0\n", "0 100000\n", "-5 100000\n", "abc def\n"}) {
    INFO(text);
    file_tree tree;
    make_v2(tree);
    tree.with("/sys/fs/cgroup/a/b/c/cpu.max", text);
    CHECK(tree.quota() == std::nullopt);
    tree.with("/sys/fs/cgroup/a/cpu.max", "400000 100000\n");
    CHECK(tree.quota() == 4u);
  }
}

TEST_CASE("version 2: a group outside the visible part is not guessed at") {
  file_tree tree;
  make_v2(tree);
  tree.with("/proc/self/cgroup", "0::/../elsewhere\n").with("/sys/fs/cgroup/cpu.max", "100000 100000\n");
  CHECK(tree.quota() == std::nullopt);
}

TEST_CASE("version 1: quota and period come from two files of the controller cpu") {
  file_tree tree;
  tree.with("/proc/self/mountinfo", v1_memory_mount + v1_cpu_mount)
      .with("/proc/self/cgroup", "9:memory:/m\n4:cpu,cpuacct:/jobs/one\n0::/ignored\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us", "-1\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us", "100000\n");
  CHECK(tree.quota() == std::nullopt);
  tree.with("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "120000\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "50000\n");
  CHECK(tree.quota() == 3u);
  tree.with("/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us", "50000\n");
  CHECK(tree.quota() == 1u);
}

TEST_CASE("version 1: a container sees its own group at the mount point") {
  file_tree tree;
  tree.with("/proc/self/mountinfo", "33 25 0:29 /docker/x /cpu\\040time rw - cgroup cgroup rw,cpu\n")
      .with("/proc/self/cgroup", "4:cpu:/docker/x\n")
      .with("/cpu time/cpu.cfs_quota_us", "200000")
      .with("/cpu time/cpu.cfs_period_us", "100000");
  CHECK(tree.quota() == 2u);
}

TEST_CASE("both versions at once: the tighter one binds") {
  file_tree tree;
  tree.with("/proc/self/mountinfo", v1_cpu_mount + v2_mount)
      .with("/proc/self/cgroup", "4:cpu:/\n0::/\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "500000")
      .with("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000")
      .with("/sys/fs/cgroup/cpu.max", "300000 100000");
  CHECK(tree.quota() == 3u);
}

TEST_CASE("both versions at once: the group of one version is not looked for in the other") {
  file_tree tree;
  tree.with("/proc/self/mountinfo", v1_cpu_mount + v2_mount)
      .with("/proc/self/cgroup", "4:cpu:/one\n0::/two\n")
      .with("/sys/fs/cgroup/one/cpu.max", "100000 100000")
      .with("/sys/fs/cgroup/cpu,cpuacct/two/cpu.cfs_quota_us", "100000")
      .with("/sys/fs/cgroup/cpu,cpuacct/two/cpu.cfs_period_us", "100000");
  CHECK(tree.quota() == std::nullopt);
}

TEST_CASE("a machine without control groups, or with garbage for them, has no limit") {
  file_tree empty;
  CHECK(empty.quota() == std::nullopt);

  file_tree garbage;
  garbage.with("/proc/self/cgroup", std::string("\0\xff:::\n::\n0::", 11))
      .with("/proc/self/mountinfo", "- - -\n\n\xff");
  CHECK(garbage.quota() == std::nullopt);

  file_tree no_mounts;
  no_mounts.with("/proc/self/cgroup", "0::/a\n").with("/sys/fs/cgroup/a/cpu.max", "100000 100000\n");
  CHECK(no_mounts.quota() == std::nullopt);

  file_tree directory_for_file;
  make_v2(directory_for_file);
  directory_for_file.with("/sys/fs/cgroup/a/b/c/cpu.max/inner", "100000 100000\n");
  CHECK(directory_for_file.quota() == std::nullopt);
}
