// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/digest.h"
#include "study/check_definition.h"
#include "study/definition.h"
#include "study/text.h"
#include "study/value.h"
#include "study/yaml.h"
#include "study/yaml_reader.h"
#include "study/yaml_words.h"

namespace trialsync::study {
namespace {

using Texts = google::protobuf::RepeatedPtrField<v1::LocalizedText>;

class Compiler {
 public:
  explicit Compiler(YamlFile& file) : file_(file) {}

  // What could be read; the faults are in the file.
  v1::StudyDefinition Run(const YAML::Node& root) {
    YamlMap map(
        file_, root, "",
        {"study", "version", "title", "code_lists", "forms", "events", "previous", "steps"});
    for (const std::string_view key : {"study", "version", "title", "forms", "events"}) {
      map.Require(key);
    }
    definition_.set_study(map.Text("study").value_or(""));
    definition_.set_version(map.Number("version").value_or(0));
    ReadTexts(map, "title", definition_.mutable_titles());
    if (const auto* entry = map.Find("code_lists")) ReadCodeLists(*entry);
    if (const auto* entry = map.Find("forms")) ReadForms(*entry);
    if (const auto* entry = map.Find("events")) ReadEvents(*entry);
    if (const auto* entry = map.Find("previous")) ReadPrevious(*entry);
    if (const auto* entry = map.Find("steps")) ReadSteps(*entry);
    return std::move(definition_);
  }

 private:
  void ReadTexts(YamlMap& map, std::string_view key, Texts* texts) {
    const YamlMap::Entry* entry = map.Find(key);
    if (entry == nullptr) return;
    const YamlMap languages(file_, entry->node, entry->path);
    for (const YamlMap::Entry& language : languages.entries()) {
      AddText(language, texts);
    }
  }

  void AddText(const YamlMap::Entry& language, Texts* texts) {
    std::optional<std::string> text = ScalarText(file_, language.node, language.path);
    if (!text.has_value()) return;
    v1::LocalizedText* added = texts->Add();
    added->set_language(language.key);
    added->set_text(*std::move(text));
  }

  void ReadCodeLists(const YamlMap::Entry& lists) {
    const YamlMap lists_map(file_, lists.node, lists.path);
    for (const YamlMap::Entry& list : lists_map.entries()) {
      v1::CodeList* code_list = definition_.add_code_lists();
      code_list->set_name(list.key);
      const YamlMap codes_map(file_, list.node, list.path);
      for (const YamlMap::Entry& code : codes_map.entries()) ReadCode(code, code_list->add_codes());
    }
  }

  // `m: {en: male, zh: 男, retired: true}`: no language is called `retired`.
  void ReadCode(const YamlMap::Entry& entry, v1::Code* code) {
    code->set_code(entry.key);
    YamlMap map(file_, entry.node, entry.path);
    code->set_retired(map.Flag("retired"));
    for (const YamlMap::Entry& language : map.entries()) {
      if (language.key != "retired") AddText(language, code->mutable_labels());
    }
  }

  void ReadForms(const YamlMap::Entry& forms) {
    const YamlMap forms_map(file_, forms.node, forms.path);
    for (const YamlMap::Entry& entry : forms_map.entries()) {
      v1::FormDefinition* form = definition_.add_forms();
      form->set_name(entry.key);
      YamlMap map(file_, entry.node, entry.path,
                  {"id", "label", "repeating", "items", "checks", "retired"});
      for (const std::string_view key : {"id", "label", "items"}) map.Require(key);
      form->set_id(map.Number("id").value_or(0));
      ReadTexts(map, "label", form->mutable_labels());
      form->set_repeating(map.Flag("repeating"));
      form->set_retired(map.Flag("retired"));
      if (const auto* items = map.Find("items")) ReadItems(*items, form);
      if (const auto* checks = map.Find("checks")) ReadChecks(*checks, form);
    }
  }

  void ReadItems(const YamlMap::Entry& items, v1::FormDefinition* form) {
    // split_from may name an item that stands below.
    std::vector<std::pair<std::string, std::string>> sources;
    std::map<std::string, uint32_t> ids;
    const YamlMap items_map(file_, items.node, items.path);
    for (const YamlMap::Entry& entry : items_map.entries()) {
      v1::ItemDefinition* item = form->add_items();
      sources.emplace_back(entry.path, ReadItem(entry, item));
      ids.emplace(item->name(), item->id());
    }
    for (int index = 0; index < form->items_size(); ++index) {
      const auto& [path, source] = sources[static_cast<size_t>(index)];
      if (source.empty()) continue;
      const auto found = ids.find(source);
      if (found == ids.end()) {
        file_.Report(path + ".split_from",
                     absl::StrCat("the form has no item ", Quoted(source),
                                  "; name the item that this one is a part of"));
      } else {
        form->mutable_items(index)->set_split_from(found->second);
      }
    }
  }

  // Returns the name under `split_from`, or nothing.
  std::string ReadItem(const YamlMap::Entry& entry, v1::ItemDefinition* item) {
    item->set_name(entry.key);
    YamlMap map(file_, entry.node, entry.path,
                {"id", "type", "label", "code_list", "unit", "units", "required", "site_only",
                 "reveals_arm", "owner", "on_conflict", "hard", "soft", "split_from", "retired"});
    for (const std::string_view key : {"id", "type", "label"}) map.Require(key);
    item->set_id(map.Number("id").value_or(0));
    ReadTexts(map, "label", item->mutable_labels());
    item->set_type(ReadWord(map, "type", kItemTypeWords).value_or(v1::ITEM_TYPE_UNSPECIFIED));
    item->set_code_list(map.Text("code_list").value_or(""));
    ReadUnits(map, entry.path, item);
    item->set_required(map.Flag("required"));
    item->set_site_only(map.Flag("site_only"));
    item->set_reveals_arm(map.Flag("reveals_arm"));
    item->set_owner(ReadWord(map, "owner", kOwnerWords).value_or(kOwnerWords[0].value));
    item->set_on_conflict(
        ReadWord(map, "on_conflict", kConflictPolicyWords).value_or(kConflictPolicyWords[0].value));
    if (const auto* range = map.Find("hard")) ReadRange(*range, item->mutable_hard_range());
    if (const auto* range = map.Find("soft")) ReadRange(*range, item->mutable_soft_range());
    item->set_retired(map.Flag("retired"));
    return map.Text("split_from").value_or("");
  }

  template <typename Enum, size_t kCount>
  std::optional<Enum> ReadWord(YamlMap& map, std::string_view key,
                               const std::array<YamlWord<Enum>, kCount>& words) {
    const std::optional<std::string> text = map.Text(key);
    if (!text.has_value()) return std::nullopt;
    std::vector<std::string> known;
    for (const YamlWord<Enum>& word : words) {
      if (word.word == *text) return word.value;
      known.emplace_back(word.word);
    }
    file_.Report(map.Find(key)->path,
                 absl::StrCat(Quoted(*text), " is not known here; write one of ",
                              absl::StrJoin(known, ", ")));
    return std::nullopt;
  }

  // `unit: mg/dL`, or `units: [mg/dL, umol/L]`.
  void ReadUnits(YamlMap& map, const std::string& path, v1::ItemDefinition* item) {
    if (map.Find("unit") != nullptr && map.Find("units") != nullptr) {
      file_.Report(path + ".unit", "give unit or units, not both");
    }
    if (std::optional<std::string> unit = map.Text("unit")) item->add_units(*std::move(unit));
    for (std::string& unit : map.TextList("units")) item->add_units(std::move(unit));
  }

  // `[0, 60]`, and `~` for an open end.
  void ReadRange(const YamlMap::Entry& entry, v1::Range* range) {
    if (!entry.node.IsSequence() || entry.node.size() != 2) {
      file_.Report(entry.path,
                   "two limits are expected here, e.g. [0, 60], or [0, ~] without an "
                   "upper one");
      return;
    }
    const auto limit = [&](const YAML::Node& node) {
      return node.IsNull() ? "" : ScalarText(file_, node, entry.path).value_or("");
    };
    range->set_minimum(limit(entry.node[0]));
    range->set_maximum(limit(entry.node[1]));
    if (range->minimum().empty() && range->maximum().empty()) {
      file_.Report(entry.path, "neither limit is given; give one, or remove the key");
    }
  }

  void ReadChecks(const YamlMap::Entry& checks, v1::FormDefinition* form) {
    const YamlMap checks_map(file_, checks.node, checks.path);
    for (const YamlMap::Entry& entry : checks_map.entries()) {
      v1::Check* check = form->add_checks();
      check->set_name(entry.key);
      YamlMap map(file_, entry.node, entry.path, {"id", "rule", "message", "soft"});
      for (const std::string_view key : {"id", "rule", "message"}) map.Require(key);
      check->set_id(map.Number("id").value_or(0));
      check->set_rule(map.Text("rule").value_or(""));
      ReadTexts(map, "message", check->mutable_messages());
      check->set_soft(map.Flag("soft"));
    }
  }

  void ReadEvents(const YamlMap::Entry& events) {
    const YamlMap events_map(file_, events.node, events.path);
    for (const YamlMap::Entry& entry : events_map.entries()) {
      v1::EventDefinition* event = definition_.add_events();
      event->set_name(entry.key);
      YamlMap map(file_, entry.node, entry.path, {"id", "label", "repeating", "forms", "retired"});
      for (const std::string_view key : {"id", "label", "forms"}) map.Require(key);
      event->set_id(map.Number("id").value_or(0));
      ReadTexts(map, "label", event->mutable_labels());
      event->set_repeating(map.Flag("repeating"));
      event->set_retired(map.Flag("retired"));
      for (const std::string& name : map.TextList("forms")) {
        const v1::FormDefinition* form = FindForm(name);
        if (form == nullptr) {
          file_.Report(entry.path + ".forms", absl::StrCat("there is no form ", Quoted(name),
                                                           "; add it under forms or correct it"));
        } else {
          event->add_forms(form->id());
        }
      }
    }
  }

  const v1::FormDefinition* FindForm(const std::string& name) const {
    for (const v1::FormDefinition& form : definition_.forms()) {
      if (form.name() == name) return &form;
    }
    return nullptr;
  }

  void ReadPrevious(const YamlMap::Entry& entry) {
    YamlMap map(file_, entry.node, entry.path, {"version", "sha256"});
    map.Require("version");
    definition_.mutable_previous()->set_number(map.Number("version").value_or(0));
    const std::optional<std::string> hex = map.Text("sha256");
    if (!hex.has_value()) return;
    const absl::StatusOr<std::string> sha256 = FromHex(*hex);
    if (!sha256.ok() || sha256->size() != Sha256::kBytes) {
      file_.Report(entry.path + ".sha256",
                   "a SHA-256 has 64 hexadecimal digits; copy it from `trialsync study show`, or "
                   "leave it out");
      return;
    }
    definition_.mutable_previous()->set_sha256(*sha256);
  }

  void ReadSteps(const YamlMap::Entry& steps) {
    if (!steps.node.IsSequence()) {
      file_.Report(steps.path, "a list is expected here, e.g. - recode: {…}");
      return;
    }
    int number = 0;
    for (const auto& node : steps.node) {
      const std::string path = absl::StrCat(steps.path, ".", ++number);
      file_.SetMark(path, node.Mark());
      const YamlMap kinds(file_, node, path, {"recode", "convert", "default", "split"});
      v1::MigrationStep* step = definition_.add_steps();
      if (kinds.entries().size() != 1) {
        file_.Report(path, "a step has one kind: recode, convert, default or split; give one");
        continue;
      }
      ReadStep(kinds.entries().front(), step);
    }
  }

  void ReadStep(const YamlMap::Entry& entry, v1::MigrationStep* step) {
    if (entry.key == "recode") {
      YamlMap map = StepMap(entry, {"item", "from", "to"});
      v1::Recode* recode = step->mutable_recode();
      recode->set_item(ItemId(entry.path + ".item", map.Text("item")));
      recode->set_from(map.Text("from").value_or(""));
      recode->set_to(map.Text("to").value_or(""));
    } else if (entry.key == "convert") {
      YamlMap map = StepMap(entry, {"item", "from", "to", "factor"});
      v1::Convert* convert = step->mutable_convert();
      convert->set_item(ItemId(entry.path + ".item", map.Text("item")));
      convert->set_from_unit(map.Text("from").value_or(""));
      convert->set_to_unit(map.Text("to").value_or(""));
      convert->set_factor(map.Text("factor").value_or(""));
    } else if (entry.key == "default") {
      ReadDefault(entry, step->mutable_default_value());
    } else {
      YamlMap map = StepMap(entry, {"item", "separator", "into"});
      v1::Split* split = step->mutable_split();
      split->set_from(ItemId(entry.path + ".item", map.Text("item")));
      split->set_separator(map.Text("separator").value_or(""));
      for (const std::string& part : map.TextList("into")) {
        split->add_into(ItemId(entry.path + ".into", part));
      }
    }
  }

  YamlMap StepMap(const YamlMap::Entry& entry, std::initializer_list<std::string_view> keys) {
    YamlMap map(file_, entry.node, entry.path, keys);
    for (const std::string_view key : keys) map.Require(key);
    return map;
  }

  void ReadDefault(const YamlMap::Entry& entry, v1::Default* step) {
    YamlMap map = StepMap(entry, {"item", "value"});
    step->set_item(ItemId(entry.path + ".item", map.Text("item")));
    const std::optional<std::string> text = map.Text("value");
    const v1::ItemDefinition* item = FindItem(step->item());
    if (!text.has_value() || item == nullptr) return;
    absl::StatusOr<v1::Value> value = ParseValue(definition_, *item, *text);
    if (value.ok()) {
      *step->mutable_value() = *std::move(value);
    } else {
      file_.Report(entry.path + ".value", value.status().message().data());
    }
  }

  const v1::ItemDefinition* FindItem(uint32_t id) const {
    for (const v1::FormDefinition& form : definition_.forms()) {
      for (const v1::ItemDefinition& item : form.items()) {
        if (item.id() == id) return &item;
      }
    }
    return nullptr;
  }

  // The id of the item that `FORM.item` names; 0, and reported, if there is none.
  uint32_t ItemId(const std::string& path, const std::optional<std::string>& name) {
    if (!name.has_value()) return 0;
    const size_t point = std::min(name->find('.'), name->size());
    const v1::FormDefinition* form = FindForm(name->substr(0, point));
    if (form != nullptr && point < name->size()) {
      for (const v1::ItemDefinition& item : form->items()) {
        if (item.name() == name->substr(point + 1)) return item.id();
      }
    }
    file_.Report(path, absl::StrCat("there is no item ", Quoted(*name),
                                    "; name one of this version as FORM.item"));
    return 0;
  }

  YamlFile& file_;
  v1::StudyDefinition definition_;
};

}  // namespace

absl::StatusOr<std::string> CompileStudy(std::string_view yaml, std::string_view file_name) {
  YamlFile file(file_name);
  if (yaml.size() > kDefinitionBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file_name), ": ", yaml.size(), " bytes are too many; at most ",
                     kDefinitionBytesMax, " are allowed, so shorten its texts"));
  }
  v1::StudyDefinition definition;
  try {
    definition = Compiler(file).Run(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& exception) {
    file.ReportAt(exception.mark, "", absl::StrCat("this is no YAML: ", exception.msg));
    return file.ToStatus();
  }
  for (const DefinitionProblem& problem : CheckDefinition(definition)) {
    file.ReportMeaning(problem.path, problem.sentence);
  }
  if (absl::Status status = file.ToStatus(); !status.ok()) return status;
  return definition.SerializeAsString();
}

}  // namespace trialsync::study
