// SPDX-License-Identifier: Apache-2.0
#include "study/yaml_reader.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "study/text.h"

namespace trialsync::study {
namespace {

constexpr size_t kFaultsShownMax = 50;

std::string Join(const std::string& path, const std::string& key) {
  return path.empty() ? key : absl::StrCat(path, ".", key);
}

}  // namespace

YamlFile::Position YamlFile::PositionOf(const YAML::Mark& mark) {
  return {.line = mark.line + 1, .column = mark.column + 1};
}

void YamlFile::SetMark(const std::string& path, const YAML::Mark& mark) {
  marks_.emplace(path, PositionOf(mark));
}

YamlFile::Position YamlFile::Locate(std::string path) const {
  while (true) {
    const auto found = marks_.find(path);
    if (found != marks_.end()) return found->second;
    const size_t point = path.rfind('.');
    if (point == std::string::npos) return {};
    path.resize(point);
  }
}

void YamlFile::Report(const std::string& path, std::string_view sentence) {
  faults_.push_back({.position = Locate(path), .path = path, .sentence = std::string(sentence)});
}

void YamlFile::ReportAt(const YAML::Mark& mark, const std::string& path,
                        std::string_view sentence) {
  faults_.push_back(
      {.position = PositionOf(mark), .path = path, .sentence = std::string(sentence)});
}

void YamlFile::ReportMeaning(const std::string& path, std::string_view sentence) {
  const bool follows = std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.path == path || fault.path.starts_with(path + ".");
  });
  if (!follows) Report(path, sentence);
}

absl::Status YamlFile::ToStatus() const {
  if (faults_.empty()) return absl::OkStatus();
  std::vector<Fault> sorted = faults_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Fault& a, const Fault& b) { return a.position < b.position; });
  std::vector<std::string> lines;
  for (const Fault& fault : sorted) {
    if (lines.size() == kFaultsShownMax) {
      lines.push_back(absl::StrCat("… and ", sorted.size() - kFaultsShownMax, " more"));
      break;
    }
    lines.push_back(absl::StrCat(name_, ":", fault.position.line, ":", fault.position.column, ": ",
                                 fault.path, fault.path.empty() ? "" : ": ", fault.sentence));
  }
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

YamlMap::YamlMap(YamlFile& file, const YAML::Node& node, const std::string& path,
                 std::initializer_list<std::string_view> known)
    : file_(file), path_(path) {
  if (!node.IsMap()) {
    file.Report(path, "a mapping is expected here, e.g. {key: value}");
    return;
  }
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) {
      file.Report(path, "a key is no plain text; put quotes around it");
      continue;
    }
    const std::string& key = pair.first.Scalar();
    const std::string key_path = Join(path, key);
    if (Find(key) != nullptr) {
      file.ReportAt(pair.first.Mark(), key_path, "the key is there already; remove one of the two");
      continue;
    }
    file.SetMark(key_path, pair.first.Mark());
    if (known.size() > 0 && std::find(known.begin(), known.end(), key) == known.end()) {
      std::vector<std::string> words(known.begin(), known.end());
      file.Report(key_path, absl::StrCat("the key ", Quoted(key), " is not known here; known are ",
                                         absl::StrJoin(words, ", ")));
      continue;
    }
    entries_.push_back({.key = key, .path = key_path, .node = pair.second});
  }
}

const YamlMap::Entry* YamlMap::Find(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const YamlMap::Entry* YamlMap::Require(std::string_view key) {
  const Entry* entry = Find(key);
  if (entry == nullptr) {
    file_.Report(Join(path_, std::string(key)), "the key is missing; add it");
  }
  return entry;
}

std::optional<std::string> YamlMap::Text(std::string_view key) {
  const Entry* entry = Find(key);
  if (entry == nullptr) return std::nullopt;
  return ScalarText(file_, entry->node, entry->path);
}

std::optional<uint32_t> YamlMap::Number(std::string_view key) {
  const std::optional<std::string> text = Text(key);
  if (!text.has_value()) return std::nullopt;
  uint32_t number = 0;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc() && at == end) return number;
  file_.Report(Find(key)->path, absl::StrCat(Quoted(*text),
                                             " is no whole number; write one, e.g. "
                                             "12"));
  return std::nullopt;
}

bool YamlMap::Flag(std::string_view key) {
  const std::optional<std::string> text = Text(key);
  if (!text.has_value() || *text == "false") return false;
  if (*text != "true") {
    file_.Report(Find(key)->path, absl::StrCat(Quoted(*text),
                                               " is neither true nor false; write "
                                               "one of the two"));
  }
  return *text == "true";
}

std::vector<std::string> YamlMap::TextList(std::string_view key) {
  const Entry* entry = Find(key);
  if (entry == nullptr) return {};
  if (!entry->node.IsSequence()) {
    file_.Report(entry->path, "a list is expected here, e.g. [first, second]");
    return {};
  }
  std::vector<std::string> texts;
  for (const auto& node : entry->node) {
    std::optional<std::string> text = ScalarText(file_, node, entry->path);
    if (text.has_value()) texts.push_back(*std::move(text));
  }
  return texts;
}

std::optional<std::string> ScalarText(YamlFile& file, const YAML::Node& node,
                                      const std::string& path) {
  if (node.IsScalar()) return node.Scalar();
  file.Report(path, node.IsNull() ? "there is nothing here; give a value, or remove the key"
                                  : "one value is expected here, not a list or a mapping");
  return std::nullopt;
}

}  // namespace trialsync::study
