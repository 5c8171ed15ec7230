// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_CONFIG_FILE_H_
#define TRIALSYNC_DAEMON_CONFIG_FILE_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace trialsync::daemon {

// One line of a configuration file.
struct Setting {
  std::string name;
  std::string value;
  // Where it stands, `FILE:LINE:COLUMN`.
  std::string place;
};

// Reads a configuration file: one YAML mapping from the names of flags, without their dashes, to
// plain values. INVALID_ARGUMENT, with file, line and column, for what is no such mapping, for a
// key that is not one of `known`, and for one that is there twice. Throws nothing.
absl::StatusOr<std::vector<Setting>> ParseConfigFile(std::string_view yaml,
                                                     const std::string& file_name,
                                                     const std::set<std::string>& known);

// The same from the disk. NOT_FOUND if the file cannot be read.
absl::StatusOr<std::vector<Setting>> ReadConfigFile(const std::string& file_name,
                                                    const std::set<std::string>& known);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_CONFIG_FILE_H_
