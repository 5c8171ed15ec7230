// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_STAGE_H_
#define TRIALSYNC_TESTS_END_TO_END_STAGE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/end_to_end/trial.h"
#include "tests/transcripts/script.h"

namespace trialsync::end_to_end {

// What differs from run to run in what `trialsync` prints, under names that do not: ids and digests
// as #1, #2 …, etags as etag-1 …, each in the order in which it was first seen; times and addresses
// in the letters of their form, which takes as many columns.
class Aliases {
 public:
  std::string Hide(const std::string& text);
  // A word of a command line with what was hidden put back.
  std::string Reveal(std::string word) const;

 private:
  std::string AliasOf(const std::string& kind, const std::string& key, const std::string& seen);

  std::map<std::string, std::string> alias_of_;
  std::map<std::string, std::string> seen_;  // by alias; of an id the longest form
};

// The trial of one scenario: real daemons, and replicas of one hospital behind links that are cut
// unless the scenario says otherwise. outcomes/README.md has the language.
class Stage {
 public:
  // Does the commands of a step; returns what they print.
  std::string Play(const std::vector<transcripts::Command>& commands);

  // Brings everybody together at the scenario's end. What does not come, and every store that does
  // not verify; empty if all is well.
  std::string CheckEnd();

 private:
  std::string Do(const std::string& line);
  void Begin(const std::vector<std::string>& words);
  std::string Sync(const std::vector<std::string>& names);
  std::string Run(const std::string& node, const std::vector<std::string>& arguments);
  Trial::Site& SiteNamed(const std::string& name);

  std::unique_ptr<Trial> trial_;
  std::map<std::string, Trial::Site*> sites_;
  Aliases aliases_;
};

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_STAGE_H_
