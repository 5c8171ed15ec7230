// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/trial.h"

#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "storage/tables.h"
#include "sync/present.h"
#include "tests/fuzz/sample_study.h"
#include "tests/world/world.h"

namespace trialsync::fuzz {
namespace {

using world::Node;
using world::World;

using Items = std::vector<std::pair<std::string, std::string>>;

// Plays the trial.
class Director {
 public:
  Director() : world_(/*seed=*/1) {
    Publish(1);
    Activate(1, "ZJU");
    Activate(1, "MAYO1");
    ward_ = &world_.AddReplica(site_, "ward");
    clinic_ = &world_.AddReplica(site_, "clinic");
    reader_ = &world_.AddReplica(site_, "reader");
  }

  Trial Play() {
    Link({ward_, clinic_, reader_}, true);
    world_.RunUntilQuiet();
    EnterTogether();
    world_.RunUntilQuiet();
    Link({ward_, clinic_, reader_}, false);
    Publish(2);
    Activate(2, "ZJU");
    WorkApart();
    Link({clinic_}, true);
    world_.RunUntilQuiet();
    Link({clinic_}, false);

    Trial trial;
    trial.site = site_;
    trial.coordinator = world_.coordinator().store().Image();
    trial.ward = ward_->store().Image();
    trial.reader = reader_->store().Image();
    world_.WatchMessages([&trial](const Node&, const sync::Send& send) {
      if (const auto* up = std::get_if<v1::SiteMessage>(&send.message)) trial.up.push_back(*up);
      if (const auto* down = std::get_if<v1::CoordinatorMessage>(&send.message)) {
        trial.down.push_back(*down);
      }
    });
    Link({ward_}, true);
    world_.RunUntilQuiet();
    trial.coordinator_after = world_.coordinator().store().Image();
    trial.ward_after = ward_->store().Image();
    trial.now = world_.now();
    ReadLog(trial);
    return trial;
  }

 private:
  void Link(const std::vector<Node*>& replicas, bool up) {
    for (Node* replica : replicas) world_.SetLink(*replica, up);
  }

  sync::Answer Do(Node& node, sync::ClientWork work) {
    world_.Advance(absl::Seconds(1));
    sync::Answer answer = node.Do(std::move(work));
    if (!answer.status.ok()) std::fprintf(stderr, "%s\n", answer.status.ToString().c_str());
    TS_CHECK(answer.status.ok());
    return answer;
  }

  void Publish(uint32_t version) {
    v1::PublishStudyVersionRequest request;
    request.set_yaml(std::string(SampleYaml(version)));
    request.set_file_name("sample.yaml");
    request.set_author("curie");
    Do(world_.coordinator(), request);
  }

  void Activate(uint32_t version, const std::string& site) {
    v1::ActivateStudyVersionRequest request;
    request.set_name(absl::StrCat("studies/trial/versions/", version));
    request.set_site(site);
    request.set_author("curie");
    request.set_approval_date("2026-01-15");
    request.set_approval_reference("EC-7");
    Do(world_.coordinator(), request);
  }

  std::string Record(const std::string& subject, const std::string& event,
                     const std::string& form) {
    return RecordName{site_, subject, event, form}.ToString();
  }

  void Add(Node& node, const std::string& code) {
    v1::CreateSubjectRequest request;
    request.set_parent(site_.ToString());
    request.set_code(code);
    request.set_author("anna");
    Do(node, request);
  }

  void Rename(Node& node, const std::string& code, const std::string& new_code) {
    v1::RenameSubjectRequest request;
    request.set_name(absl::StrCat(site_.ToString(), "/subjects/", code));
    request.set_new_code(new_code);
    request.set_author("anna");
    request.set_reason("typing error");
    Do(node, request);
  }

  void Merge(Node& node, const std::string& code, const std::string& other) {
    v1::MergeSubjectsRequest request;
    request.set_name(absl::StrCat(site_.ToString(), "/subjects/", code));
    request.set_other(absl::StrCat(site_.ToString(), "/subjects/", other));
    request.set_author("anna");
    request.set_reason("one person");
    Do(node, request);
  }

  void Write(Node& node, const std::string& record, const Items& items, uint32_t version = 0) {
    v1::WriteRecordRequest request;
    request.set_name(record);
    for (const auto& [item, text] : items) {
      v1::ItemInput* input = request.add_items();
      input->set_item(item);
      input->set_text(text);
    }
    request.set_author("anna");
    request.set_reason("entry");
    request.set_create_missing(true);
    request.set_version(version);
    request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
    request.set_request_id(absl::StrCat("r", ++requests_));
    Do(node, request);
  }

  void Act(Node& node, const std::string& record, v1::RecordActKind kind) {
    v1::ActOnRecordRequest request;
    request.set_name(record);
    request.set_kind(kind);
    request.set_author("curie");
    request.set_reason("as planned");
    Do(node, request);
  }

  void Ask(Node& node, const std::string& record, const std::string& item) {
    v1::OpenQueryRequest request;
    request.set_record(record);
    request.set_item(item);
    request.set_text("is that so?");
    request.set_author("curie");
    Do(node, request);
  }

  // Whatever is open of that kind, the first.
  std::string FindOpen(Node& node, v1::DiscrepancyKind kind) {
    v1::ListDiscrepanciesRequest request;
    request.set_kind(kind);
    world::NodeView view(node, site_);
    const auto list = sync::ListDiscrepancies(view.view(), site_, request);
    TS_CHECK(list.ok() && list->discrepancies_size() > 0);
    return list->discrepancies(0).name();
  }

  void AnswerQuery(Node& node) {
    v1::AnswerQueryRequest request;
    request.set_name(FindOpen(node, v1::DISCREPANCY_KIND_QUERY));
    request.set_text("yes");
    request.set_author("anna");
    Do(node, request);
  }

  // Before anybody was away.
  void EnterTogether() {
    for (const char* code : {"S-1", "S-2", "S-3", "S-4"}) Add(*ward_, code);
    Write(*ward_, Record("S-1", "BASE", "LAB"),
          {{"alt", "7"},
           {"weight", "70.5"},
           {"name", "Bo"},
           {"bili", "<1.2 mg/dL"},
           {"day", "2026-01-05"},
           {"hour", "09:30"},
           {"fasting", "true"},
           {"posture", "lying"},
           {"pressure", "120/80"}});
    Write(*ward_, Record("S-2", "BASE", "LAB"), {{"alt", "45"}, {"weight", "missing:not_done"}});
    Write(*ward_, Record("S-2", "VISIT~1", "LAB"), {{"alt", "60"}, {"pressure", "about 120"}});
    Write(*ward_, Record("S-2", "VISIT~1", "AE~1"), {{"term", "nausea"}, {"grade", "1"}});
    world_.RunUntilQuiet();
    Write(world_.coordinator(), Record("S-1", "BASE", "LAB"), {{"review", "fine"}});
    Write(*ward_, Record("S-3", "BASE", "LAB"), {{"alt", "8"}});
    Write(*ward_, Record("S-4", "BASE", "LAB"), {{"alt", "9"}});
    world_.RunUntilQuiet();
  }

  // Ward, clinic and centre, each without the others.
  void WorkApart() {
    Node& centre = world_.coordinator();
    Write(*ward_, Record("S-1", "BASE", "LAB"), {{"alt", "10"}, {"pressure", "130/85"}});
    Write(*ward_, Record("S-2", "BASE", "LAB"), {{"weight", "71"}});
    Write(*ward_, Record("S-3", "BASE", "LAB"), {{"alt", "11"}});
    Write(*ward_, Record("S-4", "BASE", "LAB"), {{"alt", "12"}});
    Write(*ward_, Record("S-2", "VISIT~2", "LAB"), {{"alt", "70"}});
    Act(*ward_, Record("S-1", "BASE", "LAB"), v1::RECORD_ACT_KIND_COMPLETE);
    AnswerQuery(*ward_);
    Add(*ward_, "S-5");
    Rename(*ward_, "S-5", "S-6");
    Add(*ward_, "S-7");
    Write(*ward_, Record("S-7", "BASE", "LAB"), {{"alt", "1"}});

    Write(*clinic_, Record("S-1", "BASE", "LAB"), {{"alt", "13"}, {"weight", "69"}});
    Write(*clinic_, Record("S-2", "VISIT~2", "AE~1"), {{"term", "rash"}});
    Add(*clinic_, "S-7");
    Add(*clinic_, "S-8");
    Merge(*clinic_, "S-3", "S-8");
    Write(*clinic_, Record("S-2", "BASE", "LAB"), {{"alt", "5"}});

    Act(centre, Record("S-3", "BASE", "LAB"), v1::RECORD_ACT_KIND_LOCK);
    Act(centre, Record("S-4", "BASE", "LAB"), v1::RECORD_ACT_KIND_VOID);
    Act(centre, Record("S-2", "VISIT~1", "LAB"), v1::RECORD_ACT_KIND_VERIFY);
    Act(centre, Record("S-2", "VISIT~1", "LAB"), v1::RECORD_ACT_KIND_SIGN);
    Write(centre, Record("S-2", "BASE", "LAB"), {{"alat", "44.5"}});
    Write(centre, Record("S-2", "BASE", "LAB"), {{"systolic", "120"}, {"diastolic", "80"}}, 2);
    Ask(centre, Record("S-1", "BASE", "LAB"), "day");
  }

  void ReadLog(Trial& trial) {
    const auto chain_of = [](Node& node) {
      storage::Transaction transaction(node.store().NewSnapshot());
      return *storage::PartitionTables(&transaction, PartitionNumber{1}).OwnChain();
    };
    trial.ward_chain = chain_of(*ward_);
    trial.clinic_chain = chain_of(*clinic_);
    trial.reader_chain = chain_of(*reader_);
    trial.centre_chain = chain_of(world_.coordinator());
    storage::Transaction transaction(world_.coordinator().store().NewSnapshot());
    const auto partition = storage::StoreTables(&transaction).FindPartition(site_);
    TS_CHECK(partition.has_value());
    storage::PartitionTables tables(&transaction, *partition);
    tables.ForEachLog(1, tables.Head().size(), [&](uint64_t, const v1::LogRow& row) {
      trial.changes.emplace_back();
      TS_CHECK(trial.changes.back().ParseFromString(row.authored()));
      return true;
    });
  }

  const SiteName site_{"trial", "ZJU"};
  World world_;
  Node* ward_ = nullptr;
  Node* clinic_ = nullptr;
  Node* reader_ = nullptr;
  int requests_ = 0;
};

}  // namespace

const Trial& TheTrial() {
  static const auto& trial = *new Trial(Director().Play());
  return trial;
}

}  // namespace trialsync::fuzz
