// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_WORLD_SMALL_TRIAL_H_
#define TRIALSYNC_TESTS_WORLD_SMALL_TRIAL_H_

#include <string>

#include "tests/world/world.h"
#include "trialsync/v1/record_service.pb.h"

// The smallest trial in which something can be written: study `small`, event `V1`, form `LAB` with
// the quantity `alt` and the text `note`. Each function dies when what it asks for is not done.
namespace trialsync::world {

inline constexpr char kSmallStudy[] = "small";

// Publishes version 1, and activates it for a site.
void PublishSmallStudy(World& world);
void ActivateSmallStudy(World& world, const std::string& site);

void AddSubject(Node& node, const SiteName& site, const std::string& code);

// Locks SUBJECT/V1/LAB.
void LockRecord(Node& node, const SiteName& site, const std::string& subject);

// Writes one item of SUBJECT/V1/LAB over what stands there.
v1::WriteRecordResponse WriteItem(Node& node, const SiteName& site, const std::string& subject,
                                  const std::string& item, const std::string& text);

}  // namespace trialsync::world

#endif  // TRIALSYNC_TESTS_WORLD_SMALL_TRIAL_H_
