// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/reads.h"
#include "daemon/sight.h"
#include "study/versions.h"
#include "study/yaml.h"
#include "sync/approval.h"
#include "sync/convertible_values.h"
#include "sync/touched_values.h"

namespace trialsync::daemon {
namespace {

constexpr char kAll[] = "-";
constexpr char kLatest[] = "latest";

std::string VersionName(const study::Definition& definition) {
  return absl::StrCat("studies/", definition.proto().study(), "/versions/", definition.number());
}

// The published version that `studies/S/versions/N` (or `latest`) names.
absl::StatusOr<std::shared_ptr<const study::Definition>> FindVersion(const Sight& sight,
                                                                     const std::string& name) {
  const std::vector<std::string> segments = absl::StrSplit(name, '/');
  uint32_t number = 0;
  const bool latest = segments.size() == 4 && segments[3] == kLatest;
  if (segments.size() != 4 || segments[0] != "studies" || segments[2] != "versions" ||
      (!latest && !absl::SimpleAtoi(segments[3], &number))) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name,
                     "\" is not the name of a study version: write studies/STUDY/versions/NUMBER, "
                     "or latest in place of the number"));
  }
  const study::DefinitionSet& definitions = sight.DefinitionsOf(segments[1]);
  auto definition = latest ? definitions.latest() : definitions.Find(number);
  if (definition != nullptr) return definition;
  return absl::NotFoundError(absl::StrCat(
      "there is no ", name, " here", definitions.all().empty() ? ": the study is unknown" : ""));
}

v1::StudyVersionActivation::State StateOf(const v1::VersionRow& row) {
  if (!row.retired().empty()) return v1::StudyVersionActivation::RETIRED;
  if (!row.activated().empty()) return v1::StudyVersionActivation::ACTIVE;
  return v1::StudyVersionActivation::PUBLISHED;
}

uint64_t CommitOf(const v1::VersionRow& row) {
  if (!row.retired().empty()) return row.retired(0);
  return row.activated().empty() ? 0 : row.activated(0);
}

// What the version may be used for at each site that has it.
absl::Status AddActivations(const Sight& sight, const study::Definition& definition,
                            v1::StudyVersion& version) {
  for (const Sight::Partition& partition : sight.partitions()) {
    if (partition.name.study != definition.proto().study()) continue;
    sync::View view = sight.ViewOf(partition);
    const auto row = view.state().tables().Version(definition.version());
    if (!view.state().status().ok()) return view.state().status();
    if (!row) continue;
    v1::StudyVersionActivation* activation = version.add_activations();
    activation->set_site(partition.name.ToString());
    *activation->mutable_version() = definition.version();
    activation->set_state(StateOf(*row));
    activation->set_commit(CommitOf(*row));
    if (!row->activated().empty()) {
      const v1::VersionActivation approval = sync::ApprovalOf(view.state().tables(), *row);
      activation->set_approval_date(approval.approval_date());
      activation->set_approval_reference(approval.approval_reference());
    }
  }
  return absl::OkStatus();
}

// The version that a draft is compared with; null if there is none.
absl::StatusOr<std::shared_ptr<const study::Definition>> FindBefore(
    const Sight& sight, const v1::StudyDefinition& draft, const std::string& against) {
  if (!against.empty()) return FindVersion(sight, against);
  return draft.has_previous() ? sight.DefinitionsOf(draft.study()).Find(draft.previous().number())
                              : nullptr;
}

std::string SubjectOf(const study::VersionFinding& finding, const study::Definition& before,
                      const study::Definition& after) {
  for (const study::Definition* definition : {&before, &after}) {
    const v1::ItemDefinition* item = definition->FindItem(finding.item);
    if (item != nullptr) {
      return absl::StrCat(definition->FormOfItem(finding.item)->name(), ".", item->name());
    }
    const v1::FormDefinition* form = definition->FindForm(finding.form);
    const v1::EventDefinition* event = definition->FindEvent(finding.event);
    if (form != nullptr && event != nullptr) return absl::StrCat(event->name(), "/", form->name());
    if (form != nullptr) return form->name();
    if (event != nullptr) return event->name();
  }
  return "";
}

// What a step says how to read, and yet cannot be read by it.
absl::Status AddNotConvertible(const Sight& sight, const std::vector<PartitionNumber>& partitions,
                               const study::Definition& after,
                               v1::CheckStudyVersionResponse& response) {
  const auto counts = sync::CountNotConvertible(*sight.snapshot(), partitions, after,
                                                sight.DefinitionsOf(after.proto().study()));
  if (!counts.ok()) return counts.status();
  for (const auto& [item, count] : *counts) {
    const v1::ItemDefinition* definition = after.FindItem(item);
    if (count == 0 || definition == nullptr) continue;
    v1::VersionFinding* finding = response.add_findings();
    finding->set_subject(absl::StrCat(after.FormOfItem(item)->name(), ".", definition->name()));
    finding->set_message(absl::StrCat(
        finding->subject(),
        ": there are values that the declared step cannot read; they are kept, and show as not "
        "convertible under this version until they are corrected"));
    finding->set_values_touched(count);
  }
  return absl::OkStatus();
}

absl::Status AddFindings(const Sight& sight, const study::Definition& before,
                         const study::Definition& after, v1::CheckStudyVersionResponse& response) {
  const auto findings = study::CompareVersions(before, after);
  if (!findings.ok()) return findings.status();
  std::vector<PartitionNumber> partitions;
  for (const Sight::Partition& partition : sight.partitions()) {
    if (partition.name.study == after.proto().study()) partitions.push_back(partition.number);
  }
  const auto counts = sync::CountTouched(*sight.snapshot(), partitions, *findings,
                                         sight.DefinitionsOf(after.proto().study()));
  if (!counts.ok()) return counts.status();
  for (size_t i = 0; i < findings->size(); ++i) {
    const study::VersionFinding& found = (*findings)[i];
    v1::VersionFinding* finding = response.add_findings();
    finding->set_breaking(study::IsBreaking(found.difference));
    finding->set_covered(found.covered_by_step);
    finding->set_subject(SubjectOf(found, before, after));
    finding->set_message(found.sentence);
    finding->set_values_touched((*counts)[i]);
  }
  return AddNotConvertible(sight, partitions, after, response);
}

}  // namespace

absl::StatusOr<v1::CheckStudyVersionResponse> CheckStudyVersion(
    const Backend& backend, const v1::CheckStudyVersionRequest& request) {
  absl::StatusOr<std::string> bytes = study::CompileStudy(request.yaml(), request.file_name());
  if (!bytes.ok()) return bytes.status();
  v1::StudyDefinition draft;
  if (!draft.ParseFromString(*bytes)) return absl::InternalError("the compiled study is damaged");
  const Sight sight(backend);
  const auto before = FindBefore(sight, draft, request.against());
  if (!before.ok()) return before.status();
  if (*before != nullptr && draft.has_previous()) {
    bytes = study::CompletePrevious(*std::move(bytes), (*before)->version());
    if (!bytes.ok()) return bytes.status();
  }
  v1::CheckStudyVersionResponse response;
  if (*before == nullptr && draft.has_previous()) {
    // It can be neither hashed nor compared before the one that it follows is published here.
    response.mutable_version()->set_number(draft.version());
    return response;
  }
  const auto after = study::Definition::FromBytes(*std::move(bytes));
  if (!after.ok()) return after.status();
  *response.mutable_version() = (*after)->version();
  if (*before == nullptr) return response;
  response.set_against(VersionName(**before));
  if (absl::Status added = AddFindings(sight, **before, **after, response); !added.ok()) {
    return added;
  }
  return response;
}

absl::StatusOr<v1::StudyVersion> GetStudyVersion(const Backend& backend,
                                                 const v1::GetStudyVersionRequest& request) {
  const Sight sight(backend);
  const auto definition = FindVersion(sight, request.name());
  if (!definition.ok()) return definition.status();
  v1::StudyVersion version;
  version.set_name(VersionName(**definition));
  *version.mutable_version() = (*definition)->version();
  *version.mutable_definition() = (*definition)->proto();
  version.set_yaml(study::DefinitionToYaml((*definition)->proto()));
  if (absl::Status added = AddActivations(sight, **definition, version); !added.ok()) return added;
  return version;
}

// All of them on one page: a study has tens of versions, not thousands.
absl::StatusOr<v1::ListStudyVersionsResponse> ListStudyVersions(
    const Backend& backend, const v1::ListStudyVersionsRequest& request) {
  const std::vector<std::string> segments = absl::StrSplit(request.parent(), '/');
  if (segments.size() != 2 || segments[0] != "studies" || segments[1].empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", request.parent(), "\" is not the name of a study: write studies/STUDY or studies/-"));
  }
  const Sight sight(backend);
  v1::ListStudyVersionsResponse response;
  for (const auto& [study, definitions] : sight.notice().definitions) {
    if (segments[1] != kAll && segments[1] != study) continue;
    for (const auto& definition : definitions->all()) {
      v1::StudyVersion* version = response.add_versions();
      version->set_name(VersionName(*definition));
      *version->mutable_version() = definition->version();
      if (absl::Status added = AddActivations(sight, *definition, *version); !added.ok()) {
        return added;
      }
    }
  }
  return response;
}

}  // namespace trialsync::daemon
