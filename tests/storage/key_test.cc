// SPDX-License-Identifier: Apache-2.0
#include "storage/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"

namespace trialsync::storage {
namespace {

using std::string_literals::operator""s;

TEST(Key, BytesOnDiskDoNotChange) {
  const std::string key = KeyWriter()
                              .U8(0x07)
                              .U32(0x01020304)
                              .U64(0x1122334455667788)
                              .Fixed("id")
                              .Text("a\x00z"s)
                              .Take();
  EXPECT_EQ(absl::BytesToHexString(key),
            "07010203041122334455667788"
            "6964"
            "6100ff7a"
            "0001");
  EXPECT_EQ(absl::BytesToHexString(KeyWriter().Text("").Take()), "0001");
}

TEST(Key, WriterStartsAgainAfterTake) {
  KeyWriter writer;
  EXPECT_EQ(writer.U8('a').U8('b').key(), "ab");
  EXPECT_EQ(writer.Take(), "ab");
  EXPECT_EQ(writer.U8('c').Take(), "c");
}

using Parts = std::tuple<uint8_t, std::string, uint32_t, std::string, std::string, uint64_t>;

std::string Encoded(const Parts& parts) {
  const auto& [kind, site, number, id, label, position] = parts;
  return KeyWriter().U8(kind).Text(site).U32(number).Fixed(id).Text(label).U64(position).Take();
}

// Few values, the edges among them, so that many keys share their first parts.
class RandomParts {
 public:
  Parts operator()() {
    return {static_cast<uint8_t>(Pick({0, 1, 0x7F, 0x80, 0xFF})),
            Text(4),
            static_cast<uint32_t>(Pick({0, 1, 0xFF, 0x100, 0x80000000, 0xFFFFFFFF})),
            Text(0) + std::string(1, Byte()),
            Text(3),
            Pick({0, 1, 0xFFFFFFFF, 0x100000000, std::numeric_limits<uint64_t>::max()})};
  }

 private:
  uint64_t Pick(const std::vector<uint64_t>& values) { return values[random_() % values.size()]; }
  char Byte() {
    return "\x00\x01"
           "a\xFE\xFF"[random_() % 5];
  }
  std::string Text(size_t bytes_max) {
    std::string text(random_() % (bytes_max + 1), '\0');
    for (char& byte : text) byte = Byte();
    return text;
  }

  std::mt19937_64 random_{/*seed=*/7};
};

TEST(Key, OrderOfKeysIsOrderOfParts) {
  RandomParts random_parts;
  int equal = 0;
  for (int i = 0; i < 200000; ++i) {
    const Parts a = random_parts();
    Parts b = random_parts();
    // Let the later parts decide as well.
    if (i % 2 == 0) std::get<0>(b) = std::get<0>(a);
    if (i % 4 == 0) std::get<1>(b) = std::get<1>(a);
    if (i % 8 == 0)
      std::tie(std::get<2>(b), std::get<3>(b)) = std::tie(std::get<2>(a), std::get<3>(a));
    const std::string key_a = Encoded(a);
    const std::string key_b = Encoded(b);
    ASSERT_EQ(key_a < key_b, a < b) << absl::CHexEscape(key_a) << " " << absl::CHexEscape(key_b);
    ASSERT_EQ(key_a == key_b, a == b);
    equal += a == b ? 1 : 0;
  }
  EXPECT_GT(equal, 0);
}

TEST(Key, ReadsWhatWasWritten) {
  RandomParts random_parts;
  for (int i = 0; i < 20000; ++i) {
    const Parts parts = random_parts();
    const std::string key = Encoded(parts);
    KeyReader reader(key);
    const uint8_t kind = reader.U8();
    const std::string site = reader.Text();
    const uint32_t number = reader.U32();
    const std::string id(reader.Fixed(1));
    const std::string label = reader.Text();
    const uint64_t position = reader.U64();
    ASSERT_EQ(reader.Finish(), absl::OkStatus());
    ASSERT_EQ(Parts(kind, site, number, id, label, position), parts);
  }
}

TEST(Key, NoTextIsPrefixOfAnother) {
  const std::vector<std::string> texts = {"",       "\x00"s,      "\x00\x01"s, "\x00\xFF"s, "a",
                                          "a\x00"s, "a\x00\x01"s, "ab",        "\xFF"};
  for (const std::string& a : texts) {
    for (const std::string& b : texts) {
      const std::string key_b = KeyWriter().Text(b).Take();
      EXPECT_EQ(key_b.starts_with(KeyWriter().Text(a).Take()), a == b);
      EXPECT_EQ(key_b.starts_with(KeyWriter().TextBeginning(a).Take()), b.starts_with(a));
    }
  }
}

// Reads `key` as U8, Text, U32.
absl::Status ReadAsTable(std::string_view key) {
  KeyReader reader(key);
  reader.U8();
  reader.Text();
  reader.U32();
  return reader.Finish();
}

TEST(Key, DamagedKeyIsAnError) {
  const std::string whole = KeyWriter().U8(1).Text("a\x00z"s).U32(5).Take();
  ASSERT_EQ(ReadAsTable(whole), absl::OkStatus());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ReadAsTable(whole.substr(0, size)).code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_EQ(ReadAsTable(whole + "x").code(), absl::StatusCode::kDataLoss);
  // A zero byte that is neither an escaped one nor the end.
  const absl::Status status = ReadAsTable(
      "\x01"
      "a\x00\x02\x00\x01\x00\x00\x00\x05"s);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(std::string(status.message()).find("016100020001"), std::string::npos) << status;
}

TEST(Key, PartsBehindDamageAreEmpty) {
  KeyReader reader("\x01\x02\x03");
  EXPECT_EQ(reader.U32(), 0u);
  EXPECT_EQ(reader.U8(), 0u);
  EXPECT_EQ(reader.Fixed(1), "");
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.U64(), 0u);
  EXPECT_EQ(reader.Finish().code(), absl::StatusCode::kDataLoss);
}

TEST(Key, AnyBytesCanBeRead) {
  std::mt19937_64 random(/*seed=*/3);
  for (int i = 0; i < 100000; ++i) {
    std::string key(random() % 12, '\0');
    for (char& byte : key) byte = "\x00\x01\x02\xFF"[random() % 4];
    KeyReader reader(key);
    const uint8_t table = reader.U8();
    const std::string text = reader.Text();
    const uint32_t number = reader.U32();
    // What reads well is what would have been written.
    if (reader.Finish().ok()) {
      ASSERT_EQ(KeyWriter().U8(table).Text(text).U32(number).Take(), key);
    }
  }
}

TEST(Key, PrefixEndIsFirstKeyBehindThePrefix) {
  EXPECT_EQ(PrefixEnd("a"), "b");
  EXPECT_EQ(PrefixEnd("a\x00"s), "a\x01");
  EXPECT_EQ(PrefixEnd("a\x7F"), "a\x80");
  EXPECT_EQ(PrefixEnd("a\xFF"), "b");
  EXPECT_EQ(PrefixEnd("\x01\xFF\xFF"), "\x02");
  EXPECT_EQ(PrefixEnd("\xFE"), "\xFF");
  EXPECT_EQ(PrefixEnd("\xFF\xFF"), "");
  EXPECT_EQ(PrefixEnd(""), "");

  std::mt19937_64 random(/*seed=*/4);
  const auto random_text = [&random] {
    std::string text(random() % 4, '\0');
    for (char& byte : text) byte = "\x00\x01\xFE\xFF"[random() % 4];
    return text;
  };
  for (int i = 0; i < 100000; ++i) {
    const std::string prefix = random_text();
    const std::string key = random_text();
    const std::string end = PrefixEnd(prefix);
    ASSERT_EQ(key >= prefix && (end.empty() || key < end), key.starts_with(prefix));
  }
}

}  // namespace
}  // namespace trialsync::storage
