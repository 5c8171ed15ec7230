// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/export_manifest.h"

#include "absl/strings/str_cat.h"
#include "daemon/command/format.h"

namespace trialsync::command {

std::string ManifestJson(const ExportManifest& manifest) {
  std::string json = absl::StrCat("{\n \"study\": ", JsonString(manifest.study),
                                  ",\n \"site\": ", JsonString(manifest.site),
                                  ",\n \"version\": ", manifest.version, ",\n \"files\": [");
  const char* separator = "\n";
  for (const ExportedFile& file : manifest.files) {
    absl::StrAppend(&json, separator, "  {\"file\": ", JsonString(file.name),
                    ", \"records\": ", file.records, ", \"columns\": ", file.columns,
                    ", \"voided\": ", file.voided, ", \"valuesInQuestion\": ", file.in_question,
                    ", \"valuesWithheld\": ", file.withheld,
                    ", \"valuesNotConvertible\": ", file.not_convertible, "}");
    separator = ",\n";
  }
  absl::StrAppend(&json, "\n ]\n}\n");
  return json;
}

std::string FileSummary(const ExportManifest& manifest, const ExportedFile& file) {
  std::string text = absl::StrCat(
      file.name, ": ", Counted(file.records, "record"), ", ",
      manifest.version == 0 ? "as recorded" : absl::StrCat("read as version ", manifest.version));
  if (file.voided > 0) absl::StrAppend(&text, ", ", file.voided, " voided left out");
  if (file.in_question > 0) {
    absl::StrAppend(&text, ", ", Counted(file.in_question, "value"),
                    " in question (trialsync worklist)");
  }
  if (file.withheld > 0) absl::StrAppend(&text, ", ", Counted(file.withheld, "value"), " withheld");
  if (file.not_convertible > 0) {
    absl::StrAppend(&text, ", ", Counted(file.not_convertible, "value"),
                    " not convertible (see --as-recorded)");
  }
  return text;
}

}  // namespace trialsync::command
