// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_AUTHORSHIP_H_
#define TRIALSYNC_SYNC_AUTHORSHIP_H_

#include <map>
#include <string>

#include "google/protobuf/timestamp.pb.h"
#include "sync/view.h"

namespace trialsync::sync {

// Who made a change, when and why.
struct Authorship {
  std::string author;
  google::protobuf::Timestamp time;
  std::string reason;
};

// Reads who made changes; each once. Make one for each answer. Not thread-safe.
class Authors {
 public:
  // `view` must outlive this, and have the changes asked for.
  explicit Authors(View& view) : view_(view) {}

  // Of the change with this id, 16 bytes; empty for a change that is not there.
  const Authorship& Of(const std::string& change);

 private:
  View& view_;
  std::map<std::string, Authorship> known_;
};

// Who wrote the standing value of `cell` last: the writer's row in `record`.
const v1::WriterRow& LastWriter(const v1::RecordState& record, const v1::CellRow& cell);

// `2026-11-22 09:30 UTC`, for a sentence.
std::string MinuteOf(const google::protobuf::Timestamp& time);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_AUTHORSHIP_H_
