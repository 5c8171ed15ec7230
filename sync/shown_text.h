// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_SHOWN_TEXT_H_
#define TRIALSYNC_SYNC_SHOWN_TEXT_H_

#include <string>

#include "sync/standing.h"
#include "sync/view.h"

namespace trialsync::sync {

// What stands in one lineage, or is offered for it, in words for a person: the one value, or each
// with its item's name. The parts of a split are shown as the newest version has them, `systolic
// 125, diastolic 80`, and not what they are made of, unless that cannot be read so. Empty for none.
std::string ShownText(const StandingValues& values, View& view, const Vocabulary& vocabulary);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_SHOWN_TEXT_H_
