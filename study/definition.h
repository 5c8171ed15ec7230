// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_DEFINITION_H_
#define TRIALSYNC_STUDY_DEFINITION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/digest.h"
#include "study/rule.h"
#include "trialsync/v1/definition.pb.h"

namespace trialsync::study {

// Largest definition, in bytes: it travels as one message beside others.
inline constexpr size_t kDefinitionBytesMax = size_t{2} << 20;

// One version of a study, checked, indexed and immutable. Pointers that it gives live as long as
// it does. Safe to read from many threads.
class Definition {
 public:
  // Takes the bytes as they were published; the hash is of exactly these. InvalidArgument if they
  // are no StudyDefinition, are too large, or break a rule of study/check_definition.h.
  static absl::StatusOr<std::shared_ptr<const Definition>> FromBytes(std::string bytes);

  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;

  const v1::StudyDefinition& proto() const { return proto_; }
  const std::string& bytes() const { return bytes_; }
  const Sha256& hash() const { return hash_; }
  uint32_t number() const { return proto_.version(); }
  // Number and hash, the identity of this version.
  const v1::VersionReference& version() const { return version_; }

  // Each gives null if there is none. Retired ones are found.
  const v1::EventDefinition* FindEvent(uint32_t id) const;
  const v1::EventDefinition* FindEvent(std::string_view name) const;
  const v1::FormDefinition* FindForm(uint32_t id) const;
  const v1::FormDefinition* FindForm(std::string_view name) const;
  const v1::ItemDefinition* FindItem(uint32_t id) const;
  // The item called `name` on the form; null also if there is no such form.
  const v1::ItemDefinition* FindItem(uint32_t form, std::string_view name) const;
  // The form that has the item.
  const v1::FormDefinition* FormOfItem(uint32_t item) const;
  const v1::CodeList* FindCodeList(std::string_view name) const;

  // Whether the form is filled at the event. False if either does not exist.
  bool EventHasForm(uint32_t event, uint32_t form) const;

  // Whether any item's values must stay at the hospital.
  bool HasSiteOnlyItems() const { return has_site_only_items_; }

  // The root of the item's chain of `split_from`: the unit in which conflicts are judged. The item
  // itself if it was never split off, or is unknown here.
  uint32_t Lineage(uint32_t item) const;

  // The compiled rule of a check; null if there is no such check.
  const Rule* FindRule(uint32_t check) const;

 private:
  Definition(std::string bytes, v1::StudyDefinition proto);
  void Index();

  const std::string bytes_;
  const v1::StudyDefinition proto_;
  const Sha256 hash_;
  v1::VersionReference version_;

  // Looked up, never iterated.
  absl::flat_hash_map<uint32_t, const v1::EventDefinition*> events_;
  absl::flat_hash_map<uint32_t, const v1::FormDefinition*> forms_;
  struct ItemEntry {
    const v1::ItemDefinition* item;
    const v1::FormDefinition* form;
  };
  absl::flat_hash_map<uint32_t, ItemEntry> items_;
  absl::flat_hash_map<std::string, const v1::EventDefinition*> events_by_name_;
  absl::flat_hash_map<std::string, const v1::FormDefinition*> forms_by_name_;
  absl::flat_hash_map<std::pair<uint32_t, std::string>, const v1::ItemDefinition*> items_by_name_;
  absl::flat_hash_map<std::string, const v1::CodeList*> code_lists_;
  absl::flat_hash_map<uint32_t, Rule> rules_;
  bool has_site_only_items_ = false;
};

// The versions of one study that a replica knows, at most one for each number. A value: copies
// share the definitions and cost one pointer for each.
class DefinitionSet {
 public:
  // Takes one more; OK also if it is there already. AlreadyExists if another definition bears the
  // same number (one number with two hashes: an alarm); InvalidArgument if it is of another study.
  // The set is unchanged on error.
  absl::Status Add(std::shared_ptr<const Definition> definition);

  // Null if it is not known. With a hash, the definition must have exactly that one.
  std::shared_ptr<const Definition> Find(uint32_t number) const;
  std::shared_ptr<const Definition> Find(const v1::VersionReference& version) const;

  // The one with the highest number; null if the set is empty.
  std::shared_ptr<const Definition> latest() const;

  // By ascending number.
  const std::vector<std::shared_ptr<const Definition>>& all() const { return all_; }

 private:
  std::vector<std::shared_ptr<const Definition>> all_;
};

// Writes the version before into a draft that gives only its number, as CompileStudy allows, and
// returns the bytes to publish. Bytes that name the whole reference already are returned as they
// are. InvalidArgument if `draft` is no StudyDefinition; FailedPrecondition if it follows another
// version than `previous`, or none.
absl::StatusOr<std::string> CompletePrevious(std::string draft,
                                             const v1::VersionReference& previous);

// The text in `language`, in English if there is none, in the first language otherwise; empty if
// there are no texts.
std::string_view TextIn(const google::protobuf::RepeatedPtrField<v1::LocalizedText>& texts,
                        std::string_view language);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_DEFINITION_H_
