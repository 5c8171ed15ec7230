// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_GRPC_SERVER_H_
#define TRIALSYNC_DAEMON_GRPC_SERVER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/address.h"
#include "daemon/backend.h"
#include "daemon/status_reader.h"

namespace trialsync::daemon {

// Sends gRPC's own warnings to our log. Before the first server or connection is made.
void RouteGrpcLog();

// Serves the services of proto/, health (grpc.health.v1) and reflection (grpc.reflection.v1alpha)
// on one port; the stream at the coordinator only. Safe from any thread.
class GrpcServer {
 public:
  // Starts to serve. UNAVAILABLE if the port cannot be listened on. Arguments are not owned and
  // must outlive it.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const Address& listen,
                                                           const Backend* backend,
                                                           StatusReader* status);
  // Stops at once.
  ~GrpcServer();

  // The port listened on, also where the system chose it.
  int port() const;

  // What the health service says.
  void SetServing(bool serving);

  // Takes no new calls, gives those that are under way `grace`, and cancels the rest.
  void Stop(absl::Duration grace);

 private:
  struct Parts;
  explicit GrpcServer(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_GRPC_SERVER_H_
