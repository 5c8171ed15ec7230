// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_HTTP_SERVER_H_
#define TRIALSYNC_DAEMON_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/address.h"

namespace trialsync::daemon {

// Serves GET /metrics (Prometheus' text format) and GET /healthz (200 while the daemon takes work,
// else 503 with the reason) over plain HTTP, on this machine alone.
class HttpServer {
 public:
  struct Pages {
    // Called from several threads at once. An error is shown as 500.
    std::function<absl::StatusOr<std::string>()> metrics;
    std::function<absl::Status()> health;
  };

  // UNAVAILABLE if the port cannot be listened on.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Address& listen, Pages pages);
  // Ends with the requests that are under way.
  ~HttpServer();

  int port() const;

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_HTTP_SERVER_H_
