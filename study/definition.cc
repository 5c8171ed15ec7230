// SPDX-License-Identifier: Apache-2.0
#include "study/definition.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "study/check_definition.h"

namespace trialsync::study {
namespace {

constexpr size_t kProblemsShownMax = 5;

// What a map holds for `key`, or null.
template <typename Map, typename Key>
auto FindOrNull(const Map& map, const Key& key) -> typename Map::mapped_type {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

absl::Status NoProblems(const v1::StudyDefinition& definition) {
  std::string sentences;
  size_t count = 0;
  for (const DefinitionProblem& problem : CheckDefinition(definition)) {
    if (++count > kProblemsShownMax) continue;
    absl::StrAppend(&sentences, "; ", problem.path, ": ", problem.sentence);
  }
  if (count == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the study definition has ", count, " fault(s)", sentences));
}

std::string VersionName(const Definition& definition) {
  return absl::StrCat("version ", definition.number(), " (", definition.hash().hex().substr(0, 12),
                      ")");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Definition>> Definition::FromBytes(std::string bytes) {
  if (bytes.size() > kDefinitionBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a study definition of ", bytes.size(), " bytes is too large; at most ",
                     kDefinitionBytesMax, " are allowed, so shorten its texts"));
  }
  v1::StudyDefinition proto;
  if (!proto.ParseFromString(bytes)) {
    return absl::InvalidArgumentError(
        "these bytes are no study definition; compile one with `trialsync study check`");
  }
  if (absl::Status status = NoProblems(proto); !status.ok()) return status;
  if (proto.version() > 1 && proto.previous().sha256().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("version ", proto.version(), " of study ", proto.study(),
                     " is a draft: it names the version before by number only; publish it, which "
                     "adds the hash"));
  }
  return std::shared_ptr<const Definition>(new Definition(std::move(bytes), std::move(proto)));
}

Definition::Definition(std::string bytes, v1::StudyDefinition proto)
    : bytes_(std::move(bytes)), proto_(std::move(proto)), hash_(Sha256Of(bytes_)) {
  version_.set_number(proto_.version());
  version_.set_sha256(hash_.str());
  Index();
}

void Definition::Index() {
  for (const v1::CodeList& list : proto_.code_lists()) code_lists_.emplace(list.name(), &list);
  for (const v1::EventDefinition& event : proto_.events()) {
    events_.emplace(event.id(), &event);
    events_by_name_.emplace(event.name(), &event);
  }
  for (const v1::FormDefinition& form : proto_.forms()) {
    forms_.emplace(form.id(), &form);
    forms_by_name_.emplace(form.name(), &form);
    for (const v1::ItemDefinition& item : form.items()) {
      items_.emplace(item.id(), ItemEntry{.item = &item, .form = &form});
      items_by_name_.emplace(std::pair(form.id(), item.name()), &item);
      has_site_only_items_ = has_site_only_items_ || item.site_only();
    }
    for (const v1::Check& check : form.checks()) {
      absl::StatusOr<Rule> rule = Rule::Parse(check.rule(), form, proto_);
      TS_CHECK(rule.ok());
      rules_.emplace(check.id(), *std::move(rule));
    }
  }
}

const v1::EventDefinition* Definition::FindEvent(uint32_t id) const {
  return FindOrNull(events_, id);
}

const v1::EventDefinition* Definition::FindEvent(std::string_view name) const {
  return FindOrNull(events_by_name_, std::string(name));
}

const v1::FormDefinition* Definition::FindForm(uint32_t id) const { return FindOrNull(forms_, id); }

const v1::FormDefinition* Definition::FindForm(std::string_view name) const {
  return FindOrNull(forms_by_name_, std::string(name));
}

const v1::ItemDefinition* Definition::FindItem(uint32_t id) const {
  const auto found = items_.find(id);
  return found == items_.end() ? nullptr : found->second.item;
}

const v1::ItemDefinition* Definition::FindItem(uint32_t form, std::string_view name) const {
  return FindOrNull(items_by_name_, std::pair(form, std::string(name)));
}

const v1::FormDefinition* Definition::FormOfItem(uint32_t item) const {
  const auto found = items_.find(item);
  return found == items_.end() ? nullptr : found->second.form;
}

const v1::CodeList* Definition::FindCodeList(std::string_view name) const {
  return FindOrNull(code_lists_, std::string(name));
}

bool Definition::EventHasForm(uint32_t event, uint32_t form) const {
  const v1::EventDefinition* found = FindEvent(event);
  return found != nullptr && FindForm(form) != nullptr &&
         std::find(found->forms().begin(), found->forms().end(), form) != found->forms().end();
}

uint32_t Definition::Lineage(uint32_t item) const {
  // CheckDefinition made sure that the chain ends.
  for (const v1::ItemDefinition* at = FindItem(item); at != nullptr && at->split_from() != 0;
       at = FindItem(item)) {
    item = at->split_from();
  }
  return item;
}

const Rule* Definition::FindRule(uint32_t check) const {
  const auto found = rules_.find(check);
  return found == rules_.end() ? nullptr : &found->second;
}

absl::Status DefinitionSet::Add(std::shared_ptr<const Definition> definition) {
  TS_CHECK(definition != nullptr);
  if (!all_.empty() && all_.front()->proto().study() != definition->proto().study()) {
    return absl::InvalidArgumentError(absl::StrCat(
        VersionName(*definition), " is of study ", definition->proto().study(), ", not of ",
        all_.front()->proto().study(), "; give the definition of the right study"));
  }
  const auto at =
      std::lower_bound(all_.begin(), all_.end(), definition->number(),
                       [](const auto& known, uint32_t number) { return known->number() < number; });
  if (at != all_.end() && (*at)->number() == definition->number()) {
    if ((*at)->hash() == definition->hash()) return absl::OkStatus();
    return absl::AlreadyExistsError(absl::StrCat(
        VersionName(*definition), " of study ", definition->proto().study(), " differs from ",
        VersionName(**at), ", which is known under the same number; publish it under the next"));
  }
  all_.insert(at, std::move(definition));
  return absl::OkStatus();
}

std::shared_ptr<const Definition> DefinitionSet::Find(uint32_t number) const {
  for (const auto& definition : all_) {
    if (definition->number() == number) return definition;
  }
  return nullptr;
}

std::shared_ptr<const Definition> DefinitionSet::Find(const v1::VersionReference& version) const {
  std::shared_ptr<const Definition> found = Find(version.number());
  if (found != nullptr && found->version().sha256() != version.sha256()) return nullptr;
  return found;
}

std::shared_ptr<const Definition> DefinitionSet::latest() const {
  return all_.empty() ? nullptr : all_.back();
}

absl::StatusOr<std::string> CompletePrevious(std::string draft,
                                             const v1::VersionReference& previous) {
  v1::StudyDefinition proto;
  if (!proto.ParseFromString(draft)) {
    return absl::InvalidArgumentError(
        "these bytes are no study definition; compile one with `trialsync study check`");
  }
  if (!proto.has_previous() || proto.previous().number() != previous.number() ||
      (!proto.previous().sha256().empty() && proto.previous().sha256() != previous.sha256())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "version ", proto.version(), " of study ", proto.study(), " does not follow version ",
        previous.number(), " as it was published; correct its key 'previous'"));
  }
  if (!proto.previous().sha256().empty()) return draft;
  proto.mutable_previous()->set_sha256(previous.sha256());
  return proto.SerializeAsString();
}

std::string_view TextIn(const google::protobuf::RepeatedPtrField<v1::LocalizedText>& texts,
                        std::string_view language) {
  for (const std::string_view wanted : {language, std::string_view("en")}) {
    for (const v1::LocalizedText& text : texts) {
      if (text.language() == wanted) return text.text();
    }
  }
  return texts.empty() ? std::string_view() : std::string_view(texts.Get(0).text());
}

}  // namespace trialsync::study
