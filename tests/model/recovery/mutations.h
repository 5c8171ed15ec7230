// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_MUTATIONS_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_MUTATIONS_H_

#include <string>
#include <vector>

#include "tests/model/recovery/rules.h"
#include "tests/model/recovery/schedule.h"

namespace trialsync::model::recovery {

// One switch of Rules, and the setting whose schedules are expected to find it; null for a switch
// that does no harm, of which RECOVERY.md says why the clause is there all the same.
struct Mutation {
  const char* name;
  bool Rules::*broken;
  const char* setting;
};

// Every switch of Rules, in its order.
const std::vector<Mutation>& Mutations();

// The rules with the named switch broken; the rules as they are meant for an empty or unknown name.
Rules Broken(const std::string& name);

// The setting of that name; the first one if there is none.
const Setting& SettingNamed(const std::string& name);

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_MUTATIONS_H_
