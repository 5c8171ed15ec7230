// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_LINK_H_
#define TRIALSYNC_DAEMON_LINK_H_

namespace trialsync::daemon {

// A site's link to its coordinator, as its people may let it rest. Safe from any thread.
class Link {
 public:
  virtual ~Link() = default;
  virtual void SetEnabled(bool enabled) = 0;
  virtual bool enabled() const = 0;
  // Does not wait for the next attempt, if the link is down and enabled.
  virtual void DialNow() = 0;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_LINK_H_
