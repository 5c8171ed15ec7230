// SPDX-License-Identifier: Apache-2.0
#include "daemon/reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/backup_maker.h"
#include "daemon/full_names.h"
#include "daemon/status_reader.h"
#include "sync/note_key.h"
#include "sync/record_proof.h"
#include "tests/world/small_trial.h"

namespace trialsync::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const SiteName kAlpha{world::kSmallStudy, "ALPHA"};
const SiteName kBeta{world::kSmallStudy, "BETA"};

// A coordinator with the records of two sites. Both have a subject P-1.
class ReadsTest : public testing::Test {
 protected:
  ReadsTest() : world_(/*seed=*/1), loop_(nullptr, nullptr, {}) {
    world::PublishSmallStudy(world_);
    for (const SiteName& site : {kAlpha, kBeta}) {
      world::ActivateSmallStudy(world_, site.site);
      world::Node& replica = world_.AddReplica(site, site.site);
      world_.SetLink(replica, true);
      world_.RunUntilQuiet();
      world::AddSubject(replica, site, "P-1");
      world::WriteItem(replica, site, "P-1", "alt", site == kAlpha ? "20 U/L" : "30 U/L");
    }
    world::AddSubject(*world_.replicas()[1], kBeta, "P-2");
    world::WriteItem(*world_.replicas()[1], kBeta, "P-2", "alt", "5000 U/L");
    world_.RunUntilQuiet();
    LookAt(world_.coordinator());
  }

  void LookAt(world::Node& node) {
    backend_.role = node.site() == nullptr ? Role::kCoordinator : Role::kSite;
    backend_.store = &node.store();
    backend_.board = &board_;
    backend_.loop = &loop_;
    backend_.backups = &backups_;
    board_.Post(node.site() == nullptr ? NoticeOf(*node.coordinator())
                                       : NoticeOf(*node.site(), world::kSmallStudy));
  }

  v1::GetRecordRequest Record(const std::string& name) {
    v1::GetRecordRequest request;
    request.set_name(name);
    return request;
  }

  world::World world_;
  Board board_;
  LoopThread loop_;
  BackupMaker backups_{"", nullptr};
  Backend backend_;
};

// In virtual time, in which each look at the clock takes a second.
TEST_F(ReadsTest, StatusCountsATwentiethOfTheTime) {
  absl::Time now = absl::FromUnixSeconds(0);
  StatusReader reader(backend_, [&now] { return now += absl::Seconds(1); });
  const auto subjects = [&] {
    const auto status = reader.Read();
    return status.ok() ? status->partitions(1).subject_count() : 0;
  };
  const auto commits = [&] { return reader.Read()->partitions(1).log().size(); };
  ASSERT_EQ(subjects(), 2u);
  const uint64_t before = commits();

  world::AddSubject(*world_.replicas()[1], kBeta, "P-3");
  world_.RunUntilQuiet();
  EXPECT_EQ(commits(), before + 1) << "the log is as of now";
  EXPECT_EQ(subjects(), 2u) << "counting twice took two seconds: it rests for 38";
  now += absl::Seconds(38);
  EXPECT_EQ(subjects(), 3u);
  world::AddSubject(*world_.replicas()[1], kBeta, "P-4");
  world_.RunUntilQuiet();
  EXPECT_EQ(subjects(), 3u);
  now += absl::Seconds(19);
  EXPECT_EQ(subjects(), 4u) << "one partition had changed, which took a second";
}

TEST_F(ReadsTest, AShortNameMustBeUnmistakableAtTheCoordinator) {
  const auto unique = GetRecord(backend_, Record("P-2/V1/LAB"));
  ASSERT_TRUE(unique.ok()) << unique.status();
  EXPECT_EQ(unique->name(), "studies/small/sites/BETA/subjects/P-2/events/V1/forms/LAB");

  const auto ambiguous = GetRecord(backend_, Record("P-1/V1/LAB"));
  EXPECT_EQ(ambiguous.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(ambiguous.status().message()), HasSubstr("give the full name"));

  EXPECT_EQ(GetRecord(backend_, Record("P-9/V1/LAB")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(
      GetRecord(backend_, Record("studies/small/sites/GAMMA/subjects/P-1/events/V1/forms/LAB"))
          .status()
          .code(),
      absl::StatusCode::kNotFound);
}

TEST_F(ReadsTest, AShortNameIsTheSitesOwnAtASite) {
  LookAt(*world_.replicas()[0]);
  const auto record = GetRecord(backend_, Record("P-1/V1/LAB"));
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->items(0).text(), "20 U/L");
}

TEST_F(ReadsTest, WorkGetsFullNames) {
  const Sight sight(backend_);
  v1::WriteRecordRequest write;
  write.set_name("P-2/V1/LAB");
  v1::RenameSubjectRequest rename;
  rename.set_name("P-2");
  v1::CreateSubjectRequest create;
  sync::ClientWork work = write;
  ASSERT_TRUE(CompleteNames(sight, work).ok());
  EXPECT_EQ(std::get<v1::WriteRecordRequest>(work).name(),
            "studies/small/sites/BETA/subjects/P-2/events/V1/forms/LAB");
  work = rename;
  ASSERT_TRUE(CompleteNames(sight, work).ok());
  EXPECT_EQ(std::get<v1::RenameSubjectRequest>(work).name(),
            "studies/small/sites/BETA/subjects/P-2");
  work = create;
  const absl::Status unclear = CompleteNames(sight, work);
  EXPECT_EQ(unclear.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unclear.message()), HasSubstr("which site?"));
}

TEST_F(ReadsTest, AListGoesOverAllSitesPageByPage) {
  for (const int page_size : {1, 2, 3, 100}) {
    v1::ListRecordsRequest request;
    request.set_parent("studies/small/sites/-");
    request.set_page_size(page_size);
    std::vector<std::string> texts;
    do {
      const auto page = ListRecords(backend_, request);
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_LE(page->records_size(), page_size);
      for (const v1::Record& record : page->records()) texts.push_back(record.items(0).text());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    std::sort(texts.begin() + 1, texts.end());
    EXPECT_THAT(texts, ElementsAre("20 U/L", "30 U/L", "5000 U/L")) << page_size;
  }
}

TEST_F(ReadsTest, AnIdAloneFindsADiscrepancyOfAnySite) {
  v1::ListDiscrepanciesRequest list;
  const auto open = ListDiscrepancies(backend_, list);
  ASSERT_TRUE(open.ok()) << open.status();
  ASSERT_EQ(open->discrepancies_size(), 1);
  v1::GetDiscrepancyRequest get;
  get.set_name(open->discrepancies(0).id());
  const auto found = GetDiscrepancy(backend_, get);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->name(), open->discrepancies(0).name());
  EXPECT_THAT(found->name(), HasSubstr("sites/BETA"));

  sync::ClientWork work = v1::CloseQueryRequest();
  std::get<v1::CloseQueryRequest>(work).set_name(found->id());
  ASSERT_TRUE(CompleteNames(Sight(backend_), work).ok());
  EXPECT_EQ(std::get<v1::CloseQueryRequest>(work).name(), found->name());
}

TEST_F(ReadsTest, VersionsShowWhereTheyAreActive) {
  v1::GetStudyVersionRequest request;
  request.set_name("studies/small/versions/latest");
  const auto version = GetStudyVersion(backend_, request);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->name(), "studies/small/versions/1");
  ASSERT_EQ(version->activations_size(), 2);
  EXPECT_EQ(version->activations(1).site(), kBeta.ToString());
  EXPECT_EQ(version->activations(1).state(), v1::StudyVersionActivation::ACTIVE);
  request.set_name("studies/small/versions/2");
  EXPECT_EQ(GetStudyVersion(backend_, request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ReadsTest, CheckCountsTheStoredValuesThatAFindingTouches) {
  v1::CheckStudyVersionRequest request;
  request.set_yaml(R"(
study: small
version: 2
previous: {version: 1}
title: {en: A small trial}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      note: {id: 2, type: text, label: {en: Note}}
events:
  V1: {id: 1, forms: [LAB], label: {en: Visit 1}}
)");
  const auto response = CheckStudyVersion(backend_, request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->against(), "studies/small/versions/1");
  ASSERT_GE(response->findings_size(), 1);
  const v1::VersionFinding& removed = response->findings(0);
  EXPECT_TRUE(removed.breaking());
  EXPECT_EQ(removed.subject(), "LAB.alt");
  EXPECT_EQ(removed.values_touched(), 3u);
}

TEST_F(ReadsTest, CheckCountsTheStoredValuesThatAStepCannotRead) {
  world::WriteItem(*world_.replicas()[0], kAlpha, "P-1", "note", "120/80");
  world::WriteItem(*world_.replicas()[1], kBeta, "P-1", "note", "high");
  world::WriteItem(*world_.replicas()[1], kBeta, "P-2", "note", "120/high");
  world_.RunUntilQuiet();
  LookAt(world_.coordinator());
  v1::CheckStudyVersionRequest request;
  request.set_yaml(R"(
study: small
version: 2
previous: {version: 1}
title: {en: A small trial}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      alt: {id: 1, type: quantity, unit: U/L, hard: [0, 2000], label: {en: ALT}}
      note: {id: 2, type: text, label: {en: Note}, retired: true}
      systolic: {id: 3, type: integer, split_from: note, label: {en: Systolic}}
      diastolic: {id: 4, type: integer, split_from: note, label: {en: Diastolic}}
events:
  V1: {id: 1, forms: [LAB], label: {en: Visit 1}}
steps:
  - split: {item: LAB.note, separator: /, into: [LAB.systolic, LAB.diastolic]}
)");
  const auto response = CheckStudyVersion(backend_, request);
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::VersionFinding& last = response->findings(response->findings_size() - 1);
  EXPECT_EQ(last.subject(), "LAB.note");
  EXPECT_THAT(last.message(), ::testing::HasSubstr("not convertible"));
  EXPECT_EQ(last.values_touched(), 2u);
  EXPECT_FALSE(last.breaking());
}

TEST_F(ReadsTest, AnActivationHasItsApproval) {
  v1::ActivateStudyVersionRequest activation;
  activation.set_name("studies/small/versions/1");
  activation.set_site(kBeta.site);
  activation.set_author("centre");
  activation.set_approval_date("2026-03-01");
  activation.set_approval_reference("EC-17");
  ASSERT_TRUE(world_.coordinator().Do(activation).status.ok());
  LookAt(world_.coordinator());
  v1::GetStudyVersionRequest request;
  request.set_name("studies/small/versions/1");
  const auto version = GetStudyVersion(backend_, request);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->activations(0).approval_date(), "");
  EXPECT_EQ(version->activations(1).approval_date(), "2026-03-01");
  EXPECT_EQ(version->activations(1).approval_reference(), "EC-17");
}

// Both ends give proofs, of whatever the coordinator has signed.
TEST_F(ReadsTest, AProofOfARecordHoldsWithoutAnyStore) {
  const std::string key = "studies/small/sites/ALPHA/subjects/P-1/events/V1/forms/LAB";
  world::Node& alpha = *world_.replicas()[0];
  world::WriteItem(alpha, kAlpha, "P-1", "alt", "25 U/L");
  world_.RunUntilQuiet();
  for (world::Node* node : {&alpha, &world_.coordinator()}) {
    LookAt(*node);
    v1::ProveRecordRequest request;
    request.set_name(key);
    const auto newest = ProveRecord(backend_, request);
    ASSERT_TRUE(newest.ok()) << newest.status();
    ASSERT_EQ(newest->commits_size(), 2);
    EXPECT_EQ(newest->commit(), newest->commits(1));
    for (const uint64_t commit : newest->commits()) {
      request.set_commit(commit);
      const auto proof = sync::ParseRecordProof(ProveRecord(backend_, request)->proof());
      ASSERT_TRUE(proof.ok()) << proof.status();
      const auto verifier = sync::VerifierKey::Parse(newest->verifier_key());
      const auto proven = sync::CheckRecordProof(*proof, *verifier);
      ASSERT_TRUE(proven.ok()) << proven.status();
      EXPECT_EQ(proven->receipt.number, commit);
      EXPECT_EQ(proven->checkpoint.partition, kAlpha);
    }
    request.set_commit(1);
    EXPECT_EQ(ProveRecord(backend_, request).status().code(), absl::StatusCode::kNotFound);
  }
}

TEST_F(ReadsTest, WhatIsNotSentYetHasNoProof) {
  world::Node& alpha = *world_.replicas()[0];
  world_.SetLink(alpha, false);
  world::AddSubject(alpha, kAlpha, "P-7");
  world::WriteItem(alpha, kAlpha, "P-7", "alt", "1 U/L");
  LookAt(alpha);
  v1::ProveRecordRequest request;
  request.set_name("P-7/V1/LAB");
  const auto refused = ProveRecord(backend_, request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("in the log yet"));
}

TEST_F(ReadsTest, StatusHasARowASite) {
  StatusReader reader(backend_);
  const auto status = reader.Read();
  ASSERT_TRUE(status.ok()) << status.status();
  ASSERT_EQ(status->partitions_size(), 2);
  const v1::PartitionStatus& beta = status->partitions(1);
  EXPECT_EQ(beta.site(), "BETA");
  EXPECT_EQ(beta.record_count(), 2u);
  EXPECT_EQ(beta.subject_count(), 2u);
  EXPECT_EQ(beta.open_discrepancy_count(), 1u);
  EXPECT_EQ(beta.active_versions_size(), 1);
  ASSERT_EQ(beta.peers_size(), 1);
  EXPECT_TRUE(beta.peers(0).connected());
  EXPECT_TRUE(beta.peers(0).in_step());
  EXPECT_EQ(beta.peers(0).chain_seq(), 4u);
}

TEST_F(ReadsTest, StatusOfASiteCountsWhatIsNotSentYet) {
  world::Node& alpha = *world_.replicas()[0];
  world_.SetLink(alpha, false);
  world::AddSubject(alpha, kAlpha, "P-7");
  world::WriteItem(alpha, kAlpha, "P-7", "alt", "1 U/L");
  world::WriteItem(alpha, kAlpha, "P-1", "alt", "2 U/L");
  LookAt(alpha);
  StatusReader reader(backend_);
  const auto status = reader.Read();
  ASSERT_TRUE(status.ok()) << status.status();
  ASSERT_EQ(status->partitions_size(), 1);
  EXPECT_EQ(status->partitions(0).outbox_count(), 3u);
  EXPECT_TRUE(status->partitions(0).has_oldest_unsent_time());
  EXPECT_EQ(status->partitions(0).record_count(), 2u);
  EXPECT_EQ(status->partitions(0).subject_count(), 2u);
  EXPECT_FALSE(status->partitions(0).connected());
}

}  // namespace
}  // namespace trialsync::daemon
