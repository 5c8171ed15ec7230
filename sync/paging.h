// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_PAGING_H_
#define TRIALSYNC_SYNC_PAGING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Pages of lists (Google AIP-158). A token says after what the next page begins, so entries that
// come or go between two pages neither repeat others nor hide them.
namespace trialsync::sync {

// Entries on a page: `requested`, within kPageSizeMax; kPageSizeDefault for 0. INVALID_ARGUMENT
// when it is negative.
absl::StatusOr<size_t> PageSize(int32_t requested);

// The token of the page after the entry `last`, any bytes, of the list called `list`.
std::string PageToken(std::string_view list, std::string_view last);

// The entry after which a page begins; empty for the first page, whose token is empty.
// INVALID_ARGUMENT if the token is none of this list.
absl::StatusOr<std::string> LastOfPage(std::string_view list, std::string_view token);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_PAGING_H_
