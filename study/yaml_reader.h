// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_YAML_READER_H_
#define TRIALSYNC_STUDY_YAML_READER_H_

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace trialsync::study {

// Strict reading of one YAML file: a study definition or an import map. Reading goes on after a
// fault, so that a person sees all of them at once. Calls into yaml-cpp may throw YAML::Exception,
// which the caller catches.

// Where each key stands, and what is wrong. Keys are named by their path from the root, with
// points between: `forms.LAB.items.bili.hard`.
class YamlFile {
 public:
  explicit YamlFile(std::string_view name) : name_(name) {}

  void SetMark(const std::string& path, const YAML::Mark& mark);

  // A fault of the text itself, at the key `path` or the nearest one above it.
  void Report(const std::string& path, std::string_view sentence);
  // The same, at a place that no key names.
  void ReportAt(const YAML::Mark& mark, const std::string& path, std::string_view sentence);

  // A fault of what was read. Left out if a fault at or below `path` was reported: it follows.
  void ReportMeaning(const std::string& path, std::string_view sentence);

  // OK, or the faults as InvalidArgument, one a line, in the order of the file.
  absl::Status ToStatus() const;

 private:
  struct Position {
    int line = 1;
    int column = 1;
    auto operator<=>(const Position&) const = default;
  };
  struct Fault {
    Position position;
    std::string path;
    std::string sentence;
  };
  static Position PositionOf(const YAML::Mark& mark);
  Position Locate(std::string path) const;

  const std::string name_;
  std::map<std::string, Position> marks_;
  std::vector<Fault> faults_;
};

// One mapping of the file.
class YamlMap {
 public:
  struct Entry {
    std::string key;
    std::string path;
    YAML::Node node;
  };

  // Reports it if `node` is no mapping, a key is repeated, is no plain text, or is not one of
  // `known` (if that is empty, all are). `file` must outlive this.
  YamlMap(YamlFile& file, const YAML::Node& node, const std::string& path,
          std::initializer_list<std::string_view> known = {});

  const std::vector<Entry>& entries() const { return entries_; }
  // Null if the key is absent.
  const Entry* Find(std::string_view key) const;
  // Null, and reported, if the key is absent.
  const Entry* Require(std::string_view key);

  // What the key says, or nothing if it is absent or, which is reported, of another type.
  std::optional<std::string> Text(std::string_view key);
  std::optional<uint32_t> Number(std::string_view key);
  // `true` or `false`; false if absent.
  bool Flag(std::string_view key);
  std::vector<std::string> TextList(std::string_view key);

 private:
  YamlFile& file_;
  const std::string path_;
  std::vector<Entry> entries_;
};

// The text of a scalar, or nothing, and reported, if `node` is none or is null (`~`).
std::optional<std::string> ScalarText(YamlFile& file, const YAML::Node& node,
                                      const std::string& path);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_YAML_READER_H_
