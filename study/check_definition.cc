// SPDX-License-Identifier: Apache-2.0
#include "study/check_definition.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "study/decimal.h"
#include "study/rule.h"
#include "study/text.h"
#include "study/value.h"

namespace trialsync::study {
namespace {

constexpr size_t kNameBytesMax = 64;
// As in resource names (proto/names.h).
constexpr size_t kStudyNameBytesMax = 32;
// Longest chain of split_from; far more than any study has.
constexpr int kSplitsMax = 16;
// Words of the rule language, which an item's name would hide.
constexpr std::array<std::string_view, 7> kReservedItemNames = {
    "and", "or", "not", "present", "missing", "true", "false"};

using Texts = google::protobuf::RepeatedPtrField<v1::LocalizedText>;

// A name begins with a letter of `letters` and goes on with those, digits and `others`.
bool IsName(std::string_view name, bool upper_case, std::string_view others) {
  const auto is_letter = [upper_case](char byte) {
    const auto letter = static_cast<unsigned char>(byte);
    return upper_case ? absl::ascii_isupper(letter) : absl::ascii_islower(letter);
  };
  return !name.empty() && name.size() <= kNameBytesMax && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char byte) {
           return is_letter(byte) || absl::ascii_isdigit(static_cast<unsigned char>(byte)) ||
                  others.find(byte) != std::string_view::npos;
         });
}

// `en`, `zh`, `zh-Hans`, `pt-BR`.
bool IsLanguage(std::string_view tag) {
  const size_t primary = std::min(tag.find('-'), tag.size());
  return primary >= 2 && primary <= 3 && tag.size() <= 35 && tag.back() != '-' &&
         std::all_of(tag.begin(), tag.end(), [](char byte) {
           return absl::ascii_isalnum(static_cast<unsigned char>(byte)) || byte == '-';
         });
}

// Codes and units stand on one line, between spaces, in what people type.
bool IsWord(std::string_view word) {
  return !word.empty() && word.size() <= kNameBytesMax && IsUtf8(word) && word.front() != ' ' &&
         word.back() != ' ' && std::none_of(word.begin(), word.end(), [](char byte) {
           return absl::ascii_iscntrl(static_cast<unsigned char>(byte));
         });
}

class Checker {
 public:
  explicit Checker(const v1::StudyDefinition& definition) : definition_(definition) {
    for (const v1::FormDefinition& form : definition.forms()) {
      for (const v1::ItemDefinition& item : form.items())
        items_.emplace(item.id(), Home{&item, &form});
    }
  }

  std::vector<DefinitionProblem> Run() {
    CheckHeader();
    CheckCodeLists();
    for (const v1::FormDefinition& form : definition_.forms()) CheckForm(form);
    CheckEvents();
    CheckPrevious();
    CheckSteps();
    return std::move(problems_);
  }

 private:
  void Add(std::string path, std::string sentence) {
    problems_.push_back({.path = std::move(path), .sentence = std::move(sentence)});
  }

  void CheckHeader() {
    if (absl::Status named = CheckStudyName(definition_.study()); !named.ok()) {
      Add("study", std::string(named.message()));
    }
    if (definition_.version() == 0) Add("version", "versions are counted from 1; write 1 or more");
    CheckTexts("title", definition_.titles());
  }

  void CheckTexts(const std::string& path, const Texts& texts) {
    if (texts.empty()) Add(path, "there is no text; give one, e.g. {en: Visit}");
    std::set<std::string_view> languages;
    for (const v1::LocalizedText& text : texts) {
      if (!IsLanguage(text.language())) {
        Add(path, absl::StrCat(Quoted(text.language()),
                               " is no language; use a BCP 47 tag, e.g. en or zh"));
      }
      if (!languages.insert(text.language()).second) {
        Add(path, absl::StrCat("there are two texts in ", Quoted(text.language()), "; keep one"));
      }
      if (text.text().empty() || !IsUtf8(text.text())) {
        Add(path, absl::StrCat("the text in ", Quoted(text.language()),
                               " is empty or no UTF-8; write it out"));
      }
    }
  }

  void CheckId(const std::string& path, uint32_t id, const std::string& owner,
               std::map<uint32_t, std::string>& taken) {
    if (id == 0 || id > kIdMax) {
      Add(path + ".id", absl::StrCat("the id is missing or out of range; give a number from 1 to ",
                                     kIdMax, " that was never used"));
      return;
    }
    const auto [at, fresh] = taken.emplace(id, owner);
    if (!fresh) {
      Add(path + ".id", absl::StrCat("the id ", id, " belongs to ", at->second,
                                     "; give a number that was never used"));
    }
  }

  void CheckName(const std::string& path, const std::string& name, bool upper_case) {
    if (IsName(name, upper_case, "_")) return;
    Add(path, absl::StrCat(Quoted(name), " is no name here; use ",
                           upper_case ? "an upper case letter, then upper case letters, digits and "
                                        "_, e.g. LAB"
                                      : "a lower case letter, then lower case letters, digits and "
                                        "_, e.g. onset_date"));
  }

  void CheckFresh(const std::string& path, const std::string& name, std::set<std::string>& taken) {
    if (!taken.insert(name).second) {
      Add(path, absl::StrCat("the name ", Quoted(name), " is used twice; rename one"));
    }
  }

  void CheckCodeLists() {
    std::set<std::string> names;
    for (const v1::CodeList& list : definition_.code_lists()) {
      const std::string path = absl::StrCat("code_lists.", list.name());
      CheckName(path, list.name(), /*upper_case=*/false);
      CheckFresh(path, list.name(), names);
      if (list.codes().empty()) Add(path, "the list has no codes; give one or more");
      std::set<std::string> codes;
      for (const v1::Code& code : list.codes()) {
        const std::string code_path = absl::StrCat(path, ".", code.code());
        CheckFresh(code_path, code.code(), codes);
        CheckTexts(code_path, code.labels());
        if (!IsWord(code.code()) || code.code().starts_with("missing:")) {
          Add(code_path, absl::StrCat(Quoted(code.code()), " is no code; use 1 to ", kNameBytesMax,
                                      " bytes on one line, without spaces at the ends"));
        }
      }
    }
  }

  void CheckForm(const v1::FormDefinition& form) {
    const std::string path = absl::StrCat("forms.", form.name());
    CheckName(path, form.name(), /*upper_case=*/true);
    CheckFresh(path, form.name(), form_names_);
    CheckId(path, form.id(), form.name(), form_ids_);
    CheckTexts(path + ".label", form.labels());
    std::set<std::string> names;
    for (const v1::ItemDefinition& item : form.items()) {
      const std::string item_path = absl::StrCat(path, ".items.", item.name());
      CheckFresh(item_path, item.name(), names);
      CheckItem(item_path, form, item);
    }
    std::set<std::string> check_names;
    for (const v1::Check& check : form.checks()) {
      const std::string check_path = absl::StrCat(path, ".checks.", check.name());
      CheckName(check_path, check.name(), /*upper_case=*/false);
      CheckFresh(check_path, check.name(), check_names);
      CheckId(check_path, check.id(), absl::StrCat(form.name(), ".", check.name()), check_ids_);
      CheckTexts(check_path + ".message", check.messages());
      const absl::StatusOr<Rule> rule = Rule::Parse(check.rule(), form, definition_);
      if (!rule.ok()) Add(check_path + ".rule", std::string(rule.status().message()));
    }
  }

  void CheckItem(const std::string& path, const v1::FormDefinition& form,
                 const v1::ItemDefinition& item) {
    CheckName(path, item.name(), /*upper_case=*/false);
    if (std::count(kReservedItemNames.begin(), kReservedItemNames.end(), item.name()) > 0) {
      Add(path, absl::StrCat(Quoted(item.name()), " is a word of rules; choose another name"));
    }
    CheckId(path, item.id(), absl::StrCat(form.name(), ".", item.name()), item_ids_);
    CheckTexts(path + ".label", item.labels());
    if (item.type() == v1::ITEM_TYPE_UNSPECIFIED || !v1::ItemType_IsValid(item.type())) {
      Add(path + ".type",
          "the type is missing or unknown; give text, integer, decimal, quantity, "
          "date, time, boolean or coded");
    }
    if (item.owner() == v1::OWNER_UNSPECIFIED || !v1::Owner_IsValid(item.owner())) {
      Add(path + ".owner", "the owner is missing or unknown; give site or centre");
    }
    if (item.on_conflict() == v1::CONFLICT_POLICY_UNSPECIFIED ||
        !v1::ConflictPolicy_IsValid(item.on_conflict())) {
      Add(path + ".on_conflict", "the policy is missing or unknown; give adjudicate or latest");
    }
    CheckCodeList(path + ".code_list", item);
    CheckUnits(path + ".units", item);
    CheckRange(path + ".hard", item, item.hard_range());
    CheckRange(path + ".soft", item, item.soft_range());
    CheckSplitFrom(path + ".split_from", form, item);
  }

  const v1::CodeList* FindList(const std::string& name) const {
    for (const v1::CodeList& list : definition_.code_lists()) {
      if (list.name() == name) return &list;
    }
    return nullptr;
  }

  void CheckCodeList(const std::string& path, const v1::ItemDefinition& item) {
    if (item.type() != v1::ITEM_TYPE_CODED) {
      if (!item.code_list().empty()) Add(path, "only coded items have a code list; remove it");
    } else if (item.code_list().empty()) {
      Add(path, "a coded item needs a code list; name one");
    } else if (FindList(item.code_list()) == nullptr) {
      Add(path, absl::StrCat("there is no code list ", Quoted(item.code_list()),
                             "; add it under code_lists or correct the name"));
    }
  }

  void CheckUnits(const std::string& path, const v1::ItemDefinition& item) {
    if (item.type() != v1::ITEM_TYPE_QUANTITY && !item.units().empty()) {
      Add(path, "only quantities have units; remove them or make it a quantity");
    }
    std::set<std::string> units;
    for (const std::string& unit : item.units()) {
      if (!IsWord(unit)) {
        Add(path, absl::StrCat(Quoted(unit), " is no unit; write it in UCUM, e.g. mg/dL"));
      }
      CheckFresh(path, unit, units);
    }
  }

  void CheckRange(const std::string& path, const v1::ItemDefinition& item, const v1::Range& range) {
    if (range.minimum().empty() && range.maximum().empty()) return;
    if (item.type() != v1::ITEM_TYPE_INTEGER && item.type() != v1::ITEM_TYPE_DECIMAL &&
        item.type() != v1::ITEM_TYPE_QUANTITY) {
      Add(path, "only integer, decimal and quantity items have limits; write a check instead");
      return;
    }
    bool decimals = true;
    for (const std::string& limit : {range.minimum(), range.maximum()}) {
      const absl::Status status = limit.empty() ? absl::OkStatus() : ValidateDecimal(limit);
      if (status.ok()) continue;
      decimals = false;
      Add(path, absl::StrCat("the limit ", Quoted(limit), " is ", status.message()));
    }
    if (decimals && CompareDecimals(range.minimum(), range.maximum()) > 0) {
      Add(path, absl::StrCat("the minimum ", range.minimum(), " is above the maximum ",
                             range.maximum(), "; swap them"));
    }
  }

  const v1::ItemDefinition* FindOnForm(const v1::FormDefinition& form, uint32_t id) const {
    const auto found = items_.find(id);
    return found == items_.end() || found->second.form != &form ? nullptr : found->second.item;
  }

  void CheckSplitFrom(const std::string& path, const v1::FormDefinition& form,
                      const v1::ItemDefinition& item) {
    const v1::ItemDefinition* at = &item;
    for (int splits = 0; at->split_from() != 0; ++splits) {
      at = FindOnForm(form, at->split_from());
      if (at == nullptr) {
        Add(path, "the item that it was split from is not on this form; name one that is");
        return;
      }
      if (splits == kSplitsMax) {
        Add(path, absl::StrCat("the item was split from itself, or more than ", kSplitsMax,
                               " times over; break the chain"));
        return;
      }
    }
  }

  void CheckEvents() {
    std::set<std::string> names;
    std::map<uint32_t, std::string> ids;
    for (const v1::EventDefinition& event : definition_.events()) {
      const std::string path = absl::StrCat("events.", event.name());
      CheckName(path, event.name(), /*upper_case=*/true);
      CheckFresh(path, event.name(), names);
      CheckId(path, event.id(), event.name(), ids);
      CheckTexts(path + ".label", event.labels());
      if (event.forms().empty()) Add(path + ".forms", "the event has no forms; name one or more");
      std::set<uint32_t> forms;
      for (const uint32_t form : event.forms()) {
        if (form_ids_.count(form) == 0) {
          Add(path + ".forms", absl::StrCat("there is no form with id ", form, "; add it"));
        }
        if (!forms.insert(form).second) Add(path + ".forms", "a form is named twice; keep one");
      }
    }
  }

  void CheckPrevious() {
    const v1::VersionReference& previous = definition_.previous();
    if (definition_.version() <= 1) {
      if (definition_.has_previous()) {
        Add("previous", "version 1 follows no other; remove it, or raise the version");
      }
      if (!definition_.steps().empty()) {
        Add("steps", "version 1 has nothing to read in another way; remove the steps");
      }
      return;
    }
    if (previous.number() != definition_.version() - 1) {
      Add("previous", absl::StrCat("version ", definition_.version(), " follows version ",
                                   definition_.version() - 1, "; write that number"));
    }
    if (!previous.sha256().empty() && previous.sha256().size() != 32) {
      Add("previous",
          "a SHA-256 has 64 hexadecimal digits; copy it from `trialsync study show`, "
          "or leave it out");
    }
  }

  // The item of a step; adds a problem if there is none.
  const v1::ItemDefinition* StepItem(const std::string& path, uint32_t id) {
    const auto found = items_.find(id);
    if (found != items_.end()) return found->second.item;
    Add(path, absl::StrCat("there is no item with id ", id, "; name an item of this version"));
    return nullptr;
  }

  void CheckOnce(const std::string& path, std::string_view kind, uint32_t item,
                 const std::string& of) {
    const std::string key =
        absl::StrCat(absl::string_view(kind.data(), kind.size()), " ", item, " ", of);
    if (!steps_seen_.insert(key).second) {
      Add(path, "another step says the same of this item; keep one");
    }
  }

  void CheckSteps() {
    for (int index = 0; index < definition_.steps_size(); ++index) {
      const v1::MigrationStep& step = definition_.steps(index);
      const std::string path = absl::StrCat("steps.", index + 1);
      if (step.has_recode()) {
        CheckRecode(path, step.recode());
      } else if (step.has_convert()) {
        CheckConvert(path, step.convert());
      } else if (step.has_default_value()) {
        CheckDefault(path, step.default_value());
      } else if (step.has_split()) {
        CheckSplit(path, step.split());
      } else {
        Add(path, "the step is of no known kind; give recode, convert, default or split");
      }
    }
  }

  void CheckRecode(const std::string& path, const v1::Recode& recode) {
    const v1::ItemDefinition* item = StepItem(path, recode.item());
    if (item == nullptr) return;
    CheckOnce(path, "recode", recode.item(), recode.from());
    v1::Value to;
    to.set_code(recode.to());
    if (item->type() != v1::ITEM_TYPE_CODED || !CanRead(definition_, *item, to)) {
      Add(path, absl::StrCat(Quoted(recode.to()), " is no code of ", item->name(),
                             "; recode to a code of its list"));
    }
    if (!IsWord(recode.from())) {
      Add(path, absl::StrCat(Quoted(recode.from()),
                             " is no code; write it as the version before has it"));
    } else if (recode.from() == recode.to()) {
      Add(path, "the code is read as itself; name two different codes");
    }
  }

  void CheckConvert(const std::string& path, const v1::Convert& convert) {
    const v1::ItemDefinition* item = StepItem(path, convert.item());
    if (item == nullptr) return;
    CheckOnce(path, "convert", convert.item(), convert.from_unit());
    v1::Value to;
    to.mutable_quantity()->set_number("1");
    to.mutable_quantity()->set_unit(convert.to_unit());
    if (item->type() != v1::ITEM_TYPE_QUANTITY || !CanRead(definition_, *item, to)) {
      Add(path, absl::StrCat(Quoted(convert.to_unit()), " is no unit of ", item->name(),
                             "; convert to a unit of the quantity"));
    }
    if (!IsWord(convert.from_unit())) {
      Add(path, absl::StrCat(Quoted(convert.from_unit()),
                             " is no unit; write it as the version before has it"));
    } else if (convert.from_unit() == convert.to_unit()) {
      Add(path, "the unit is converted to itself; name two different units");
    }
    if (!(CompareDecimals(convert.factor(), "0") > 0)) {
      Add(path, absl::StrCat("the factor ", Quoted(convert.factor()),
                             " is no decimal number above zero; write one, e.g. 17.104"));
    }
  }

  void CheckDefault(const std::string& path, const v1::Default& step) {
    const v1::ItemDefinition* item = StepItem(path, step.item());
    if (item == nullptr) return;
    CheckOnce(path, "default", step.item(), "");
    const absl::Status status = ValidateLocalValue(definition_, *item, step.value());
    if (!status.ok()) Add(path, std::string(status.message()));
  }

  void CheckSplit(const std::string& path, const v1::Split& split) {
    const v1::ItemDefinition* from = StepItem(path, split.from());
    if (from == nullptr) return;
    CheckOnce(path, "split", split.from(), "");
    if (from->type() != v1::ITEM_TYPE_TEXT && from->type() != v1::ITEM_TYPE_CODED) {
      Add(path, absl::StrCat(from->name(), " is neither text nor coded; split one that is"));
    }
    if (split.separator().empty() || !IsUtf8(split.separator())) {
      Add(path, "the separator is empty, or no text; give one, e.g. \"/\"");
    }
    if (split.into().empty()) Add(path, "there is nothing to split into; name the parts");
    for (const uint32_t part : split.into()) {
      const v1::ItemDefinition* item = StepItem(path, part);
      if (item == nullptr) continue;
      CheckOnce(path, "part", part, "");
      if (item->split_from() != split.from()) {
        Add(path, absl::StrCat(item->name(), " does not say split_from: ", from->name(),
                               "; add that to the item"));
      }
    }
  }

  struct Home {
    const v1::ItemDefinition* item;
    const v1::FormDefinition* form;
  };

  const v1::StudyDefinition& definition_;
  std::map<uint32_t, Home> items_;
  std::vector<DefinitionProblem> problems_;
  std::set<std::string> form_names_;
  std::map<uint32_t, std::string> form_ids_;
  std::map<uint32_t, std::string> item_ids_;
  std::map<uint32_t, std::string> check_ids_;
  std::set<std::string> steps_seen_;
};

}  // namespace

absl::Status CheckStudyName(std::string_view name) {
  if (IsName(name, /*upper_case=*/false, "_-") && name.size() <= kStudyNameBytesMax) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(name),
                   " is no name of a study; use a lower case letter, then lower case letters, "
                   "digits, _ and -, at most ",
                   kStudyNameBytesMax, " in all, e.g. hbig48"));
}

std::vector<DefinitionProblem> CheckDefinition(const v1::StudyDefinition& definition) {
  return Checker(definition).Run();
}

}  // namespace trialsync::study
