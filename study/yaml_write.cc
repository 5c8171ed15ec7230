// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/digest.h"
#include "study/value.h"
#include "study/yaml.h"
#include "study/yaml_words.h"

namespace trialsync::study {
namespace {

using Texts = google::protobuf::RepeatedPtrField<v1::LocalizedText>;

bool IsPlain(const std::string& text) {
  // These mean "nothing" to YAML.
  if (text.empty() || text == "null" || text == "Null" || text == "NULL") return false;
  for (const char byte : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(byte)) && byte != '_' && byte != '.' &&
        byte != '/') {
      return false;
    }
  }
  return true;
}

// A scalar that is read back as `text`, quoted unless that is plain to see.
std::string Scalar(const std::string& text) {
  if (IsPlain(text)) return text;
  std::string quoted = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      absl::StrAppend(&quoted, "\\", std::string(1, byte));
    } else if (byte == '\n') {
      quoted.append("\\n");
    } else if (absl::ascii_iscntrl(static_cast<unsigned char>(byte))) {
      absl::StrAppend(&quoted, "\\x", absl::BytesToHexString(std::string(1, byte)));
    } else {
      quoted.push_back(byte);
    }
  }
  return quoted.append("\"");
}

// The inside of a flow mapping: `en: Visit, zh: 随访`.
std::string TextsOf(const Texts& texts) {
  return absl::StrJoin(texts, ", ", [](std::string* out, const v1::LocalizedText& text) {
    absl::StrAppend(out, Scalar(text.language()), ": ", Scalar(text.text()));
  });
}

template <typename List>
std::string ListOf(const List& texts) {
  return absl::StrCat("[",
                      absl::StrJoin(texts, ", ",
                                    [](std::string* out, const std::string& text) {
                                      absl::StrAppend(out, Scalar(text));
                                    }),
                      "]");
}

template <typename Enum, size_t kCount>
std::string WordOf(Enum value, const std::array<YamlWord<Enum>, kCount>& words) {
  for (const YamlWord<Enum>& word : words) {
    if (word.value == value) return std::string(word.word);
  }
  return "";
}

class Writer {
 public:
  explicit Writer(const v1::StudyDefinition& definition) : definition_(definition) {
    for (const v1::FormDefinition& form : definition.forms()) {
      form_names_.emplace(form.id(), form.name());
      for (const v1::ItemDefinition& item : form.items()) {
        item_names_.emplace(item.id(), item.name());
        item_paths_.emplace(item.id(), absl::StrCat(form.name(), ".", item.name()));
      }
    }
  }

  std::string Run() {
    Line("study: ", Scalar(definition_.study()));
    Line("version: ", definition_.version());
    Line("title: {", TextsOf(definition_.titles()), "}");
    WritePrevious();
    WriteCodeLists();
    Line("forms:", definition_.forms().empty() ? " {}" : "");
    for (const v1::FormDefinition& form : definition_.forms()) WriteForm(form);
    Line("events:", definition_.events().empty() ? " {}" : "");
    for (const v1::EventDefinition& event : definition_.events()) WriteEvent(event);
    if (!definition_.steps().empty()) Line("steps:");
    for (const v1::MigrationStep& step : definition_.steps()) WriteStep(step);
    return std::move(out_);
  }

 private:
  template <typename... Parts>
  void Line(const Parts&... parts) {
    absl::StrAppend(&out_, parts..., "\n");
  }

  void WritePrevious() {
    if (!definition_.has_previous()) return;
    const v1::VersionReference& previous = definition_.previous();
    Line("previous: {version: ", previous.number(),
         previous.sha256().empty() ? "" : ", sha256: ", ToHex(previous.sha256()), "}");
  }

  void WriteCodeLists() {
    if (!definition_.code_lists().empty()) Line("code_lists:");
    for (const v1::CodeList& list : definition_.code_lists()) {
      Line("  ", Scalar(list.name()), ":");
      for (const v1::Code& code : list.codes()) {
        Line("    ", Scalar(code.code()), ": {", TextsOf(code.labels()),
             code.retired() ? ", retired: true" : "", "}");
      }
    }
  }

  void WriteForm(const v1::FormDefinition& form) {
    Line("  ", form.name(), ":");
    Line("    id: ", form.id());
    Line("    label: {", TextsOf(form.labels()), "}");
    if (form.repeating()) Line("    repeating: true");
    if (form.retired()) Line("    retired: true");
    Line("    items:", form.items().empty() ? " {}" : "");
    for (const v1::ItemDefinition& item : form.items()) WriteItem(item);
    if (!form.checks().empty()) Line("    checks:");
    for (const v1::Check& check : form.checks()) {
      Line("      ", check.name(), ":");
      Line("        id: ", check.id());
      Line("        rule: ", Scalar(check.rule()));
      Line("        message: {", TextsOf(check.messages()), "}");
      if (check.soft()) Line("        soft: true");
    }
  }

  void WriteItem(const v1::ItemDefinition& item) {
    Line("      ", item.name(), ":");
    Line("        id: ", item.id());
    Line("        type: ", WordOf(item.type(), kItemTypeWords));
    Line("        label: {", TextsOf(item.labels()), "}");
    if (!item.code_list().empty()) Line("        code_list: ", Scalar(item.code_list()));
    if (item.units_size() == 1) Line("        unit: ", Scalar(item.units(0)));
    if (item.units_size() > 1) Line("        units: ", ListOf(item.units()));
    if (item.required()) Line("        required: true");
    if (item.site_only()) Line("        site_only: true");
    if (item.reveals_arm()) Line("        reveals_arm: true");
    if (item.owner() != kOwnerWords[0].value) {
      Line("        owner: ", WordOf(item.owner(), kOwnerWords));
    }
    if (item.on_conflict() != kConflictPolicyWords[0].value) {
      Line("        on_conflict: ", WordOf(item.on_conflict(), kConflictPolicyWords));
    }
    if (item.has_hard_range()) WriteRange("hard", item.hard_range());
    if (item.has_soft_range()) WriteRange("soft", item.soft_range());
    if (item.split_from() != 0) {
      Line("        split_from: ", NameIn(item_names_, item.split_from()));
    }
    if (item.retired()) Line("        retired: true");
  }

  void WriteRange(const std::string& key, const v1::Range& range) {
    const auto limit = [](const std::string& text) { return text.empty() ? "~" : Scalar(text); };
    Line("        ", key, ": [", limit(range.minimum()), ", ", limit(range.maximum()), "]");
  }

  void WriteEvent(const v1::EventDefinition& event) {
    std::vector<std::string> forms;
    for (const uint32_t form : event.forms()) forms.push_back(NameIn(form_names_, form));
    Line("  ", event.name(), ":");
    Line("    id: ", event.id());
    Line("    label: {", TextsOf(event.labels()), "}");
    if (event.repeating()) Line("    repeating: true");
    Line("    forms: ", ListOf(forms));
    if (event.retired()) Line("    retired: true");
  }

  void WriteStep(const v1::MigrationStep& step) {
    if (step.has_recode()) {
      const v1::Recode& recode = step.recode();
      Line("  - recode: {item: ", ItemPath(recode.item()), ", from: ", Scalar(recode.from()),
           ", to: ", Scalar(recode.to()), "}");
    } else if (step.has_convert()) {
      const v1::Convert& convert = step.convert();
      Line("  - convert: {item: ", ItemPath(convert.item()),
           ", from: ", Scalar(convert.from_unit()), ", to: ", Scalar(convert.to_unit()),
           ", factor: ", Scalar(convert.factor()), "}");
    } else if (step.has_default_value()) {
      const v1::Default& value = step.default_value();
      Line("  - default: {item: ", ItemPath(value.item()),
           ", value: ", Scalar(FormatValue(value.value())), "}");
    } else if (step.has_split()) {
      std::vector<std::string> parts;
      for (const uint32_t part : step.split().into()) parts.push_back(ItemPath(part));
      Line("  - split: {item: ", ItemPath(step.split().from()),
           ", separator: ", Scalar(step.split().separator()), ", into: ", ListOf(parts), "}");
    }
  }

  static std::string NameIn(const std::map<uint32_t, std::string>& names, uint32_t id) {
    const auto found = names.find(id);
    return found == names.end() ? absl::StrCat(id) : found->second;
  }
  std::string ItemPath(uint32_t id) const { return NameIn(item_paths_, id); }

  const v1::StudyDefinition& definition_;
  std::map<uint32_t, std::string> form_names_;
  std::map<uint32_t, std::string> item_names_;
  std::map<uint32_t, std::string> item_paths_;
  std::string out_;
};

}  // namespace

std::string DefinitionToYaml(const v1::StudyDefinition& definition) {
  return Writer(definition).Run();
}

}  // namespace trialsync::study
