// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_METRICS_H_
#define TRIALSYNC_DAEMON_METRICS_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/loop_thread.h"
#include "trialsync/v1/status_service.pb.h"

namespace trialsync::daemon {

// What the daemon counts, for Prometheus. No label and no value tells anything of a patient. Safe
// to use from any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // A group of inputs was made durable, or failed.
  void CountGroup(const GroupReport& report);
  // A call was answered, e.g. `WriteRecord`, `ABORTED`.
  void CountCall(const std::string& method, const std::string& code);
  // A message of the stream was received or sent.
  void CountReceived(size_t bytes);
  void CountSent(size_t bytes);

  // Everything in Prometheus' text format (version 0.0.4), with `status` and the length of the
  // queue as gauges.
  std::string Render(const v1::Status& status, size_t queued_inputs);

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_METRICS_H_
