// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sync/present.h"
#include "sync/record.h"
#include "tests/system/driver.h"
#include "tests/system/study_under_test.h"

namespace trialsync::system_test {
namespace {

constexpr size_t kOpenFormsMax = 12;
constexpr size_t kAskedMax = 6;

std::string Full(const SiteName& site, const std::string& short_name) {
  const std::vector<std::string> parts = absl::StrSplit(short_name, '/');
  return RecordName{site, parts[0], parts[1], parts[2]}.ToString();
}

template <typename Request>
void SetRequestId(sync::ClientWork& work, const std::string& id) {
  if (auto* request = std::get_if<Request>(&work)) request->set_request_id(id);
}

}  // namespace

std::optional<Driver::Place> Driver::PickReplica() {
  std::vector<Place> up;
  for (const Place& place : replicas_) {
    if (place.node->up()) up.push_back(place);
  }
  if (up.empty()) return std::nullopt;
  return chooser_.Pick(up);
}

std::optional<Driver::Place> Driver::PickPlace(int centre_percent) {
  if (!chooser_.Percent(static_cast<uint64_t>(centre_percent))) return PickReplica();
  if (!world_.coordinator().up()) return std::nullopt;
  return Place{&world_.coordinator(), chooser_.Pick(sites_), true};
}

std::string Driver::Author(const Place& place) {
  return place.centre ? "monitor" : chooser_.Percent(70) ? "nurse" : "doctor";
}

std::string Driver::RequestId() {
  return chooser_.Percent(30) ? absl::StrCat("request-", next_request_++) : "";
}

// Mostly one that is there, so that people meet.
std::string Driver::SomeRecord(const Place& place) {
  PartitionReader reader(*place.node, place.site);
  if (!reader.found() || chooser_.Percent(25)) return RandomRecord(place.site);
  std::vector<v1::RecordKey> keys;
  reader.tables().ForEachRecord("", "", [&](std::string_view, const v1::RecordState& record) {
    if (!sync::IsLabelRecord(record.key())) keys.push_back(record.key());
    return true;
  });
  if (keys.empty()) return RandomRecord(place.site);
  world::NodeView view(*place.node, place.site);
  return sync::NameOf(view.view(), place.site, chooser_.Pick(keys)).ToString();
}

std::string Driver::RandomRecord(const SiteName& site) {
  std::string subject = absl::StrCat("S", 1 + chooser_.Below(2));
  if (chooser_.Percent(8)) absl::StrAppend(&subject, "?2");
  std::string event = chooser_.Percent(25) ? "BASE" : absl::StrCat("VISIT~", 1 + chooser_.Below(2));
  if (event != "BASE" && chooser_.Percent(8)) absl::StrAppend(&event, "?2");
  std::string form = "LAB";
  if (event != "BASE" && chooser_.Percent(25)) form = absl::StrCat("AE~", 1 + chooser_.Below(2));
  return Full(site, absl::StrCat(subject, "/", event, "/", form));
}

std::string Driver::RandomBirth(const SiteName& site) {
  std::string name = absl::StrCat(site.ToString(), "/subjects/S", 1 + chooser_.Below(2));
  if (chooser_.Percent(20)) absl::StrAppend(&name, "?2");
  if (chooser_.Percent(40)) absl::StrAppend(&name, "/events/VISIT~", 1 + chooser_.Below(2));
  return name;
}

std::optional<v1::Record> Driver::Look(const Place& place, const std::string& name) {
  PartitionReader reader(*place.node, place.site);
  if (!reader.found()) return std::nullopt;
  world::NodeView view(*place.node, place.site);
  const auto parsed = ParseRecordName(name, place.site);
  const auto key = sync::ResolveRecord(view.view(), *parsed);
  if (!key.ok()) return std::nullopt;
  auto record = sync::PresentRecord(view.view(), place.site, *key, 0, false);
  if (!record.ok()) {
    failure_ = absl::StrCat("cannot show ", name, ": ", record.status().ToString());
    return std::nullopt;
  }
  checker_.LearnDigest(view.view().state().Record(*key));
  return *std::move(record);
}

v1::WriteRecordRequest Driver::RandomWrite(const Place& place, const std::string& name) {
  v1::WriteRecordRequest request;
  request.set_name(name);
  request.set_author(Author(place));
  request.set_reason(absl::StrCat("because ", next_reason_++));
  request.set_request_id(RequestId());
  request.set_create_missing(chooser_.Percent(60));
  uint32_t known = 1;
  if (!place.centre) {
    const auto latest = place.node->site()->definitions().latest();
    if (latest != nullptr) known = latest->number();
  } else {
    known = published_;
  }
  uint32_t version = known;
  if (chooser_.Percent(35)) version = 1 + static_cast<uint32_t>(chooser_.Below(known));
  if (version != known || chooser_.Percent(15)) request.set_version(version);
  const bool adverse_event = name.find("AE~") != std::string::npos;
  const auto write = [&](std::string_view item, std::string_view text) {
    v1::ItemInput* input = request.add_items();
    input->set_item(std::string(item));
    input->set_text(std::string(text));
  };
  // What was split is often written as a whole, so that both spellings of it meet.
  if (!adverse_event && chooser_.Percent(20)) {
    const bool first = chooser_.Percent(70);
    if (version == 1) {
      write("pressure", first ? "120/80" : "130/85");
    } else {
      write("systolic", first ? "120" : "130");
      write("diastolic", first ? "80" : "85");
    }
    return request;
  }
  const uint64_t wanted = 1 + chooser_.Below(3);
  std::vector<std::string_view> written;
  for (uint64_t i = 0; i < wanted; ++i) {
    const ItemUnderTest& item = chooser_.Pick(ItemsUnderTest());
    if ((item.form == "AE") != adverse_event || item.Name(version).empty()) continue;
    if (std::find(written.begin(), written.end(), item.Name(version)) != written.end()) continue;
    if (item.id == 3 && !place.centre && chooser_.Percent(60)) continue;
    if (item.id == kSecretItem && place.centre && chooser_.Percent(90)) continue;
    written.push_back(item.Name(version));
    write(item.Name(version), ValueFor(place, item));
  }
  if (request.items().empty()) {
    write(adverse_event ? "term" : "weight", adverse_event ? "nausea" : "71");
  }
  return request;
}

std::string Driver::ValueFor(const Place& place, const ItemUnderTest& item) {
  if (item.id == kSecretItem) return checker_.secrets().Choose(*place.node, chooser_);
  return std::string(chooser_.Pick(item.values));
}

void Driver::WriteFresh() {
  const auto place = PickPlace(15);
  if (!place) return;
  const std::string name = SomeRecord(*place);
  v1::WriteRecordRequest request = RandomWrite(*place, name);
  const auto record = Look(*place, name);
  if (record) request.set_etag(record->etag());
  Do(*place, request, "writes, having looked,");
}

void Driver::WriteWithoutLooking() {
  const auto place = PickPlace(30);
  if (!place) return;
  v1::WriteRecordRequest request = RandomWrite(*place, SomeRecord(*place));
  request.set_on_different_value(chooser_.Pick(std::vector{
      v1::VALUE_CONFLICT_UNSPECIFIED, v1::VALUE_CONFLICT_REPORT, v1::VALUE_CONFLICT_UPDATE}));
  Do(*place, request, "writes, without having looked,");
}

// Somebody changes again what he wrote before.
void Driver::WriteOver() {
  if (asked_.empty()) return;
  const Asked& asked = chooser_.Pick(asked_);
  const auto* before = std::get_if<v1::WriteRecordRequest>(&asked.work);
  if (before == nullptr || !asked.place.node->up()) return;
  v1::WriteRecordRequest request = *before;
  request.clear_request_id();
  request.set_reason(absl::StrCat("because ", next_reason_++));
  for (v1::ItemInput& input : *request.mutable_items()) {
    for (const ItemUnderTest& item : ItemsUnderTest()) {
      const bool same = item.name_before == input.item() || item.name_after == input.item();
      if (same) input.set_text(ValueFor(asked.place, item));
    }
  }
  const Place place = asked.place;
  if (const auto record = Look(place, request.name())) request.set_etag(record->etag());
  Do(place, request, "writes once more");
}

void Driver::WriteSeveral() {
  const auto place = PickReplica();
  if (!place) return;
  v1::BatchWriteRecordsRequest batch;
  batch.set_parent(place->site.ToString());
  batch.set_all_or_nothing(chooser_.Percent(40));
  for (uint64_t i = 1 + chooser_.Below(3); i > 0; --i) {
    *batch.add_requests() = RandomWrite(*place, RandomRecord(place->site));
  }
  Do(*place, batch, "writes several");
}

void Driver::OpenForms() {
  const auto place = PickPlace(15);
  if (!place) return;
  const std::string name = SomeRecord(*place);
  const auto record = Look(*place, name);
  if (!record) return;
  Say(absl::StrCat(place->node->name(), " opens ", name));
  forms_.push_back({*place, name, record->etag()});
  if (forms_.size() > kOpenFormsMax) forms_.erase(forms_.begin());
}

void Driver::SaveForm() {
  if (forms_.empty()) return;
  const OpenForm form = chooser_.Pick(forms_);
  if (!form.place.node->up()) return;
  v1::WriteRecordRequest request = RandomWrite(form.place, form.name);
  request.set_etag(form.etag);
  request.set_create_missing(false);
  Do(form.place, request, "saves a form opened before,");
}

void Driver::ActOnRecord() {
  const auto place = PickPlace(30);
  if (!place) return;
  const std::string name = SomeRecord(*place);
  const auto record = Look(*place, name);
  if (!record) return;
  static const auto& kinds = *new std::vector<v1::RecordActKind>{
      v1::RECORD_ACT_KIND_COMPLETE, v1::RECORD_ACT_KIND_VERIFY, v1::RECORD_ACT_KIND_SIGN,
      v1::RECORD_ACT_KIND_SIGN,     v1::RECORD_ACT_KIND_SIGN,   v1::RECORD_ACT_KIND_SIGN,
      v1::RECORD_ACT_KIND_FREEZE,   v1::RECORD_ACT_KIND_LOCK,   v1::RECORD_ACT_KIND_LOCK,
      v1::RECORD_ACT_KIND_VOID};
  v1::RecordActKind kind = chooser_.Pick(kinds);
  if ((record->locked() || record->frozen()) && chooser_.Percent(60)) {
    kind = v1::RECORD_ACT_KIND_UNLOCK;
  }
  if (record->voided() && chooser_.Percent(60)) kind = v1::RECORD_ACT_KIND_REINSTATE;
  v1::ActOnRecordRequest request;
  request.set_name(name);
  request.set_kind(kind);
  request.set_author(Author(*place));
  request.set_reason(absl::StrCat("because ", next_reason_++));
  request.set_request_id(RequestId());
  if (chooser_.Percent(50)) request.set_etag(record->etag());
  Do(*place, request, "acts:");
}

std::vector<v1::Discrepancy> Driver::Worklist(const Place& place) {
  PartitionReader reader(*place.node, place.site);
  if (!reader.found()) return {};
  world::NodeView view(*place.node, place.site);
  v1::ListDiscrepanciesRequest request;
  request.set_page_size(sync::kPageSizeMax);
  const auto list = sync::ListDiscrepancies(view.view(), place.site, request);
  if (!list.ok()) {
    failure_ = absl::StrCat("cannot list discrepancies: ", list.status().ToString());
    return {};
  }
  return {list->discrepancies().begin(), list->discrepancies().end()};
}

void Driver::SettleSomething() {
  const auto place = PickPlace(30);
  if (!place) return;
  const std::vector<v1::Discrepancy> worklist = Worklist(*place);
  if (worklist.empty()) return;
  SettleOne(*place, chooser_.Pick(worklist));
}

void Driver::SettleOne(const Place& place, const v1::Discrepancy& discrepancy) {
  const std::string text = absl::StrCat("because ", next_reason_++);
  if (discrepancy.kind() == v1::DISCREPANCY_KIND_LABEL) return SettleLabel(place, discrepancy);
  if (discrepancy.kind() == v1::DISCREPANCY_KIND_QUERY) {
    if (chooser_.Percent(50)) {
      v1::AnswerQueryRequest request;
      request.set_name(discrepancy.name());
      request.set_text(text);
      request.set_author(Author(place));
      request.set_request_id(RequestId());
      return Do(place, request, "answers a query:");
    }
    v1::CloseQueryRequest request;
    request.set_name(discrepancy.name());
    request.set_text(text);
    request.set_author(Author(place));
    request.set_request_id(RequestId());
    return Do(place, request, "closes a query:");
  }
  v1::SettleDiscrepancyRequest request;
  request.set_name(discrepancy.name());
  request.set_reason(text);
  request.set_author(Author(place));
  request.set_request_id(RequestId());
  const uint64_t choice = chooser_.Below(3);
  if (discrepancy.kind() == v1::DISCREPANCY_KIND_DISPUTE) {
    if (choice == 0) request.set_keep(true);
    if (choice == 1) request.set_take("");
  } else if (choice < 2) {
    if (choice == 0) request.set_accept(true);
    if (choice == 1) request.set_decline(true);
  }
  if (request.settlement_case() == v1::SettleDiscrepancyRequest::SETTLEMENT_NOT_SET) {
    for (const ItemUnderTest& item : ItemsUnderTest()) {
      const bool same =
          item.name_before == discrepancy.item() || item.name_after == discrepancy.item();
      if (same) request.set_value(ValueFor(place, item));
    }
  }
  if (request.settlement_case() == v1::SettleDiscrepancyRequest::SETTLEMENT_NOT_SET) {
    request.set_accept(true);
  }
  Do(place, request, "settles:");
}

void Driver::SettleLabel(const Place& place, const v1::Discrepancy& discrepancy) {
  const std::string& name = discrepancy.record();
  if (chooser_.Percent(40)) {
    v1::MergeSubjectsRequest request;
    request.set_name(name.substr(0, name.rfind('?')));
    request.set_other(name);
    request.set_author(Author(place));
    request.set_reason(absl::StrCat("because ", next_reason_++));
    return Do(place, request, "says that two are one:");
  }
  v1::RenameSubjectRequest request;
  request.set_name(name);
  request.set_new_code(absl::StrCat(1 + chooser_.Below(4)));
  if (name.find("/events/") == std::string::npos) request.set_new_code("S" + request.new_code());
  request.set_author(Author(place));
  request.set_reason(absl::StrCat("because ", next_reason_++));
  Do(place, request, "renames one of two:");
}

void Driver::CreateSubject() {
  const auto place = PickReplica();
  if (!place) return;
  v1::CreateSubjectRequest request;
  request.set_parent(place->site.ToString());
  request.set_code(absl::StrCat("S", 1 + chooser_.Below(3)));
  request.set_author(Author(*place));
  request.set_reason(absl::StrCat("because ", next_reason_++));
  request.set_request_id(RequestId());
  Do(*place, request, "creates:");
}

void Driver::Rename() {
  const auto place = PickPlace(20);
  if (!place) return;
  v1::RenameSubjectRequest request;
  request.set_name(RandomBirth(place->site));
  request.set_new_code(absl::StrCat(1 + chooser_.Below(3)));
  if (request.name().find("/events/") == std::string::npos) {
    request.set_new_code("S" + request.new_code());
  }
  request.set_author(Author(*place));
  request.set_reason(absl::StrCat("because ", next_reason_++));
  Do(*place, request, "renames:");
}

void Driver::OpenQuery() {
  const auto place = PickPlace(60);
  if (!place) return;
  v1::OpenQueryRequest request;
  request.set_record(SomeRecord(*place));
  request.set_item(chooser_.Percent(50) ? "weight" : "");
  request.set_text(absl::StrCat("why ", next_reason_++, "?"));
  request.set_author(Author(*place));
  request.set_request_id(RequestId());
  Do(*place, request, "opens a query:");
}

// The same request again: at the same replica, or at another of the site; sometimes its id with
// something else.
void Driver::RepeatRequest() {
  if (asked_.empty()) return;
  Asked asked = chooser_.Pick(asked_);
  if (!asked.place.centre && chooser_.Percent(60)) {
    std::vector<Place> others;
    for (const Place& place : replicas_) {
      if (place.site == asked.place.site) others.push_back(place);
    }
    asked.place = chooser_.Pick(others);
  }
  if (!asked.place.node->up()) return;
  if (auto* write = std::get_if<v1::WriteRecordRequest>(&asked.work)) {
    if (chooser_.Percent(30)) *write->mutable_reason() += " after all";
    if (const auto record = Look(asked.place, write->name())) write->set_etag(record->etag());
  }
  if (auto* act = std::get_if<v1::ActOnRecordRequest>(&asked.work)) Look(asked.place, act->name());
  Do(asked.place, asked.work, "repeats:");
}

void Driver::Publish() {
  world::Node& centre = world_.coordinator();
  if (!centre.up() || published_ == kVersionMax) return;
  v1::PublishStudyVersionRequest request;
  request.set_yaml(YamlOf(published_ + 1));
  request.set_file_name("trial.yaml");
  request.set_author("manager");
  request.set_reason("amended");
  const sync::Answer answer = centre.Do(request);
  Say(absl::StrCat("centre publishes version ", published_ + 1, ": ", answer.status.ToString()));
  if (answer.status.ok()) ++published_;
  if (!answer.status.ok() && !absl::IsUnavailable(answer.status)) failure_ = "cannot publish";
}

void Driver::Activate() {
  if (!world_.coordinator().up() || published_ == 0) return;
  v1::ActivateStudyVersionRequest request;
  request.set_name(absl::StrCat("studies/", kStudy, "/versions/",
                                published_ - chooser_.Below(std::min(published_, 2u))));
  request.set_site(chooser_.Pick(sites_).site);
  request.set_author("manager");
  const sync::Answer answer = world_.coordinator().Do(request);
  Say(absl::StrCat("centre activates ", request.name(), " for ", request.site(), ": ",
                   answer.status.ToString()));
}

void Driver::Retire() {
  if (!world_.coordinator().up() || published_ < 2) return;
  v1::RetireStudyVersionRequest request;
  request.set_name(
      absl::StrCat("studies/", kStudy, "/versions/", 1 + chooser_.Below(published_ - 1)));
  request.set_site(chooser_.Pick(sites_).site);
  request.set_author("manager");
  const sync::Answer answer = world_.coordinator().Do(request);
  Say(absl::StrCat("centre retires ", request.name(), " for ", request.site(), ": ",
                   answer.status.ToString()));
}

void Driver::ChangeLink() {
  const Place& place = chooser_.Pick(replicas_);
  const bool up = chooser_.Percent(online_percent_);
  Say(absl::StrCat("link of ", place.node->name(), up ? " up" : " down"));
  world_.SetLink(*place.node, up);
}

void Driver::CutSession() {
  const Place& place = chooser_.Pick(replicas_);
  Say(absl::StrCat("session of ", place.node->name(), " cut"));
  world_.CutSession(*place.node);
}

void Driver::DeliverSome() {
  const uint64_t count = 1 + chooser_.Below(8);
  Say(absl::StrCat(count, " deliveries"));
  for (uint64_t i = 0; i < count; ++i) {
    if (!world_.StepNetwork(chooser_.Below(1 << 20))) return;
  }
}

void Driver::DeliverTogether() {
  world::Node& node = chooser_.Percent(60) ? world_.coordinator() : *chooser_.Pick(replicas_).node;
  if (!node.up()) return;
  Say(absl::StrCat("deliveries to ", node.name(), " as one group"));
  world_.StepTogether(node, {}, 2 + static_cast<int>(chooser_.Below(5)),
                      [&](uint64_t count) { return chooser_.Below(count); });
}

void Driver::LosePower() {
  world::Node& node = chooser_.Percent(35) ? world_.coordinator() : *chooser_.Pick(replicas_).node;
  if (!node.up()) return;
  if (node.site() != nullptr && node.site()->outbox_count() > 0) {
    probes_->Hit("crash with an unsent outbox");
  }
  Say(absl::StrCat(node.name(), " loses power"));
  world_.Crash(node);
}

void Driver::ArmPowerLoss() {
  world::Node& node = chooser_.Percent(35) ? world_.coordinator() : *chooser_.Pick(replicas_).node;
  if (!node.up()) return;
  const bool written = chooser_.Percent(50);
  Say(absl::StrCat(node.name(), " will lose power at its next write, ",
                   written ? "which is kept" : "which is lost"));
  world_.CrashAtNextWrite(node, written);
  probes_->Hit(written ? "armed a crash after a write" : "armed a crash before a write");
}

void Driver::Restart() {
  std::vector<world::Node*> down;
  if (!world_.coordinator().up()) down.push_back(&world_.coordinator());
  for (const Place& place : replicas_) {
    if (!place.node->up()) down.push_back(place.node);
  }
  if (down.empty()) return;
  world::Node& node = *chooser_.Pick(down);
  Say(absl::StrCat(node.name(), " starts again"));
  probes_->Hit("restart");
  world_.Restart(node);
  if (&node != &world_.coordinator() && chooser_.Percent(60)) world_.SetLink(node, true);
}

void Driver::PassTime() {
  world_.Advance(absl::Seconds(1 + static_cast<int64_t>(chooser_.Below(20))));
  Say("time passes");
  for (const Place& place : replicas_) {
    if (place.node->up()) world_.StepTogether(*place.node, {sync::Tick{}}, 0, {});
  }
  if (world_.coordinator().up()) world_.StepTogether(world_.coordinator(), {sync::Tick{}}, 0, {});
}

void Driver::LookAtView() {
  const auto place = PickReplica();
  if (!place) return;
  if (std::string difference = checker_.CheckView(*place->node); !difference.empty()) {
    failure_ = absl::StrCat("at ", place->node->name(), ": ", difference);
  }
}

void Driver::Do(const Place& place, sync::ClientWork work, const std::string& what) {
  const bool write = std::holds_alternative<v1::WriteRecordRequest>(work);
  const std::string request = std::visit([](const auto& r) { return r.ShortDebugString(); }, work);
  world::Node& node = *place.node;
  sync::Answer answer;
  if (chooser_.Percent(80)) {
    if (!place.centre && node.site()->outbox_count() > 0) probes_->Hit("saved behind an outbox");
    answer = node.Do(work);
  } else {
    // First in its group, so that an act covers what its author has just looked at.
    std::vector<sync::Input> group;
    const sync::ClientRequest asked = node.Ask(work);
    group.push_back(asked);
    sync::ClientRequest another;
    if (write && chooser_.Percent(30)) {
      another = node.Ask(RandomWrite(place, RandomRecord(place.site)));
      group.push_back(another);
    }
    world_.StepTogether(node, std::move(group), 1 + static_cast<int>(chooser_.Below(4)),
                        [&](uint64_t count) { return chooser_.Below(count); });
    probes_->Hit("a client in one group with messages");
    for (sync::Answer& one : node.TakeAnswers()) {
      if (one.token == asked.token) {
        answer = std::move(one);
      } else {
        Take(place, one);
        NoteSecrets(place, another.work, one);
      }
    }
  }
  Take(place, answer);
  NoteSecrets(place, work, answer);
  Say(absl::StrCat(node.name(), " ", what, " ", request, " -> ", answer.status.ToString(),
                   node.up() ? "" : " (and is down)"));
  asked_.push_back({place, std::move(work)});
  if (asked_.size() > kAskedMax) asked_.erase(asked_.begin());
}

void Driver::Take(const Place& place, const sync::Answer& answer) {
  probes_->Hit(absl::StrCat("answer ", absl::StatusCodeToString(answer.status.code())));
  const absl::StatusCode code = answer.status.code();
  if (code == absl::StatusCode::kInternal || code == absl::StatusCode::kDataLoss ||
      code == absl::StatusCode::kUnknown ||
      (code == absl::StatusCode::kUnavailable && place.node->up())) {
    failure_ = absl::StrCat("a request was answered: ", answer.status.ToString());
  }
  if (!answer.status.ok()) return;
  const auto saved = [&](const std::string& change) {
    if (!change.empty()) checker_.NoteSaved(*place.node, change);
  };
  const auto written = [&](const v1::WriteRecordResponse& response) {
    for (const std::string& change : response.changes()) saved(change);
  };
  if (const auto* r = std::get_if<v1::WriteRecordResponse>(&answer.result)) written(*r);
  if (const auto* r = std::get_if<v1::BatchWriteRecordsResponse>(&answer.result)) {
    for (const v1::BatchWriteResult& result : r->results()) written(result.response());
  }
  if (const auto* r = std::get_if<v1::ActOnRecordResponse>(&answer.result)) saved(r->change());
  if (const auto* r = std::get_if<v1::SettleDiscrepancyResponse>(&answer.result)) {
    saved(r->change());
  }
  if (const auto* r = std::get_if<v1::Subject>(&answer.result)) saved(r->birth());
  if (const auto* r = std::get_if<v1::Discrepancy>(&answer.result)) saved(r->change());
}

}  // namespace trialsync::system_test
