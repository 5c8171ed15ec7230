// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_file.h"

#include <yaml-cpp/yaml.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/limits.h"

namespace trialsync::daemon {
namespace {

std::string PlaceOf(const std::string& file_name, const YAML::Mark& mark) {
  return absl::StrCat(file_name, ":", mark.line + 1, ":", mark.column + 1);
}

absl::Status Fault(const std::string& place, const std::string& sentence) {
  return absl::InvalidArgumentError(absl::StrCat(place, ": ", sentence));
}

// Throws what yaml-cpp throws.
absl::StatusOr<std::vector<Setting>> Read(std::string_view yaml, const std::string& file_name,
                                          const std::set<std::string>& known) {
  const YAML::Node root = YAML::Load(std::string(yaml));
  std::vector<Setting> settings;
  if (root.IsNull()) return settings;
  if (!root.IsMap()) {
    return Fault(PlaceOf(file_name, root.Mark()),
                 "a configuration file has lines of the form `name: value`");
  }
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string place = PlaceOf(file_name, entry.first.Mark());
    if (!entry.first.IsScalar()) return Fault(place, "the name of a setting is plain text");
    const std::string& name = entry.first.Scalar();
    if (!known.contains(name)) {
      return Fault(place, absl::StrCat("there is no setting \"", name,
                                       "\"; there are: ", absl::StrJoin(known, ", ")));
    }
    if (!seen.insert(name).second) {
      return Fault(place, absl::StrCat("the setting \"", name, "\" is there twice; keep one"));
    }
    if (!entry.second.IsScalar()) {
      return Fault(PlaceOf(file_name, entry.second.Mark()),
                   absl::StrCat("the setting \"", name, "\" wants one plain value"));
    }
    settings.push_back({name, entry.second.Scalar(), PlaceOf(file_name, entry.second.Mark())});
  }
  return settings;
}

}  // namespace

absl::StatusOr<std::vector<Setting>> ParseConfigFile(std::string_view yaml,
                                                     const std::string& file_name,
                                                     const std::set<std::string>& known) {
  try {
    return Read(yaml, file_name, known);
  } catch (const YAML::Exception& error) {
    return Fault(PlaceOf(file_name, error.mark), error.msg);
  }
}

absl::StatusOr<std::vector<Setting>> ReadConfigFile(const std::string& file_name,
                                                    const std::set<std::string>& known) {
  std::ifstream file(file_name, std::ios::binary);
  std::string yaml(kConfigBytesMax + 1, '\0');
  file.read(yaml.data(), static_cast<std::streamsize>(yaml.size()));
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat("the configuration file ", file_name,
                                            " cannot be read; correct its path or its rights"));
  }
  yaml.resize(static_cast<size_t>(file.gcount()));
  if (yaml.size() > kConfigBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(file_name, " is larger than ", kConfigBytesMax,
                                                   " bytes; is it a configuration file?"));
  }
  return ParseConfigFile(yaml, file_name, known);
}

}  // namespace trialsync::daemon
