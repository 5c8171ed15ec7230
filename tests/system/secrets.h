// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYSTEM_SECRETS_H_
#define TRIALSYNC_TESTS_SYSTEM_SECRETS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/chooser.h"
#include "tests/system/model_bridge.h"
#include "tests/system/probes.h"
#include "tests/world/world.h"

namespace trialsync::system_test {

// Values of the item that stays at the hospital (kSecretItem), each recognisable wherever its bytes
// turn up: who gave them where, and the checks that they are there and nowhere else.
class Secrets {
 public:
  // A text to be entered at the node: a new secret, one that was entered there before, or a reason
  // why it is missing.
  std::string Choose(const world::Node& node, Chooser& chooser);

  // A client gives `text` to the node, whatever comes of it.
  void NoteGiven(const world::Node& node, const std::string& text);
  // `change` was answered as saved at the node, and writes `text`.
  void NoteSaved(const world::Node& node, const SiteName& site, const std::string& change_hex,
                 const std::string& text);

  // Fails if the bytes hold a secret. `what` they are.
  static Difference CheckBytes(std::string_view bytes, const std::string& what);
  // The same of a message that a site sends, batches unpacked.
  static Difference CheckMessage(const v1::SiteMessage& message);
  // What a change that is in the log tells of the item: that it is filled, or why it is missing,
  // as its client was told that it is saved.
  Difference CheckChange(const sync::StoredChange& change) const;
  // No row of the coordinator's store holds a secret; a replica's hold those entered there, in the
  // tables that are made for them.
  Difference CheckStore(world::Node& node) const;
  // Everything saved at the node can be read there, as the value of the change that wrote it; what
  // stands in a record and was entered there shows.
  Difference CheckKept(world::Node& node, const SiteName& site, Probes& probes) const;

 private:
  struct Saved {
    std::string node;
    SiteName site;
    std::string text;
  };
  // By node.
  std::map<std::string, std::vector<std::string>> given_;
  // By change, in hexadecimal digits.
  std::map<std::string, Saved> saved_;
};

}  // namespace trialsync::system_test

#endif  // TRIALSYNC_TESTS_SYSTEM_SECRETS_H_
