// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_STORAGE_LISTING_H_
#define TRIALSYNC_TESTS_STORAGE_LISTING_H_

#include <map>
#include <string>
#include <string_view>

#include "storage/kv.h"

// Rows as a test wants to compare and to print them. Where reading fails, so does the test.
namespace trialsync::storage {

using RowMap = std::map<std::string, std::string>;

// The rest of a walk, as "key=value" with blanks between the rows, in the order in which they came.
std::string Listed(Iterator& row);

// The same of a scan.
std::string Scanned(const Reader& reader, std::string_view first, std::string_view last);
std::string ScannedReverse(const Reader& reader, std::string_view first, std::string_view last);

// All rows, and a failure of the test where the ascending and the descending scan do not agree.
RowMap AllRows(const Reader& reader);

// The value of `key`, or "(none)".
std::string ValueOf(const Reader& reader, std::string_view key);

}  // namespace trialsync::storage

#endif  // TRIALSYNC_TESTS_STORAGE_LISTING_H_
