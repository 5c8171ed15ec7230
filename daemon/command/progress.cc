// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/progress.h"

#include <algorithm>

namespace trialsync::command {

Progress::~Progress() {
  if (shown_ && interactive_) err_ << "\n";
}

void Progress::Update(uint64_t done, uint64_t total) {
  if (!shown_ && done >= total) return;
  const uint64_t tenth = done * 10 / std::max<uint64_t>(1, total);
  if (!interactive_ && shown_ && tenth == tenth_) return;
  shown_ = true;
  tenth_ = tenth;
  err_ << (interactive_ ? "\r" : "") << what_ << " " << done << "/" << total
       << (interactive_ ? "" : "\n") << std::flush;
}

}  // namespace trialsync::command
