// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/import_map.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/command/exit_code.h"
#include "study/text.h"
#include "study/yaml_reader.h"

namespace trialsync::command {
namespace {

using study::YamlFile;
using study::YamlMap;

constexpr char kSkip[] = "skip";

// `skip`, or the text of a missing value.
ImportMap::Reading ReadReading(YamlFile& file, const YamlMap::Entry& entry) {
  const std::optional<std::string> text = study::ScalarText(file, entry.node, entry.path);
  if (!text || *text == kSkip) return std::nullopt;
  if (!absl::StartsWith(*text, "missing:")) {
    file.Report(entry.path,
                "write skip, or a missing reason: missing:not_done, missing:unknown, "
                "missing:not_applicable or missing:refused");
  }
  return text;
}

Template ReadTemplate(YamlFile& file, const YamlMap::Entry* entry) {
  if (entry == nullptr) return {};
  if (!entry->node.IsScalar()) {
    file.Report(entry->path, "a template in quotes is expected here, e.g. '{id}'");
    return {};
  }
  absl::StatusOr<Template> result = ParseTemplate(entry->node.Scalar());
  if (!result.ok()) {
    file.Report(entry->path, std::string(result.status().message()));
    return {};
  }
  if (result->pieces.empty()) file.Report(entry->path, "the template is empty");
  return *std::move(result);
}

ImportMap::Item ReadItem(YamlFile& file, const YamlMap::Entry& entry,
                         const ImportMap::Reading& empty) {
  ImportMap::Item item{.item = entry.key, .value = {}, .empty = empty};
  // '{bili}' without its quotes is a YAML mapping with the key bili.
  if (!entry.node.IsMap() || !(entry.node["value"] || entry.node["empty"])) {
    item.value = ReadTemplate(file, &entry);
    return item;
  }
  YamlMap map(file, entry.node, entry.path, {"value", "empty"});
  item.value = ReadTemplate(file, map.Require("value"));
  if (const YamlMap::Entry* own = map.Find("empty")) item.empty = ReadReading(file, *own);
  return item;
}

ImportMap::RecordRule ReadRecord(YamlFile& file, const YAML::Node& node, const std::string& path,
                                 const ImportMap::Reading& empty) {
  ImportMap::RecordRule rule;
  YamlMap map(file, node, path, {"event", "form", "rows", "items"});
  rule.event = ReadTemplate(file, map.Require("event"));
  rule.form = ReadTemplate(file, map.Require("form"));
  const std::string rows = map.Text("rows").value_or("all");
  if (rows != "all" && rows != "first") {
    file.Report(map.Find("rows")->path, "write all, or first for the first row of each subject");
  }
  rule.first_row_only = rows == "first";
  const YamlMap::Entry* items = map.Require("items");
  if (items == nullptr) return rule;
  const YamlMap item_map(file, items->node, items->path);
  for (const YamlMap::Entry& entry : item_map.entries()) {
    rule.items.push_back(ReadItem(file, entry, empty));
  }
  if (rule.items.empty()) file.Report(items->path, "there are no items; name at least one");
  return rule;
}

char ReadSeparator(YamlFile& file, YamlMap& map) {
  const std::string text = map.Text("separator").value_or(",");
  if (text != "," && text != ";" && text != "\t") {
    file.Report("separator", "write ',' or ';' or \"\\t\"");
    return ',';
  }
  return text[0];
}

ImportMap ReadMap(YamlFile& file, const YAML::Node& root) {
  ImportMap result;
  YamlMap map(file, root, "",
              {"study", "version", "separator", "subject", "empty", "cells", "records", "ignore"});
  result.study = map.Text("study").value_or("");
  result.version = map.Number("version").value_or(0);
  result.ignore = map.TextList("ignore");
  result.separator = ReadSeparator(file, map);
  result.subject = ReadTemplate(file, map.Require("subject"));
  if (result.subject.takes_row_of_subject) {
    file.Report("subject", "{#} counts the rows of a subject and cannot name it");
  }
  ImportMap::Reading empty;
  if (const YamlMap::Entry* entry = map.Find("empty")) empty = ReadReading(file, *entry);
  if (const YamlMap::Entry* cells = map.Find("cells")) {
    const YamlMap cell_map(file, cells->node, cells->path);
    for (const YamlMap::Entry& entry : cell_map.entries()) {
      result.cells[entry.key] = ReadReading(file, entry);
    }
  }
  const YamlMap::Entry* records = map.Require("records");
  if (records == nullptr) return result;
  if (!records->node.IsSequence() || records->node.size() == 0) {
    file.Report(records->path, "a list is expected here, with - before each event and form");
    return result;
  }
  for (size_t i = 0; i < records->node.size(); ++i) {
    const YAML::Node node = records->node[i];
    const std::string path = absl::StrCat(records->path, "[", i, "]");
    file.SetMark(path, node.Mark());
    result.records.push_back(ReadRecord(file, node, path, empty));
  }
  return result;
}

}  // namespace

bool ImportMap::counts_rows() const {
  return std::any_of(records.begin(), records.end(), [](const RecordRule& rule) {
    return rule.first_row_only || rule.event.takes_row_of_subject ||
           rule.form.takes_row_of_subject ||
           std::any_of(rule.items.begin(), rule.items.end(),
                       [](const Item& item) { return item.value.takes_row_of_subject; });
  });
}

absl::StatusOr<ImportMap> ParseImportMap(std::string_view yaml, std::string_view file_name) {
  YamlFile file(file_name);
  if (!study::IsUtf8(yaml)) {
    return UsageError(absl::StrCat(std::string(file_name), " is not UTF-8"));
  }
  try {
    ImportMap map = ReadMap(file, YAML::Load(std::string(yaml)));
    if (absl::Status status = file.ToStatus(); !status.ok()) {
      return UsageError(std::string(status.message()));
    }
    return map;
  } catch (const YAML::Exception& error) {
    return UsageError(absl::StrCat(std::string(file_name), ":", error.mark.line + 1, ":",
                                   error.mark.column + 1, ": ", error.msg,
                                   "; a template stands in quotes, e.g. '{id}'"));
  }
}

}  // namespace trialsync::command
