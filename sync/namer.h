// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_NAMER_H_
#define TRIALSYNC_SYNC_NAMER_H_

#include <map>
#include <string>

#include "proto/names.h"
#include "sync/view.h"
#include "sync/vocabulary.h"

namespace trialsync::sync {

// From identities to names, with labels as they are in a view now. Remembers labels: make one for
// each answer, after what it shows was saved. Not thread-safe.
class Namer {
 public:
  // `view` must outlive this; names begin with `parent`.
  Namer(View& view, const SiteName& parent)
      : view_(view), vocabulary_(view.state()), parent_(parent) {}

  RecordName Record(const v1::RecordKey& key);
  // `studies/pbc/sites/MAYO1/subjects/PBC-001`, with `/events/AE~1` and so on behind it for a
  // repeat.
  std::string Birth(const ChangeId& birth);
  // What the record, or the thing born whose label record it is, is called in a sentence:
  // `PBC-001/VISIT~2/LAB`, `PBC-001/AE~1`.
  std::string ShortRecord(const v1::RecordKey& key);
  std::string ShortBirth(const ChangeId& birth);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const SiteName& parent() const { return parent_; }

 private:
  // Label and rank of a birth, as a name without event or form: `1`, or `ZJU-007?2`.
  LabelParts Label(const std::string& birth);
  std::string Subject(const v1::RecordKey& key);
  std::string Event(const v1::RecordKey& key);
  std::string Form(const v1::RecordKey& key);

  View& view_;
  const Vocabulary vocabulary_;
  const SiteName parent_;
  std::map<std::string, LabelParts> labels_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_NAMER_H_
