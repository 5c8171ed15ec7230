// SPDX-License-Identifier: Apache-2.0
#include "storage/write_batch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace trialsync::storage {
namespace {

using std::string_literals::operator""s;

std::vector<std::string> Listed(const WriteBatch& batch) {
  std::vector<std::string> list;
  for (const WriteBatch::Entry& entry : batch) {
    const char* const kind = entry.kind == WriteBatch::Kind::kPut      ? "put "
                             : entry.kind == WriteBatch::Kind::kDelete ? "delete "
                                                                       : "range ";
    list.push_back(kind + std::string(entry.key) + "," + std::string(entry.value));
  }
  return list;
}

TEST(WriteBatch, ListsEntriesInOrderOfAppending) {
  WriteBatch batch;
  batch.Put("b", "1");
  batch.DeleteRange("a", "c");
  batch.Delete("z");
  batch.Put("b", "2");
  EXPECT_EQ(Listed(batch),
            (std::vector<std::string>{"put b,1", "range a,c", "delete z,", "put b,2"}));
  EXPECT_EQ(batch.entry_count(), 4u);
  EXPECT_EQ(batch.size_bytes(), 4u * 9 + 7);
}

TEST(WriteBatch, KeepsAnyBytes) {
  WriteBatch batch;
  batch.Put("", "");
  batch.Put("\x00\xFF"s, "\x00\x00"s);
  batch.Put("big", std::string(70000, 'v'));
  EXPECT_EQ(Listed(batch), (std::vector<std::string>{"put ,", "put \x00\xFF,\x00\x00"s,
                                                     "put big," + std::string(70000, 'v')}));
}

TEST(WriteBatch, EmptyRangeAppendsNothing) {
  WriteBatch batch;
  batch.DeleteRange("b", "b");
  batch.DeleteRange("c", "b");
  batch.DeleteRange("c", "");
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(Listed(batch), std::vector<std::string>());
}

TEST(WriteBatch, ClearedIsAsNew) {
  WriteBatch batch;
  batch.Put("a", "1");
  const WriteBatch copy = batch;
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.size_bytes(), 0u);
  batch.Delete("b");
  EXPECT_EQ(Listed(batch), std::vector<std::string>{"delete b,"});
  EXPECT_EQ(Listed(copy), std::vector<std::string>{"put a,1"});
}

}  // namespace
}  // namespace trialsync::storage
