// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_WORKLIST_TEXT_H_
#define TRIALSYNC_DAEMON_COMMAND_WORKLIST_TEXT_H_

#include <ostream>

#include "trialsync/v1/worklist_service.pb.h"

// Discrepancies as a person reads them in a terminal.
namespace trialsync::command {

// Two lines for each: which and where, and what waits for whom.
void PrintWorklist(const v1::ListDiscrepanciesResponse& worklist, std::ostream& out);

// Everything about one: values with who wrote them and why, and what was said.
void PrintDiscrepancy(const v1::Discrepancy& discrepancy, std::ostream& out);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_WORKLIST_TEXT_H_
