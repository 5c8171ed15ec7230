// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_MUTATIONS_H_
#define TRIALSYNC_TESTS_MODEL_MUTATIONS_H_

#include <string>
#include <vector>

#include "tests/model/rules.h"
#include "tests/model/schedule.h"

namespace trialsync::model {

// One switch of Rules, and the kind of schedule that is expected to find it.
struct Mutation {
  const char* name;
  bool Rules::*broken;
  ScheduleKind kind;
};

// Every switch of Rules, in its order.
const std::vector<Mutation>& Mutations();

// The rules with the named switch broken; the rules as they are meant for an empty or unknown name.
Rules Broken(const std::string& name);

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_MUTATIONS_H_
