// SPDX-License-Identifier: Apache-2.0
#include "sync/receipt.h"

#include <gtest/gtest.h>

#include <string>

namespace trialsync::sync {
namespace {

Receipt Full() {
  Receipt receipt;
  receipt.epoch = 0x0102030405060708;
  receipt.number = 42;
  receipt.stamp.chain.replica = *ReplicaId::From("0123456789abcdef");
  receipt.stamp.chain.incarnation = 7;
  receipt.stamp.seq = 9;
  receipt.received_time_us = -1;
  receipt.origin = Stamp{{*ReplicaId::From("fedcba9876543210"), 3}, 5};
  receipt.verdict = {v1::OUTCOME_DISPUTED, v1::REASON_UNSPECIFIED, {{11, v1::OUTCOME_APPLIED}}};
  receipt.admissions = {{40, {v1::OUTCOME_APPLIED, v1::REASON_UNSPECIFIED, {}}},
                        {41, {v1::OUTCOME_REFUSED, v1::REASON_DISMISSED, {{3, v1::OUTCOME_AGREED}}}}};
  return receipt;
}

TEST(Receipt, ComesBackAsItWas) {
  const absl::StatusOr<Receipt> read = DecodeReceipt(Full().Encode());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Full());
}

// The bytes are hashed into logs that outlive every release: this text must never change.
TEST(Receipt, HasTheFixedLayout) {
  EXPECT_EQ(ToHex(Full().Encode()),
            "01"                                                // layout
            "0102030405060708" "000000000000002a"               // epoch, number
            "30313233343536373839616263646566"                  // replica
            "0000000000000007" "0000000000000009"               // incarnation, seq
            "ffffffffffffffff"                                  // received time
            "01"                                                // an incarnation begins behind
            "66656463626139383736353433323130"                  // this replica's
            "0000000000000003" "0000000000000005"               // incarnation and seq
            "0000"                                              // no earlier receipts
            "04" "0000" "0001" "0000000b" "01"                  // disputed, but lineage 11 applied
            "00000002"                                          // two admissions
            "0000000000000028" "01" "0000" "0000"               // 40: applied
            "0000000000000029" "07" "002b" "0001" "00000003" "02");  // 41: dismissed
}

TEST(Receipt, AFlagOfALaterReleaseIsDataLoss) {
  std::string bytes = Full().Encode();
  bytes[57] = '\x03';
  EXPECT_EQ(DecodeReceipt(bytes).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Receipt, DetailsAreItsEnd) {
  const std::string whole = Full().Encode();
  const std::string details = Full().EncodeDetails();
  EXPECT_EQ(whole.substr(whole.size() - details.size()), details);
  Receipt read;
  ASSERT_TRUE(DecodeReceiptDetails(details, read).ok());
  EXPECT_EQ(read.verdict, Full().verdict);
  EXPECT_EQ(read.admissions, Full().admissions);
}

TEST(Receipt, EveryCutAndEveryAddedByteIsDataLoss) {
  const std::string whole = Full().Encode();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(DecodeReceipt(whole.substr(0, size)).status().code(), absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_EQ(DecodeReceipt(whole + '\0').status().code(), absl::StatusCode::kDataLoss);
}

TEST(Receipt, ACountThatLiesIsDataLossAndCostsNothing) {
  std::string bytes = Full().EncodeDetails();
  bytes.replace(bytes.size() - 36, 4, "\xff\xff\xff\xff");
  Receipt read;
  EXPECT_EQ(DecodeReceiptDetails(bytes, read).code(), absl::StatusCode::kDataLoss);
}

TEST(Receipt, PlainlyAppliedSaysNothingElse) {
  Receipt receipt;
  receipt.verdict.outcome = v1::OUTCOME_APPLIED;
  EXPECT_TRUE(receipt.PlainlyApplied());
  receipt.admissions.push_back({});
  EXPECT_FALSE(receipt.PlainlyApplied());
  EXPECT_TRUE(receipt.PlainlyNext());
  EXPECT_FALSE(Full().PlainlyNext());
  EXPECT_FALSE(Full().PlainlyApplied());
}

}  // namespace
}  // namespace trialsync::sync
