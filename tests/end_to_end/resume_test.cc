// SPDX-License-Identifier: Apache-2.0
// A link that is cut in the middle of a transfer: what was receipted is not sent again.
#include <gtest/gtest.h>

#include <cstdio>

#include "absl/strings/str_join.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

// SyncService: at most this many batches of so many changes are on the way without a receipt
// (Welcome.batches_in_flight_max, Welcome.batch_changes_max).
constexpr uint64_t kWindowChanges = 8 * 1000;
constexpr int kRecords = 9'000;
constexpr int kRecordsPerCall = 500;
// HTTP/2 frames, Hello and Progress of two sessions.
constexpr uint64_t kOverheadBytes = 20'000;

uint64_t WriteBacklog(const Trial::Site& site, Ledger& ledger) {
  Writer writer(&site, &ledger, "nurse", 1);
  for (int i = 0; i < kRecords; i += kRecordsPerCall) writer.WriteNew(kRecordsPerCall);
  EXPECT_EQ(absl::StrJoin(writer.complaints(), "\n"), "");
  return SiteStatus(site)->outbox_count();
}

// The site's changes that the coordinator has.
uint64_t ReceivedSeq(Trial& trial, const Trial::Site& site) {
  const auto status = StatusAtCentre(trial.coordinator(), site.name);
  return status && status->peers_size() == 1 ? status->peers(0).chain_seq() : 0;
}

TEST(ResumeTest, NoMoreThanTheWindowIsSentAgain) {
  Trial trial("pbc", "deploy/studies/pbc/v1.yaml");
  Trial::Site& whole = trial.AddSite("WHOLE");
  Trial::Site& broken = trial.AddSite("BROKEN");
  Ledger whole_ledger;
  Ledger broken_ledger;
  for (Trial::Site* site : {&whole, &broken}) site->Cut();
  const uint64_t changes = WriteBacklog(whole, whole_ledger);
  ASSERT_EQ(WriteBacklog(broken, broken_ledger), changes);
  ASSERT_GT(changes, 2 * kWindowChanges);

  // What the same backlog takes in one go.
  const uint64_t whole_before = whole.link.traffic().bytes_up;
  whole.link.SetRefuse(false);
  ASSERT_TRUE(WaitUntil([&] { return SiteStatus(whole)->outbox_count() == 0; }, kPatience,
                        absl::Milliseconds(200)));
  const uint64_t whole_bytes = whole.link.traffic().bytes_up - whole_before;

  // And in two.
  const uint64_t broken_before = broken.link.traffic().bytes_up;
  broken.link.SetBytesPerSecondMax(whole_bytes);
  broken.link.CutAfter(TcpProxy::Direction::kUp, whole_bytes * 6 / 10);
  const uint64_t connections = broken.link.traffic().connections;
  broken.link.SetRefuse(false);
  ASSERT_TRUE(WaitUntil([&] { return broken.link.traffic().connections > connections; }));
  broken.link.SetRefuse(true);
  // The cut has come when the site knows of it.
  ASSERT_TRUE(WaitUntil(
      [&] { return broken.link.traffic().bytes_up - broken_before >= whole_bytes * 6 / 10; }));
  ASSERT_TRUE(WaitUntil([&] { return !SiteStatus(broken)->connected(); }));
  const uint64_t received = ReceivedSeq(trial, broken);
  EXPECT_GT(received, 0u);
  EXPECT_LT(received, changes);
  EXPECT_GT(SiteStatus(broken)->outbox_count(), 0u);
  const uint64_t first_bytes = broken.link.traffic().bytes_up - broken_before;
  broken.link.SetRefuse(false);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }, kPatience, absl::Milliseconds(200)));
  const uint64_t second_bytes = broken.link.traffic().bytes_up - broken_before - first_bytes;

  std::printf(
      "%llu changes: %llu bytes in one go; cut with %llu changes received: %llu + %llu\n",
      static_cast<unsigned long long>(changes), static_cast<unsigned long long>(whole_bytes),
      static_cast<unsigned long long>(received), static_cast<unsigned long long>(first_bytes),
      static_cast<unsigned long long>(second_bytes));
  const uint64_t window_bytes = whole_bytes * kWindowChanges / changes;
  EXPECT_LE(first_bytes + second_bytes, whole_bytes + window_bytes + kOverheadBytes);
  // Nothing that the coordinator had was sent again.
  EXPECT_LE(second_bytes, whole_bytes * (changes - received) / changes * 11 / 10 + kOverheadBytes);

  const auto centre = trial.coordinator().Connect();
  EXPECT_EQ(absl::StrJoin(broken_ledger.Compare(*centre, broken.parent, kWrittenItem), "\n"), "");
  EXPECT_EQ(Verify(trial.coordinator()), "");
  EXPECT_EQ(Verify(broken.daemon), "");
}

}  // namespace
}  // namespace trialsync::end_to_end
