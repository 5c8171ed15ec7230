// SPDX-License-Identifier: Apache-2.0
#include "sync/discrepancy_summary.h"

#include "absl/strings/str_cat.h"
#include "sync/authorship.h"
#include "sync/shown_text.h"
#include "sync/stored_change.h"
#include "sync/words.h"
#include "sync/worklist.h"

namespace trialsync::sync {
namespace {

// As much of a value as a sentence bears.
constexpr size_t kShownBytesMax = 80;

std::string Shortened(const std::string& text) {
  if (text.size() <= kShownBytesMax) return text;
  size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

// The makings of a sentence about one discrepancy.
class Sentence {
 public:
  Sentence(View& view, Namer& namer, const v1::DiscrepancyRow& row, const v1::Discrepancy& shown)
      : view_(view), namer_(namer), authors_(view), row_(row), shown_(shown) {
    if (const std::optional<ChangeId> id = ChangeId::From(row.change())) {
      stored_ = FindChange(view.state().tables(), *id);
    }
  }

  std::string Make() {
    std::string text = What();
    if (row_.state() == v1::DISCREPANCY_STATE_SETTLED_BY_RULE) {
      return absl::StrCat(text, "; settled by the rule that the latest value counts.");
    }
    if (!IsOpen(row_)) {
      const std::string& author = authors_.Of(row_.closed_by()).author;
      return absl::StrCat(text, author.empty() ? "; settled." : "; settled by ", author,
                          author.empty() ? "" : ".");
    }
    return absl::StrCat(text, "; ", Wanted(), ".");
  }

 private:
  // What happened, without an end.
  std::string What() {
    switch (row_.kind()) {
      case v1::DISCREPANCY_KIND_DISPUTE:
        return Dispute();
      case v1::DISCREPANCY_KIND_PROPOSAL:
        return Proposal();
      case v1::DISCREPANCY_KIND_QUERY:
        return absl::StrCat(Place(), ": ",
                            row_.turns().empty() ? "a question" : Shortened(row_.turns(0).text()));
      case v1::DISCREPANCY_KIND_HELD:
        return absl::StrCat(Change(), " waits, because ", Because());
      case v1::DISCREPANCY_KIND_REFUSED:
        return absl::StrCat(Change(), " was refused, because ", Because());
      case v1::DISCREPANCY_KIND_LABEL:
        return Label();
      case v1::DISCREPANCY_KIND_PREDICTION:
        return absl::StrCat(
            Change(), " was shown as ", OutcomeWord(row_.predicted_outcome()),
            ", and the centre's receipt says ", OutcomeWord(row_.received_outcome()),
            row_.reason() == v1::REASON_UNSPECIFIED ? "" : absl::StrCat(", because ", Because()));
      case v1::DISCREPANCY_KIND_CONTRADICTED:
        return absl::StrCat(
            Change(), " had been receipted as ", OutcomeWord(row_.predicted_outcome()),
            " before the coordinator's store went back, and is ",
            OutcomeWord(row_.received_outcome()), " now that it was committed behind others",
            row_.reason() == v1::REASON_UNSPECIFIED ? "" : absl::StrCat(", because ", Because()));
      default:
        return "something of a newer release of trialsync waits here";
    }
  }

  // What is asked of whom.
  std::string Wanted() const {
    switch (row_.kind()) {
      case v1::DISCREPANCY_KIND_DISPUTE:
        return absl::StrCat(Owner(), " decides which value is right");
      case v1::DISCREPANCY_KIND_PROPOSAL:
        return absl::StrCat(Owner(), " accepts or declines");
      case v1::DISCREPANCY_KIND_QUERY:
        return row_.state() == v1::DISCREPANCY_STATE_ANSWERED
                   ? "it is answered, and whoever asked closes it"
                   : "an answer is awaited";
      case v1::DISCREPANCY_KIND_HELD:
        return HeldWanted();
      case v1::DISCREPANCY_KIND_REFUSED:
        return "a person offers it again or dismisses it";
      case v1::DISCREPANCY_KIND_LABEL:
        return "the site renames one, or says that they are the same";
      case v1::DISCREPANCY_KIND_PREDICTION:
      case v1::DISCREPANCY_KIND_CONTRADICTED:
        return "take note of it";
      default:
        return "install the current release";
    }
  }

  std::string HeldWanted() const {
    switch (row_.reason()) {
      case v1::REASON_CONTENT_DIFFERS:
      case v1::REASON_NOT_SEEN:
        return "it waits for nothing: whoever did it looks again, repeats it if it is right, and "
               "declines this one";
      case v1::REASON_RECORD_VOIDED:
        return "when the void has ended, a person accepts or declines it";
      default:
        return "it is judged again when that ends, or a person accepts or declines it";
    }
  }

  std::string Dispute() const {
    const std::string offered =
        Shortened(ShownText(row_.challenging(), view_, namer_.vocabulary()));
    const std::string stood = Shortened(ShownText(row_.standing(), view_, namer_.vocabulary()));
    return absl::StrCat(Place(), ": ", stood, " stood when ", Author(), " wrote ", offered,
                        " without having seen it");
  }

  std::string Proposal() {
    const std::string side = stored_ && stored_->from_centre ? "the centre" : "the site";
    if (stored_ && stored_->change.has_same_thing()) return Same(side);
    const std::string offered =
        Shortened(ShownText(row_.challenging(), view_, namer_.vocabulary()));
    if (row_.challenging().empty()) {
      return absl::StrCat(Place(), ": ", side, " proposes to close what is open here");
    }
    if (row_.standing().empty()) {
      return absl::StrCat(Place(), ": ", side, " proposes ", offered);
    }
    return absl::StrCat(Place(), ": ", side, " proposes ", offered, " in place of ",
                        Shortened(ShownText(row_.standing(), view_, namer_.vocabulary())));
  }

  std::string Same(const std::string& side) {
    const v1::SameThing& same = stored_->change.same_thing();
    const std::optional<ChangeId> birth = ChangeId::From(same.birth());
    const std::optional<ChangeId> other = ChangeId::From(same.other());
    return absl::StrCat(side, " proposes that ", birth ? namer_.ShortBirth(*birth) : "", " and ",
                        other ? namer_.ShortBirth(*other) : "", " are the same");
  }

  std::string Label() {
    const std::optional<ChangeId> birth = ChangeId::From(row_.change());
    const std::optional<ChangeId> other = ChangeId::From(row_.other_birth());
    return absl::StrCat(birth ? namer_.ShortBirth(*birth) : "", " was made apart from ",
                        other ? namer_.ShortBirth(*other) : "", " under the same label");
  }

  // `bili of PBC-001/VISIT~2/LAB`.
  std::string Place() const {
    const std::string record = namer_.ShortRecord(row_.record());
    return shown_.item().empty() ? record : absl::StrCat(shown_.item(), " of ", record);
  }

  std::string Author() const {
    return stored_ ? stored_->change.author() : std::string("somebody");
  }

  // `edit by bob on PBC-001/VISIT~2/LAB`, as the beginning of a sentence.
  std::string Change() const {
    if (!stored_) return "a change";
    std::string text = absl::StrCat(ActWord(stored_->change), " by ", Author());
    if (!row_.record().subject().empty()) {
      absl::StrAppend(&text, " on ", namer_.ShortRecord(row_.record()));
    }
    return text;
  }

  std::string Because() const {
    const std::string clause = ReasonClause(row_.reason());
    return clause.empty() ? "of a reason that a newer release knows" : clause;
  }

  std::string Owner() const {
    const v1::ItemDefinition* item = namer_.vocabulary().FindItem(row_.lineage());
    return item != nullptr && item->owner() == v1::OWNER_CENTRE ? "the centre" : "the site";
  }

  View& view_;
  Namer& namer_;
  Authors authors_;
  const v1::DiscrepancyRow& row_;
  const v1::Discrepancy& shown_;
  std::optional<StoredChange> stored_;
};

}  // namespace

std::string SummaryOf(View& view, Namer& namer, const v1::DiscrepancyRow& row,
                      const v1::Discrepancy& shown) {
  return Sentence(view, namer, row, shown).Make();
}

}  // namespace trialsync::sync
