// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_STUDY_TEXT_H_
#define TRIALSYNC_DAEMON_COMMAND_STUDY_TEXT_H_

#include <ostream>
#include <string>

#include "trialsync/v1/study_service.pb.h"

// Study versions as a person reads them in a terminal.
namespace trialsync::command {

// The sites that have the version, each with its state where that is not active.
std::string ActiveSites(const v1::StudyVersion& version);

// The version with its sites and their approvals, its events, items with limits, and checks.
void PrintVersion(const v1::StudyVersion& version, std::ostream& out);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_STUDY_TEXT_H_
