// SPDX-License-Identifier: Apache-2.0
#include "sync/sent_rows.h"

#include <gtest/gtest.h>

namespace trialsync::sync {
namespace {

v1::OwnRow RowOf(const std::string& authored) {
  v1::OwnRow row;
  row.set_authored(authored);
  return row;
}

std::string Taken(SentRows& sent, uint64_t seq) {
  const std::optional<v1::OwnRow> row = sent.Take(seq);
  return row ? row->authored() : "(none)";
}

TEST(SentRowsTest, GivesBackWhatWasSentInItsOrder) {
  SentRows sent;
  EXPECT_EQ(Taken(sent, 5), "(none)");
  sent.Keep(5, RowOf("five"));
  sent.Keep(6, RowOf("six"));
  EXPECT_EQ(Taken(sent, 5), "five");
  EXPECT_EQ(Taken(sent, 5), "(none)");
  EXPECT_EQ(Taken(sent, 6), "six");
  sent.Keep(7, RowOf("seven"));
  EXPECT_EQ(Taken(sent, 7), "seven");
}

TEST(SentRowsTest, WhatIsPassedOverIsForgotten) {
  SentRows sent;
  for (const uint64_t seq : {5u, 6u, 7u}) sent.Keep(seq, RowOf(std::to_string(seq)));
  EXPECT_EQ(Taken(sent, 4), "(none)");
  EXPECT_EQ(Taken(sent, 6), "6");
  EXPECT_EQ(Taken(sent, 5), "(none)");
  EXPECT_EQ(Taken(sent, 7), "7");
}

TEST(SentRowsTest, BeginsAnewWhereSomethingElseIsSent) {
  SentRows sent;
  sent.Keep(5, RowOf("five"));
  sent.Keep(9, RowOf("nine"));
  EXPECT_EQ(Taken(sent, 5), "(none)");
  EXPECT_EQ(Taken(sent, 9), "nine");
  sent.Keep(3, RowOf("three"));
  EXPECT_EQ(Taken(sent, 3), "three");
}

}  // namespace
}  // namespace trialsync::sync
