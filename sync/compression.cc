// SPDX-License-Identifier: Apache-2.0
#include "sync/compression.h"

#include <zstd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "sync/limits.h"

namespace trialsync::sync {
namespace {

struct CompressorDeleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct DecompressorDeleter {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::string Compress(std::string_view content) {
  thread_local const std::unique_ptr<ZSTD_CCtx, CompressorDeleter> context(ZSTD_createCCtx());
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  const size_t size = ZSTD_compressCCtx(context.get(), frame.data(), frame.size(), content.data(),
                                        content.size(), kCompressionLevel);
  TS_CHECK(!ZSTD_isError(size));
  frame.resize(size);
  return frame;
}

absl::StatusOr<std::string> Decompress(std::string_view frame, size_t content_bytes) {
  if (content_bytes > kContentBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a frame of ", content_bytes, " bytes is over the limit of ", kContentBytesMax));
  }
  // An error or an unknown size is no size that is allowed.
  const bool as_said = ZSTD_getFrameContentSize(frame.data(), frame.size()) == content_bytes &&
                       ZSTD_findFrameCompressedSize(frame.data(), frame.size()) == frame.size();
  if (!as_said) {
    return absl::InvalidArgumentError(
        "a compressed frame is damaged, or has another size than was said of it");
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, DecompressorDeleter> context(ZSTD_createDCtx());
  std::string content(content_bytes, '\0');
  const size_t size = ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                          frame.data(), frame.size());
  if (ZSTD_isError(size) || size != content_bytes) {
    return absl::InvalidArgumentError("a compressed frame is damaged");
  }
  return content;
}

}  // namespace trialsync::sync
