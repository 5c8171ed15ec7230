// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_SUGGESTION_H_
#define TRIALSYNC_DAEMON_SUGGESTION_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace trialsync::daemon {

// The one of `known` that `word` most likely was to be: one that it begins, or that at most a third
// of its letters, or two, make of it; empty if there is none.
std::string NearestWord(std::string_view word, const std::vector<std::string>& known);

// After a parse that failed: a sentence about a subcommand that is missing or not there, with those
// that are. Empty if something else was wrong.
std::string MissingCommand(const CLI::App& root);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_SUGGESTION_H_
