#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// The hierarchies of control groups that can limit CPU time: that of version 2, and the one of version 1 with `cpu`.
enum class cgroup_version { v1, v2 };

/// One line of /proc/self/mountinfo.
struct cgroup_mount {
  cgroup_version version;
  std::string root;   // the group that is visible at the mount point
  std::string point;  // the directory it is mounted at
};

/// One line of /proc/self/cgroup.
struct cgroup_membership {
  cgroup_version version;
  std::string path;
};

/// "a\040b" means "a b": so mountinfo writes white space and backslashes.
inline std::string without_octal_escapes(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    unsigned code = 0;
    const bool escape = text[0] == '\\' && text.size() >= 4 &&
                        std::from_chars(text.data() + 1, text.data() + 4, code, 8).ptr == text.data() + 4;
    plain += escape ? static_cast<char>(code) : text[0];
    text.remove_prefix(escape ? 4 : 1);
  }
  return plain;
}

inline bool lists_word(const std::string& comma_separated, const std::string& word) {
  return ("," + comma_separated + ",").find("," + word + ",") != std::string::npos;
}

/// Source: proc(5), "36 35 98:0 /root /point options [tags…] - type source super_options".
inline std::optional<cgroup_mount> parse_mount(const std::string& line) {
  std::istringstream words(line);
  std::string word, root, point, type, source, options;
  words >> word >> word >> word >> root >> point;
  while (words >> word && word != "-") {
  }
  words >> type >> source >> options;
  const bool v2 = type == "cgroup2";
  if (!v2 && !(type == "cgroup" && lists_word(options, "cpu"))) return std::nullopt;
  return cgroup_mount{v2 ? cgroup_version::v2 : cgroup_version::v1, without_octal_escapes(root),
                      without_octal_escapes(point)};
}

/// Source: cgroups(7), "4:cpu,cpuacct:/path" for version 1, "0::/path" for version 2.
inline std::optional<cgroup_membership> parse_membership(const std::string& line) {
  const auto first = line.find(':');
  if (first == line.npos) return std::nullopt;
  const auto second = line.find(':', first + 1);
  if (second == line.npos) return std::nullopt;
  const std::string controllers = line.substr(first + 1, second - first - 1);
  if (controllers.empty()) return cgroup_membership{cgroup_version::v2, line.substr(second + 1)};
  if (lists_word(controllers, "cpu")) return cgroup_membership{cgroup_version::v1, line.substr(second + 1)};
  return std::nullopt;
}

/// Every line of a file that `parse` understands; none when the file cannot be read.
template <class Item>
std::vector<Item> parsed_lines(const std::string& file, std::optional<Item> (*parse)(const std::string&)) {
  std::vector<Item> items;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (auto item = parse(line)) items.push_back(*std::move(item));
  return items;
}

/// Where below its mount point a group is: "" at the mount point itself; nothing when it cannot be seen there.
inline std::optional<std::string> path_below(std::string root, std::string path) {
  if (root == "/") root.clear();
  if (path == "/") path.clear();
  if (path.compare(0, root.size(), root) != 0) return std::nullopt;
  path.erase(0, root.size());
  if (!path.empty() && path[0] != '/') return std::nullopt;
  if ((path + "/").find("/../") != std::string::npos) return std::nullopt;  // outside our cgroup namespace
  return path;
}

/// How many CPUs a quota of microseconds per period is worth, rounded up; nothing unless both are positive numbers: no
/// limit is written "max" or "-1".
inline std::optional<std::size_t> quota_cpus(std::string_view quota, std::string_view period) noexcept {
  const auto number = [](std::string_view text) noexcept {
    std::size_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc{} && end == text.data() + text.size() ? value : 0;
  };
  const std::size_t used = number(quota), of = number(period);
  if (used == 0 || of == 0) return std::nullopt;
  return used / of + (used % of != 0 ? 1 : 0);
}

/// The limit that one group sets of its own.
inline std::optional<std::size_t> group_quota(const std::string& directory, cgroup_version version) {
  std::string quota, period;
  if (version == cgroup_version::v2) {
    std::ifstream(directory + "/cpu.max") >> quota >> period;
  } else {
    std::ifstream(directory + "/cpu.cfs_quota_us") >> quota;
    std::ifstream(directory + "/cpu.cfs_period_us") >> period;
  }
  return quota_cpus(quota, period);
}

/// The smaller of two limits, either of which may be missing.
inline std::optional<std::size_t> tighter(std::optional<std::size_t> one, std::optional<std::size_t> other) noexcept {
  return one && other ? std::min(one, other) : one ? one : other;
}

/// The tightest limit from the group `below` a mount point up to the mount point itself, for every ancestor binds.
inline std::optional<std::size_t> chain_quota(const std::string& point, std::string below, cgroup_version version) {
  auto tightest = group_quota(point + below, version);
  while (!below.empty()) {
    below.resize(below.rfind('/'));
    tightest = tighter(tightest, group_quota(point + below, version));
  }
  return tightest;
}

/// How many CPUs the control groups of this process let it use, rounded up. Nothing when they set no limit, or none
/// that can be read. `root` is put before every path, for tests.
inline std::optional<std::size_t> quota_concurrency(std::string_view root = "") {
  const std::string prefix(root);
  const auto memberships = parsed_lines(prefix + "/proc/self/cgroup", &parse_membership);
  std::optional<std::size_t> tightest;
  for (const auto& mount : parsed_lines(prefix + "/proc/self/mountinfo", &parse_mount)) {
    for (const auto& membership : memberships) {
      if (membership.version != mount.version) continue;
      if (const auto below = path_below(mount.root, membership.path))
        tightest = tighter(tightest, chain_quota(prefix + mount.point, *below, mount.version));
    }
  }
  return tightest;
}

}}}  // namespace workpool::v0::detail
