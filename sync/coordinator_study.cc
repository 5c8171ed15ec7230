// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "study/value.h"
#include "study/versions.h"
#include "study/yaml.h"
#include "sync/approval.h"
#include "sync/coordinator_group.h"

namespace trialsync::sync {
namespace {

absl::Status RequireAuthor(const std::string& author) {
  if (!author.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("who does this? give --author");
}

// What breaks stored data without a declared step, in sentences.
absl::Status CheckAgainst(const study::Definition& before, const study::Definition& after) {
  const absl::StatusOr<std::vector<study::VersionFinding>> findings =
      study::CompareVersions(before, after);
  if (!findings.ok()) return findings.status();
  std::vector<std::string> blocking;
  for (const study::VersionFinding& finding : *findings) {
    if (finding.blocks()) blocking.push_back(finding.sentence);
  }
  if (blocking.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "version ", after.number(), " breaks data of version ", before.number(), ":\n  ",
      absl::StrJoin(blocking, "\n  "),
      "\ndeclare a step for each; trialsync study check FILE counts the values they touch"));
}

v1::StudyVersionActivation ActivationOf(const SiteName& site, const study::Definition& definition,
                                        v1::StudyVersionActivation::State state, uint64_t commit) {
  v1::StudyVersionActivation activation;
  activation.set_site(site.ToString());
  *activation.mutable_version() = definition.version();
  activation.set_state(state);
  activation.set_commit(commit);
  return activation;
}

absl::Status NearlyThere(const std::string& name, const std::string& other) {
  return absl::AlreadyExistsError(
      absl::StrCat("site ", other, " is there already, and \"", name,
                   "\" differs from it only in capital letters: write it as it is there, or choose "
                   "another name"));
}

void SetApproval(const v1::VersionActivation& approval, v1::StudyVersionActivation& activation) {
  activation.set_approval_date(approval.approval_date());
  activation.set_approval_reference(approval.approval_reference());
}

// What `offered` leaves out says nothing else.
bool TellsTheSame(const v1::VersionActivation& offered, const v1::VersionActivation& recorded) {
  const auto same = [](const std::string& text, const std::string& other) {
    return text.empty() || text == other;
  };
  return same(offered.approval_date(), recorded.approval_date()) &&
         same(offered.approval_reference(), recorded.approval_reference());
}

absl::Status OtherApproval(const v1::VersionActivation& recorded,
                           const v1::VersionActivation& offered) {
  return absl::AlreadyExistsError(absl::StrCat(
      "version ", recorded.version().number(), " is active by ", ApprovalText(recorded),
      ", and the command names ", ApprovalText(offered),
      ": what is recorded stays; a later approval is that of a later version (trialsync study "
      "publish), and trialsync study show has what is recorded"));
}

// The draft with the version before filled in from those that are published, compiled and compared.
absl::StatusOr<std::shared_ptr<const study::Definition>> Prepare(
    const v1::PublishStudyVersionRequest& request, const CoordinatorMachine::Definitions& known) {
  absl::StatusOr<std::string> bytes = study::CompileStudy(request.yaml(), request.file_name());
  if (!bytes.ok()) return bytes.status();
  v1::StudyDefinition draft;
  draft.ParseFromString(*bytes);
  std::shared_ptr<const study::Definition> before;
  if (draft.has_previous()) {
    const auto set = known.find(draft.study());
    if (set != known.end()) before = set->second->Find(draft.previous().number());
    if (before == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("version ", draft.version(), " follows version ", draft.previous().number(),
                       ", which is not published: publish that first"));
    }
    bytes = study::CompletePrevious(*std::move(bytes), before->version());
    if (!bytes.ok()) return bytes.status();
  }
  auto definition = study::Definition::FromBytes(*std::move(bytes));
  if (!definition.ok() || before == nullptr) return definition;
  if (absl::Status fits = CheckAgainst(*before, **definition); !fits.ok()) return fits;
  return definition;
}

}  // namespace

absl::Status CoordinatorMachine::Group::AddDefinition(
    const std::string& study, std::shared_ptr<const study::Definition> definition) {
  auto& current = machine_.definitions_[study];
  study::DefinitionSet grown = current == nullptr ? study::DefinitionSet() : *current;
  if (absl::Status added = grown.Add(definition); !added.ok()) return added;
  for (auto& [name, work] : works_) {
    work.state->Flush();
    work.log->Flush();
  }
  works_.clear();
  current = std::make_shared<const study::DefinitionSet>(std::move(grown));
  storage::StoreTables(&transaction_)
      .PutDefinition(study, definition->number(), definition->hash().view(), definition->bytes());
  return absl::OkStatus();
}

absl::StatusOr<v1::StudyVersion> CoordinatorMachine::Group::Publish(
    const v1::PublishStudyVersionRequest& request) {
  if (absl::Status named = RequireAuthor(request.author()); !named.ok()) return named;
  auto prepared = Prepare(request, machine_.definitions_);
  if (!prepared.ok()) return prepared.status();
  const study::Definition& definition = **prepared;
  const std::string& study = definition.proto().study();

  v1::StudyVersion answer;
  answer.set_name(absl::StrCat("studies/", study, "/versions/", definition.number()));
  *answer.mutable_version() = definition.version();
  *answer.mutable_definition() = definition.proto();
  auto& current = machine_.definitions_[study];
  if (current == nullptr) current = std::make_shared<const study::DefinitionSet>();
  if (current->Find(definition.version()) != nullptr) return answer;
  if (current->Find(definition.number()) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("version ", definition.number(), " of study ", study,
                     " is published with other content, and a published version never changes: "
                     "give this one the next number"));
  }
  if (absl::Status added = AddDefinition(study, *prepared); !added.ok()) return added;

  if (!machine_.partitions_.contains({study, std::string(kCentreSite)})) {
    Create({study, std::string(kCentreSite)});
  } else {
    for (const auto& [name, partition] : machine_.partitions_) {
      Work* const work = name.study == study ? Open(name) : nullptr;
      if (work == nullptr || !Stopped(*work).ok()) continue;
      v1::Change change = NewChange(work->name, *work->log, request.author(), request.reason());
      *change.mutable_version_publication()->mutable_version() = definition.version();
      CommitOwn(*work, change);
    }
  }
  Tell(Event::Severity::kInfo, "study version published",
       {{"study", study}, {"version", absl::StrCat(definition.number())}});
  return answer;
}

absl::StatusOr<std::shared_ptr<const study::Definition>> CoordinatorMachine::Group::FindVersion(
    const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  uint32_t number = 0;
  if (parts.size() != 4 || parts[0] != "studies" || parts[2] != "versions" ||
      !absl::SimpleAtoi(parts[3], &number)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is no study version: write studies/STUDY/versions/NUMBER"));
  }
  const auto set = machine_.definitions_.find(parts[1]);
  auto definition = set == machine_.definitions_.end() ? nullptr : set->second->Find(number);
  if (definition == nullptr) {
    return absl::NotFoundError(absl::StrCat("study ", parts[1], " has no published version ",
                                            number, "; see trialsync study list"));
  }
  return definition;
}

absl::StatusOr<v1::StudyVersionActivation> CoordinatorMachine::Group::Activate(
    const v1::ActivateStudyVersionRequest& request) {
  if (absl::Status named = RequireAuthor(request.author()); !named.ok()) return named;
  const auto definition = FindVersion(request.name());
  if (!definition.ok()) return definition.status();
  if (absl::Status valid = CheckShortName("site", request.site()); !valid.ok()) return valid;
  if (request.site() == kCentreSite) {
    return absl::InvalidArgumentError("CENTRE is the study's own partition, not a site");
  }
  const std::string& approved = request.approval_date();
  if (!approved.empty() && (approved.size() != 10 || !study::IsDate(approved))) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", approved, "\" is no date of an approval; write it as 2026-03-01"));
  }
  const SiteName name{(*definition)->proto().study(), request.site()};
  const bool known = machine_.partitions_.contains(name);
  for (const auto& [other, partition] : machine_.partitions_) {
    const bool alike = other.study == name.study && absl::EqualsIgnoreCase(other.site, name.site);
    if (!known && alike) return NearlyThere(name.site, other.site);
  }
  Work* const work = known ? Open(name) : Create(name);
  if (work == nullptr) return status_;
  if (absl::Status stopped = Stopped(*work); !stopped.ok()) return stopped;

  const std::optional<v1::VersionRow> row = work->state->tables().Version((*definition)->version());
  if (row && !row->retired().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("version ", (*definition)->number(), " was retired for site ", name.site,
                     ", and retirement is final: publish a new version"));
  }
  v1::VersionActivation body;
  *body.mutable_version() = (*definition)->version();
  body.set_approval_date(request.approval_date());
  body.set_approval_reference(request.approval_reference());
  if (row && !row->activated().empty()) {
    const v1::VersionActivation recorded = ApprovalOf(work->state->tables(), *row);
    if (IsTold(recorded) && !TellsTheSame(body, recorded)) return OtherApproval(recorded, body);
    if (IsTold(recorded) || !IsTold(body)) {
      v1::StudyVersionActivation answer =
          ActivationOf(name, **definition, v1::StudyVersionActivation::ACTIVE, row->activated(0));
      SetApproval(recorded, answer);
      return answer;
    }
  }
  v1::Change change = NewChange(work->name, *work->log, request.author(), request.reason());
  *change.mutable_version_activation() = body;
  const Receipt receipt = CommitOwn(*work, change);
  Tell(Event::Severity::kInfo, "study version activated",
       {{"site", name.ToString()}, {"version", absl::StrCat((*definition)->number())}});
  v1::StudyVersionActivation answer =
      ActivationOf(name, **definition, v1::StudyVersionActivation::ACTIVE, receipt.number);
  SetApproval(body, answer);
  return answer;
}

absl::StatusOr<v1::StudyVersionActivation> CoordinatorMachine::Group::Retire(
    const v1::RetireStudyVersionRequest& request) {
  if (absl::Status named = RequireAuthor(request.author()); !named.ok()) return named;
  const auto definition = FindVersion(request.name());
  if (!definition.ok()) return definition.status();
  const SiteName name{(*definition)->proto().study(), request.site()};
  Work* const work = Open(name);
  const auto row =
      work == nullptr ? std::nullopt : work->state->tables().Version((*definition)->version());
  if (!row || row->activated().empty()) {
    return absl::FailedPreconditionError(absl::StrCat("version ", (*definition)->number(),
                                                      " is not active for site ", request.site()));
  }
  if (!row->retired().empty()) {
    return ActivationOf(name, **definition, v1::StudyVersionActivation::RETIRED, row->retired(0));
  }
  if (absl::Status stopped = Stopped(*work); !stopped.ok()) return stopped;
  v1::Change change = NewChange(work->name, *work->log, request.author(), request.reason());
  *change.mutable_version_retirement()->mutable_version() = (*definition)->version();
  const Receipt receipt = CommitOwn(*work, change);
  Tell(Event::Severity::kInfo, "study version retired",
       {{"site", name.ToString()}, {"version", absl::StrCat((*definition)->number())}});
  return ActivationOf(name, **definition, v1::StudyVersionActivation::RETIRED, receipt.number);
}

}  // namespace trialsync::sync
