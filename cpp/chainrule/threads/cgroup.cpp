// Finds the process's control group in /proc/self and reads its quota: cpu.max in version 2, cpu.cfs_* in version 1.
// https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/scheduler/sched-bwc.html
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/cgroup.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

namespace chainrule {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// The word is an element of the list that commas separate.
bool has(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

// "max 100000" or "150000 100000": microseconds of CPU time a period, and the period.
double quota_of_version_2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0, period = 0;
  return file >> quota >> period && period > 0 ? quota / period : kUnlimited;
}

// -1 where it is not limited.
double quota_of_version_1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"),
      period_file(folder + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  const bool limited = quota_file >> quota && period_file >> period && quota > 0 && period > 0;
  return limited ? quota / period : kUnlimited;
}

struct Mount {
  std::string root, point;  // the group that is mounted, and where
  bool version_2 = false;
};

// A line of /proc/self/mountinfo, see proc(5): 36 35 98:0 /root /point options ... - type source options
bool read_mount(const std::string& line, Mount& mount) {
  std::istringstream words(line);
  std::string word, type, source, options;
  words >> word >> word >> word >> mount.root >> mount.point;
  while (words >> word && word != "-") {
  }
  words >> type >> source >> options;
  mount.version_2 = type == "cgroup2";
  return mount.version_2 || (type == "cgroup" && has(options, "cpu"));
}

// A line of /proc/self/cgroup, see cgroups(7): 0::/group in version 2, 4:cpu,cpuacct:/group in version 1.
bool read_group(const std::string& line, bool version_2, std::string& group) {
  const auto first = line.find(':'), second = line.find(':', first + 1);
  if (second == std::string::npos) return false;
  const std::string controllers = line.substr(first + 1, second - first - 1);
  group = line.substr(second + 1);
  return version_2 ? controllers.empty() : has(controllers, "cpu");
}

// The process's group as a path below the mount. In a container the path can be one of the host, of which nothing is
// mounted here: then the mount itself is the group.
std::string group_below(const Mount& mount, const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  std::string group;
  for (std::string line; std::getline(file, line);) {
    if (!read_group(line, mount.version_2, group)) continue;
    if (mount.root == "/") return group;
    if (group.rfind(mount.root, 0) == 0) return group.substr(mount.root.size());
  }
  return "";
}

double quota_of(const Mount& mount, const std::string& root) {
  const auto quota = mount.version_2 ? quota_of_version_2 : quota_of_version_1;
  double least = kUnlimited;
  for (std::string group = group_below(mount, root);; group.erase(group.rfind('/'))) {
    least = std::min(least, quota(root + mount.point + group));
    if (group.find('/') == std::string::npos) return least;
  }
}

}  // namespace

std::optional<int> cgroup_cpus(const std::string& root) {
  std::ifstream file(root + "/proc/self/mountinfo");
  double least = kUnlimited;
  Mount mount;
  for (std::string line; std::getline(file, line);) {
    if (read_mount(line, mount)) least = std::min(least, quota_of(mount, root));
  }
  if (!(least < std::numeric_limits<int>::max())) return std::nullopt;
  return static_cast<int>(std::ceil(least));
}

}  // namespace chainrule
