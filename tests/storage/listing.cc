// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/listing.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trialsync::storage {

std::string Listed(Iterator& row) {
  std::string list;
  for (; row.Valid(); row.Next()) {
    if (!list.empty()) list += ' ';
    list.append(row.key()).append("=").append(row.value());
  }
  EXPECT_EQ(row.status(), absl::OkStatus());
  return list;
}

std::string Scanned(const Reader& reader, std::string_view first, std::string_view last) {
  return Listed(*reader.Scan(first, last));
}

std::string ScannedReverse(const Reader& reader, std::string_view first, std::string_view last) {
  return Listed(*reader.ScanReverse(first, last));
}

RowMap AllRows(const Reader& reader) {
  std::vector<std::pair<std::string, std::string>> ascending;
  const std::unique_ptr<Iterator> row = reader.Scan("", "");
  for (; row->Valid(); row->Next()) ascending.emplace_back(row->key(), row->value());
  EXPECT_EQ(row->status(), absl::OkStatus());
  std::vector<std::pair<std::string, std::string>> descending;
  const std::unique_ptr<Iterator> back = reader.ScanReverse("", "");
  for (; back->Valid(); back->Next()) descending.emplace_back(back->key(), back->value());
  EXPECT_EQ(back->status(), absl::OkStatus());

  RowMap rows(ascending.begin(), ascending.end());
  EXPECT_TRUE(
      (std::vector<std::pair<std::string, std::string>>(rows.begin(), rows.end()) == ascending));
  EXPECT_TRUE(
      (std::vector<std::pair<std::string, std::string>>(rows.rbegin(), rows.rend()) == descending));
  return rows;
}

std::string ValueOf(const Reader& reader, std::string_view key) {
  const absl::StatusOr<std::optional<std::string>> value = reader.Get(key);
  EXPECT_EQ(value.status(), absl::OkStatus());
  return value.ok() ? value->value_or("(none)") : "(error)";
}

}  // namespace trialsync::storage
