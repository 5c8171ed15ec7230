// SPDX-License-Identifier: Apache-2.0
#include "daemon/board.h"

namespace trialsync::daemon {

std::shared_ptr<const Notice> NoticeOf(const sync::SiteMachine& machine, const std::string& study) {
  auto notice = std::make_shared<Notice>();
  notice->definitions[study] = std::make_shared<const study::DefinitionSet>(machine.definitions());
  notice->site = machine.status();
  return notice;
}

std::shared_ptr<const Notice> NoticeOf(const sync::CoordinatorMachine& machine) {
  auto notice = std::make_shared<Notice>();
  notice->definitions = machine.definitions();
  notice->replicas = machine.replicas();
  return notice;
}

}  // namespace trialsync::daemon
