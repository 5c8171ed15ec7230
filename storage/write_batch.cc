// SPDX-License-Identifier: Apache-2.0
#include "storage/write_batch.h"

#include <cstring>
#include <limits>

#include "proto/check.h"

namespace trialsync::storage {
namespace {

// An entry is its kind (1 byte), the sizes of key and value (4 bytes each), the key, the value.
constexpr size_t kKeySizeOffset = 1;
constexpr size_t kValueSizeOffset = kKeySizeOffset + sizeof(uint32_t);
constexpr size_t kHeaderBytes = kValueSizeOffset + sizeof(uint32_t);
static_assert(kHeaderBytes == WriteBatch::kEntryBytes);

uint32_t LoadSize(const char* position) {
  uint32_t size;
  std::memcpy(&size, position, sizeof(size));
  return size;
}

uint32_t CheckedSize(std::string_view bytes) {
  TS_CHECK(bytes.size() <= std::numeric_limits<uint32_t>::max());
  return static_cast<uint32_t>(bytes.size());
}

}  // namespace

WriteBatch::Entry WriteBatch::Iterator::operator*() const {
  const size_t key_bytes = LoadSize(position_ + kKeySizeOffset);
  const size_t value_bytes = LoadSize(position_ + kValueSizeOffset);
  const char* const key = position_ + kHeaderBytes;
  return {static_cast<Kind>(*position_), {key, key_bytes}, {key + key_bytes, value_bytes}};
}

WriteBatch::Iterator& WriteBatch::Iterator::operator++() {
  const Entry entry = **this;
  position_ += kHeaderBytes + entry.key.size() + entry.value.size();
  return *this;
}

void WriteBatch::Put(std::string_view key, std::string_view value) {
  Append(Kind::kPut, key, value);
}

void WriteBatch::Delete(std::string_view key) { Append(Kind::kDelete, key, {}); }

void WriteBatch::DeleteRange(std::string_view first, std::string_view last) {
  if (first < last) Append(Kind::kDeleteRange, first, last);
}

void WriteBatch::Clear() {
  buffer_.clear();
  entry_count_ = 0;
}

void WriteBatch::Append(Kind kind, std::string_view key, std::string_view value) {
  const uint32_t key_bytes = CheckedSize(key);
  const uint32_t value_bytes = CheckedSize(value);
  char header[kHeaderBytes];
  header[0] = static_cast<char>(kind);
  std::memcpy(header + kKeySizeOffset, &key_bytes, sizeof(key_bytes));
  std::memcpy(header + kValueSizeOffset, &value_bytes, sizeof(value_bytes));
  buffer_.append(header, kHeaderBytes).append(key).append(value);
  ++entry_count_;
}

}  // namespace trialsync::storage
