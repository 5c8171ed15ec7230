// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/study_version_name.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/command/exit_code.h"
#include "proto/names.h"

namespace trialsync::command {

absl::StatusOr<std::string> ResolveVersion(const std::string& text) {
  if (text.starts_with("studies/")) return text;
  const size_t at = text.rfind('@');
  const std::string study = text.substr(0, at);
  const std::string version = at == std::string::npos ? "latest" : text.substr(at + 1);
  uint32_t number = 0;
  const bool is_version = version == "latest" || (absl::SimpleAtoi(version, &number) && number > 0);
  if (!CheckShortName("study", study).ok() || !is_version) {
    return UsageError(absl::StrCat("\"", text, "\" names no version: write, for example, pbc@1"));
  }
  return absl::StrCat("studies/", study, "/versions/", version);
}

std::string ShortVersionName(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  const bool full = parts.size() == 4 && parts[0] == "studies" && parts[2] == "versions";
  return full ? absl::StrCat(parts[1], "@", parts[3]) : name;
}

}  // namespace trialsync::command
