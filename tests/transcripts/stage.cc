// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/stage.h"

#include <cstdio>
#include <fstream>
#include <regex>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/check.h"
#include "study/yaml.h"
#include "sync/receipt.h"

namespace trialsync::transcripts {
namespace {

constexpr uint64_t kSeed = 2;
constexpr char kStudy[] = "trial";
constexpr char kSite[] = "A";
constexpr char kCentre[] = "centre";
// Texts with longer runs of one character are shown by their length.
constexpr size_t kRunMax = 60;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  TS_CHECK(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string CountRuns(const std::string& text) {
  std::string shown;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && text[end] == text[i]) ++end;
    if (end - i > kRunMax) {
      absl::StrAppend(&shown, std::string(3, text[i]), "…(", end - i, " bytes)");
    } else {
      shown.append(text, i, end - i);
    }
    i = end;
  }
  return shown;
}

}  // namespace

Stage::Stage() : world_(kSeed) {}

const SiteName& Stage::partition() {
  static const SiteName* const name = new SiteName{kStudy, kSite};
  return *name;
}

world::Node* Stage::Find(const std::string& name) {
  if (name == kCentre) return &world_.coordinator();
  for (world::Node* node : world_.replicas()) {
    if (node->name() == name) return node;
  }
  return nullptr;
}

world::Node& Stage::AddReplica(const std::string& name) {
  return world_.AddReplica(partition(), name);
}

RawReplica& Stage::Raw(const std::string& name) {
  auto& raw = raws_[name];
  if (raw == nullptr) raw = std::make_unique<RawReplica>(&world_, name);
  return *raw;
}

std::string Stage::DefinitionYaml(uint32_t version) {
  return ReadFile(absl::StrCat("tests/transcripts/study_v", version, ".yaml"));
}

std::shared_ptr<const study::Definition> Stage::DefinitionOf(uint32_t version) {
  auto bytes = study::CompileStudy(DefinitionYaml(version), "");
  TS_CHECK(bytes.ok());
  if (version > 1) {
    bytes = study::CompletePrevious(*std::move(bytes), DefinitionOf(version - 1)->version());
    TS_CHECK(bytes.ok());
  }
  auto definition = study::Definition::FromBytes(*std::move(bytes));
  TS_CHECK(definition.ok());
  return *std::move(definition);
}

void Stage::NameChange(const ChangeId& id, const std::string& name) { Learn(id, name); }

void Stage::Learn(const ChangeId& id, const std::string& name) {
  if (name_by_id_.contains(id.str())) return;
  // A second change in one place, after a store went back, is A1:3' .
  std::string unique = name;
  while (id_by_name_.contains(unique)) unique += "'";
  name_by_id_[id.str()] = unique;
  id_by_name_[unique] = id.str();
}

void Stage::LearnNames() {
  for (world::Node* node : world_.replicas()) {
    if (!node->up()) continue;
    storage::Transaction transaction(node->store().NewSnapshot());
    storage::PartitionTables tables(&transaction, node->site()->partition());
    const std::optional<ChainId> chain = tables.OwnChain();
    if (!chain) continue;
    tables.ForEachOwn(chain->incarnation, 1, [&](uint64_t seq, const v1::OwnRow& row) {
      Learn(ChangeIdOf(Sha256Of(row.authored())), absl::StrCat(node->name(), ":", seq));
      return true;
    });
  }
  storage::Transaction transaction(world_.coordinator().store().NewSnapshot());
  storage::StoreTables store(&transaction);
  const auto number = store.FindPartition(partition());
  if (!number) return;
  const std::string centre = store.Identity()->replica();
  storage::PartitionTables tables(&transaction, *number);
  tables.ForEachLog(1, tables.Head().size(), [&](uint64_t, const v1::LogRow& row) {
    const absl::StatusOr<sync::Receipt> receipt = sync::DecodeReceipt(row.receipt());
    TS_CHECK(receipt.ok());
    if (receipt->stamp.chain.replica.view() != centre) return true;
    Learn(ChangeIdOf(Sha256Of(row.authored())), absl::StrCat(kCentre, ":", receipt->stamp.seq));
    return true;
  });
}

std::string Stage::NameOf(const std::string& id_bytes) {
  const std::optional<ChangeId> id = ChangeId::From(id_bytes);
  return id ? NameOf(*id) : "nothing";
}

std::string Stage::NameOf(const ChangeId& id) {
  if (!name_by_id_.contains(id.str())) LearnNames();
  const auto found = name_by_id_.find(id.str());
  return found == name_by_id_.end() ? "an unknown change" : found->second;
}

ChangeId Stage::ChangeNamed(const std::string& name) {
  if (!id_by_name_.contains(name)) LearnNames();
  const auto found = id_by_name_.find(name);
  if (found == id_by_name_.end()) {
    std::fprintf(stderr, "a transcript speaks of the change %s, which is not there\n",
                 name.c_str());
    std::abort();
  }
  return *ChangeId::From(found->second);
}

std::string Stage::Tidy(std::string text) {
  // An id whole, or shortened to 12 digits as in names of things without a label.
  static const std::regex* const kId = new std::regex("[0-9a-f]{32}|\\b[0-9a-f]{12}\\b");
  text = CountRuns(text);
  LearnNames();
  std::map<std::string, std::string> names;
  for (const auto& [id, name] : name_by_id_) {
    names[ToHex(id)] = name;
    names[ToHex(id).substr(0, 12)] = name;
  }
  std::string tidy;
  std::smatch match;
  while (std::regex_search(text, match, *kId)) {
    const auto found = names.find(match.str());
    absl::StrAppend(&tidy, match.prefix().str(),
                    found == names.end() ? match.str() : found->second);
    text = match.suffix().str();
  }
  tidy += text;
  return absl::StrReplaceAll(tidy, {{partition().ToString() + "/subjects/", ""},
                                    {"/events/", "/"},
                                    {"/forms/", "/"}});
}

}  // namespace trialsync::transcripts
