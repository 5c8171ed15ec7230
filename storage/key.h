// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_KEY_H_
#define TRIALSYNC_STORAGE_KEY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"

// How typed tables make keys: parts, one behind the other, so that the byte order of two keys is
// the order of their parts, the first one that differs deciding. These bytes are on disk: the
// encodings below must not change.
//
//   part     bytes                                                            order
//   U8       1                                                                numeric
//   U32      4, big-endian                                                    numeric
//   U64      8, big-endian                                                    numeric
//   Fixed    as they are; keys that are compared must agree on their number   bytes
//   Text     as they are, but 00 becomes 00 FF; then 00 01 as the end         bytes, a text before
//                                                                             all that begin with
//                                                                             it
//
// No part's encoding is the beginning of another encoding of that part, so a key that ends after
// some part is a prefix of exactly the keys that have the same parts up to there: scan
// [key, PrefixEnd(key)) to get them. The encoding of texts is the one of Google's OrderedCode and
// of CockroachDB's keys.
namespace trialsync::storage {

// Builds a key, part by part. All keys of a table must have parts of the same kinds in the same
// order; by convention the first is the U8 of the table.
//
//   const std::string key = KeyWriter().U8(kLogTable).Text("ZJU").U64(number).Take();
//
// Not thread-safe.
class KeyWriter {
 public:
  KeyWriter& U8(uint8_t number);
  KeyWriter& U32(uint32_t number);
  KeyWriter& U64(uint64_t number);
  KeyWriter& Fixed(std::string_view bytes);  // such as an id or a digest
  // The same at `size_bytes`: cut, or filled up with zeros.
  KeyWriter& Padded(std::string_view bytes, size_t size_bytes);
  KeyWriter& Text(std::string_view text);  // any bytes

  // The beginning of a text, to scan all texts that begin so. Nothing may follow it.
  KeyWriter& TextBeginning(std::string_view text);

  // The key so far; valid until the writer is used again or destroyed.
  std::string_view key() const { return {key_.data(), key_.size()}; }

  // The key, moved out. The writer is empty after it.
  std::string Take();

 private:
  void Append(const char* bytes, size_t size_bytes);

  // Room for a record's key with a number behind it, and for a receipt.
  absl::InlinedVector<char, 80> key_;
};

// Takes a key apart, with the calls that made it, in their order. A key comes from a disk and may
// be damaged: from the first part that is not there, or not as a KeyWriter writes it, all parts
// read as zero or empty, and Finish() tells.
//
//   KeyReader reader(row->key());
//   reader.U8();
//   const std::string site = reader.Text();
//   const uint64_t number = reader.U64();
//   if (absl::Status status = reader.Finish(); !status.ok()) return status;
//
// Not thread-safe.
class KeyReader {
 public:
  // `key` must outlive the reader.
  explicit KeyReader(std::string_view key) : key_(key), rest_(key) {}

  uint8_t U8();
  uint32_t U32();
  uint64_t U64();
  std::string_view Fixed(size_t size_bytes);  // a part of `key`; empty if it is too short
  std::string Text();

  // Says whether all parts were there and nothing is left: OK, or DATA_LOSS with the key in
  // hexadecimal. The parts must not be used before it said OK.
  [[nodiscard]] absl::Status Finish() const;

 private:
  // The next bytes of the key; empty, and the key is damaged, if there are fewer.
  std::string_view Consume(size_t size_bytes);
  uint64_t BigEndian(size_t size_bytes);
  void MarkDamaged();

  std::string_view key_;
  std::string_view rest_;
  bool damaged_ = false;
};

// The smallest key that is greater than all keys that begin with `prefix`. Empty, which scans take
// as the end of the key space, where there is none: `prefix` is empty or all FF.
std::string PrefixEnd(std::string_view prefix);

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_KEY_H_
