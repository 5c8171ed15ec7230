// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_EXPORT_MANIFEST_H_
#define TRIALSYNC_DAEMON_COMMAND_EXPORT_MANIFEST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace trialsync::command {

// What one file of an export has, and what it leaves out.
struct ExportedFile {
  std::string name;
  size_t records = 0;
  size_t columns = 0;
  // Left out of a table: a voided record is no data.
  size_t voided = 0;
  // Values that something is open about.
  size_t in_question = 0;
  // Values that stay at the hospital.
  size_t withheld = 0;
  // Values that the version read under cannot say.
  size_t not_convertible = 0;
};

// What an export is: it goes with its files as export.json, and is what -o json prints.
struct ExportManifest {
  std::string study;
  // `-` for all.
  std::string site;
  // The version that values were read under; 0 for each as it was recorded.
  uint32_t version = 0;
  std::vector<ExportedFile> files;
};

// The manifest as one JSON object.
std::string ManifestJson(const ExportManifest& manifest);

// One line about a file for people, without its end.
std::string FileSummary(const ExportManifest& manifest, const ExportedFile& file);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_EXPORT_MANIFEST_H_
