// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_COMPRESSION_H_
#define TRIALSYNC_SYNC_COMPRESSION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trialsync::sync {

// `content` as one zstd frame.
std::string Compress(std::string_view content);

// The content of one zstd frame of `content_bytes` bytes, as the sender says. INVALID_ARGUMENT if
// the frame is damaged, says another size, or more than kContentBytesMax: memory is spent only
// after that was checked.
absl::StatusOr<std::string> Decompress(std::string_view frame, size_t content_bytes);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_COMPRESSION_H_
