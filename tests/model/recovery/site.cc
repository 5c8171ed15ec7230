// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/site.h"

#include <algorithm>

namespace trialsync::model::recovery {

Change Site::Author(Change change) {
  change.base = log.Head();
  outbox.push_back(change);
  return change;
}

// What the coordinator has of the incarnation must be what stands here, up to its end.
void Site::OnWelcome(const Welcome& welcome, Entropy& entropy) {
  OnCut();
  const int ahead = welcome.chain_end - (first_seq - 1);  // of the outbox, without a receipt yet
  const bool longer = ahead > static_cast<int>(outbox.size());
  const auto stands_here = [&] {
    const Id here = ahead == 0 ? before : outbox[static_cast<std::size_t>(ahead - 1)].id;
    return rules->welcome_compares_length_only || here == welcome.chain_head;
  };
  if (restored || doubt || ahead < 0 || longer || (welcome.chain_end > 0 && !stands_here())) {
    return Doubt(welcome.head, entropy);
  }
  sent = ahead;
}

std::optional<Batch> Site::Send(int count) {
  if (doubt || sent >= static_cast<int>(outbox.size())) return std::nullopt;
  Batch batch{{chain, first_seq + sent}, behind, before, {}};
  if (sent > 0) batch.before = outbox[static_cast<std::size_t>(sent - 1)].id;
  for (; count > 0 && sent < static_cast<int>(outbox.size()); --count, ++sent) {
    batch.changes.push_back(outbox[static_cast<std::size_t>(sent)]);
  }
  return batch;
}

void Site::OnMisfit(int head, Entropy& entropy) { Doubt(head, entropy); }

void Site::OnFrame(const std::vector<Commit>& commits, Entropy& entropy) {
  for (const Commit& commit : commits) log.Append(commit);
  Drop();
  if (doubt) Doubt(pull_to, entropy);
}

bool Site::OnRewind(const Log& other) {
  const std::set<Taken> named = other.All().commits;
  for (int i = other.CommonWith(log) + 1; i <= log.Size(); ++i) {
    const Commit& commit = log.At(i);
    const bool known = std::any_of(named.begin(), named.end(), [&](const Taken& taken) {
      return taken.at == commit.at && taken.id == commit.change.id;
    });
    if (!known && !rules->rewind_unchecked && !rules->rewind_then_pull) return false;
  }
  log = other;
  Drop();
  return true;
}

void Site::OnCut() { sent = 0; }

void Site::Become(int name, Entropy& entropy) {
  replica = name;
  StampAgain(entropy);
}

// What is in the log is not in the outbox. It is always a beginning of the outbox: whatever is
// committed, all before it on its chain is.
void Site::Drop() {
  while (!outbox.empty() && log.Has(outbox.front().id)) {
    before = outbox.front().id;
    outbox.erase(outbox.begin());
    ++first_seq;
    sent = std::max(0, sent - 1);
  }
}

// First what the coordinator has, then a new incarnation.
void Site::Doubt(int head, Entropy& entropy) {
  doubt = true;
  pull_to = head;
  if (log.Size() < pull_to && !rules->doubt_pulls_nothing) return;
  if (!rules->doubt_stamps_nothing_again) StampAgain(entropy);
  doubt = false;
  restored = false;
}

// Ids and bases stay, and so does what stands before each on its chain; only the places get other
// names.
void Site::StampAgain(Entropy& entropy) {
  sent = 0;
  if (rules->again_loses_outbox) outbox.clear();
  if (rules->again_raises_base) {
    for (Change& change : outbox) change.base = log.Head();
  }
  if (rules->again_keeps_incarnation) {
    first_seq = log.ChainEnd(chain) + 1;
    before = log.IdAt({chain, first_seq - 1});
    return;
  }
  const int old = chain;
  chain = entropy.Incarnation();
  first_seq = 1;
  behind = log.PlaceOf(before);
  if (rules->again_behind_nothing) behind = {}, before = 0;
  if (rules->again_behind_centres_end && log.ChainEnd(old) > 0) {
    behind = {old, log.ChainEnd(old)};
    before = log.IdAt(behind);
  }
}

}  // namespace trialsync::model::recovery
