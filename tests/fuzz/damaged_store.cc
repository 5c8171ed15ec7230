// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "proto/check.h"
#include "storage/key.h"
#include "storage/tables.h"
#include "sync/counts.h"
#include "sync/limits.h"
#include "sync/present.h"
#include "sync/verify.h"
#include "tests/fuzz/edit_message.h"
#include "tests/fuzz/peer.h"
#include "tests/fuzz/target.h"

// Stores in which somebody or something has changed rows: whatever they hold, opening, verifying,
// reading, a session and people's work give an error or an answer, and the process lives. Nothing
// is said of what the answers are: `verify` is for that.
namespace trialsync::fuzz {
namespace {

constexpr size_t kDamagesMax = 4;
constexpr int kActsMax = 4;

struct Row {
  std::string key;
  std::string value;
};

std::vector<Row> RowsOf(const storage::MemoryTree& image) {
  std::vector<Row> rows;
  const auto row = image.Scan("", "");
  for (; row->Valid(); row->Next()) {
    rows.push_back({std::string(row->key()), std::string(row->value())});
  }
  return rows;
}

// The stores that are damaged.
struct Original {
  const storage::MemoryTree& image;
  bool is_site = false;
  std::vector<Row> rows;
};

const Original& ChooseOriginal(Input& input) {
  static const auto& originals = *new std::vector<Original>{
      {TheTrial().coordinator_after, false, RowsOf(TheTrial().coordinator_after)},
      {TheTrial().coordinator, false, RowsOf(TheTrial().coordinator)},
      {TheTrial().ward, true, RowsOf(TheTrial().ward)},
      {TheTrial().ward_after, true, RowsOf(TheTrial().ward_after)}};
  return originals[input.Choose(originals.size())];
}

std::string ChooseSubject(Input& input) {
  const char* const subjects[] = {"S-1", "S-2", "S-3", "S-4", "S-7", "S-9"};
  return subjects[input.Choose(std::size(subjects))];
}

template <typename Message>
std::string Edited(const std::string& value, Input& input) {
  Message message;
  if (!message.ParseFromString(value)) return value;
  EditMessage(message, input);
  return message.SerializeAsString();
}

// The row with one field changed, where its table has messages.
std::string EditedRow(const Row& row, Input& input) {
  using storage::Table;
  switch (static_cast<Table>(row.key[0])) {
    case Table::kIdentity:
      return Edited<v1::StoreIdentity>(row.value, input);
    case Table::kDefinition:
      return Edited<v1::StudyDefinition>(row.value, input);
    case Table::kLog: {
      // The first commit of the run.
      constexpr size_t kLengthBytes = 4;
      const size_t log_bytes = storage::KeyReader(row.value.substr(0, kLengthBytes)).U32();
      v1::LogRow log;
      TS_CHECK(log.ParseFromString(row.value.substr(kLengthBytes, log_bytes)));
      if (input.Choose(2) == 0) {
        log.set_authored(Edited<v1::Change>(log.authored(), input));
      } else {
        EditMessage(log, input);
      }
      const std::string edited = log.SerializeAsString();
      return storage::KeyWriter().U32(static_cast<uint32_t>(edited.size())).Take() + edited +
             row.value.substr(kLengthBytes + log_bytes);
    }
    case Table::kLogHead:
      return Edited<v1::LogHead>(row.value, input);
    case Table::kChange:
      return Edited<v1::ChangeRow>(row.value, input);
    case Table::kRecord:
      return Edited<v1::RecordState>(row.value, input);
    case Table::kBirth:
      return Edited<v1::BirthRow>(row.value, input);
    case Table::kVersion:
      return Edited<v1::VersionRow>(row.value, input);
    case Table::kDiscrepancy:
      return Edited<v1::DiscrepancyRow>(row.value, input);
    case Table::kChain:
      return Edited<v1::ChainHead>(row.value, input);
    case Table::kOwn: {
      v1::OwnRow own;
      TS_CHECK(own.ParseFromString(row.value));
      if (input.Choose(2) == 0) {
        own.set_authored(Edited<v1::Change>(own.authored(), input));
      } else {
        EditMessage(own, input);
      }
      return own.SerializeAsString();
    }
    case Table::kPrivateLog:
      return Edited<v1::PrivateEdit>(row.value, input);
    case Table::kPrivateValue:
      return Edited<v1::StandingValue>(row.value, input);
    default: {
      std::string value = row.value;
      EditBytes(value, input);
      return value;
    }
  }
}

void Damage(const Original& original, storage::WriteBatch& batch, Input& input) {
  const Row& row = original.rows[input.Choose(original.rows.size())];
  std::string key = row.key;
  std::string value = row.value;
  switch (input.Choose(6)) {
    case 0:
      return batch.Delete(row.key);
    case 1:
      EditBytes(value, input);
      break;
    case 2:
      EditBytes(key, input);
      break;
    case 3:
      value = original.rows[input.Choose(original.rows.size())].value;
      break;
    default:
      value = EditedRow(row, input);
      break;
  }
  batch.Put(key, value);
}

// Something that a daemon reads for people.
void Read(const storage::Kv& store, const study::DefinitionSet& definitions, Input& input) {
  const auto snapshot = store.NewSnapshot();
  storage::Transaction transaction(snapshot);
  const SiteName& site = TheTrial().site;
  const auto partition = storage::StoreTables(&transaction).FindPartition(site);
  if (!partition) return;
  sync::View view(snapshot.get(), *partition, &definitions);
  switch (input.Choose(6)) {
    case 0:
      sync::VerifyPartition(snapshot, *partition, site, definitions, [](uint64_t, uint64_t) {
        return true;
      }).IgnoreError();
      return;
    case 1:
      sync::ListSubjects(view, site, {}).IgnoreError();
      return;
    case 2: {
      v1::ListDiscrepanciesRequest request;
      request.set_include_closed(true);
      sync::ListDiscrepancies(view, site, request).IgnoreError();
      return;
    }
    case 3: {
      v1::ListRecordsRequest request;
      request.set_version(input.U8() % 3);
      sync::ListRecords(view, site, request).IgnoreError();
      return;
    }
    case 4: {
      v1::GetRecordHistoryRequest request;
      request.set_name(RecordName{site, ChooseSubject(input), "BASE", "LAB"}.ToString());
      request.set_include_site_only(true);
      sync::PresentHistory(view, site, request).IgnoreError();
      return;
    }
    default:
      sync::CountPartition(*snapshot, *partition).IgnoreError();
  }
}

sync::ClientWork MakeWork(Input& input) {
  const std::string name =
      RecordName{TheTrial().site, ChooseSubject(input), "BASE", "LAB"}.ToString();
  if (input.Choose(2) == 0) {
    v1::ActOnRecordRequest request;
    request.set_name(name);
    request.set_kind(static_cast<v1::RecordActKind>(input.Choose(9)));
    request.set_author("curie");
    request.set_reason("as planned");
    return request;
  }
  v1::WriteRecordRequest request;
  request.set_name(name);
  for (const auto& [item_name, text] : {std::pair("alt", "3"), std::pair("pressure", "1/2")}) {
    v1::ItemInput* const item = request.add_items();
    item->set_item(item_name);
    item->set_text(text);
  }
  request.set_author("anna");
  request.set_reason("entry");
  request.set_create_missing(true);
  request.set_version(1);
  request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
  return request;
}

// Reads, people's work and the session that there was, until the loop says that the store cannot
// be read.
template <typename MachineType, typename Messages>
void Serve(const storage::MemoryTree& image, const MachineType& opened, const Messages& messages,
           Input& input) {
  Peer<MachineType> peer(image, opened);
  for (int acts = 0; acts < kActsMax; ++acts) {
    absl::Status status;
    switch (input.Choose(4)) {
      case 0:
        status = peer.Run({sync::SessionOpened{1}});
        for (size_t i = 0; i < messages.size() && status.ok(); ++i) {
          status = peer.Run({sync::MessageReceived{1, messages[i]}});
        }
        if (status.ok()) status = peer.Run({sync::SessionClosed{1}});
        break;
      case 1:
        status = peer.Run({sync::ClientRequest{1, MakeWork(input)}});
        break;
      default:
        Read(peer.store(), DefinitionsOf(peer.machine()), input);
    }
    if (!status.ok() || input.ended()) return;
  }
}

void Run(std::string_view bytes) {
  TheRandomness().BeginAnew();
  Input input(bytes);
  const Original& original = ChooseOriginal(input);
  storage::WriteBatch batch;
  for (size_t left = 1 + input.Choose(kDamagesMax); left > 0; --left) {
    Damage(original, batch, input);
  }
  const storage::MemoryTree damaged = original.image.Apply(batch);
  const storage::MemoryKv store(damaged);
  if (original.is_site) {
    const auto machine = OpenSite(store);
    if (machine.ok()) Serve(damaged, **machine, TheTrial().down, input);
  } else {
    const auto machine = OpenCoordinator(store);
    const bool opened = machine.ok() && (*machine)->definitions().contains(TheTrial().site.study);
    if (opened) Serve(damaged, **machine, TheTrial().up, input);
  }
}

const RegisteredTarget kTarget("damaged_store", Run);

}  // namespace
}  // namespace trialsync::fuzz
