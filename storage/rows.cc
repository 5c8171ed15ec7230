// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "proto/digest.h"
#include "storage/tables.h"

namespace trialsync::storage {

std::optional<std::string> Rows::GetBytes(std::string_view key) {
  absl::StatusOr<std::optional<std::string>> value = transaction_->Get(key);
  if (!value.ok()) {
    Fail(value.status());
    return std::nullopt;
  }
  return *std::move(value);
}

void Rows::PutBytes(std::string_view key, std::string value) {
  transaction_->Put(key, std::move(value));
}

void Rows::Delete(std::string_view key) { transaction_->Delete(key); }

void Rows::ForEach(std::string_view first, std::string_view last,
                   const std::function<bool(std::string_view, std::string_view)>& visit) {
  const std::unique_ptr<Iterator> row = transaction_->Scan(first, last);
  for (; row->Valid(); row->Next()) {
    if (!visit(row->key(), row->value())) return;
  }
  if (!row->status().ok()) Fail(row->status());
}

void Rows::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

void Rows::Damaged(std::string_view key) {
  Fail(absl::DataLossError(
      absl::StrCat("the row with key ", ToHex(key), " is damaged; run: trialsync verify")));
}

}  // namespace trialsync::storage
