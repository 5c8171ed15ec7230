// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/writer.h"

#include <optional>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace trialsync::end_to_end {
namespace {

constexpr int kRecordsPerSubject = 25;
constexpr absl::Duration kRetryPause = absl::Milliseconds(20);

// Whether a call may have been cut off, or came to a daemon that is on its way down or up.
bool Unanswered(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status) || absl::IsUnknown(status) ||
         absl::IsDeadlineExceeded(status);
}

std::string ErrorIn(const v1::WriteRecordResponse&) { return ""; }

std::string ErrorIn(const v1::BatchWriteRecordsResponse& response) {
  for (const v1::BatchWriteResult& result : response.results()) {
    if (result.code() != 0) return absl::StrCat(result.code(), " ", result.message());
  }
  return "";
}

}  // namespace

Writer::Writer(const Trial::Site* site, Ledger* ledger, std::string label, uint64_t seed)
    : site_(site), ledger_(ledger), label_(std::move(label)), random_(seed) {}

Writer::~Writer() { Stop(); }

template <typename Request>
auto Writer::Insist(const Request& request) {
  const absl::Time deadline = absl::Now() + patience_;
  while (true) {
    if (const std::string address = site_->daemon.address(); address != connected_to_) {
      connected_to_ = address;
      client_ = site_->daemon.Connect();
    }
    auto response = client_->Call(request);
    using Answer = std::optional<std::remove_reference_t<decltype(*response)>>;
    if (response.ok()) {
      const std::string error = ErrorIn(*response);
      if (error.empty()) return Answer(*std::move(response));
      Complain(error);
      return Answer();
    }
    if (!Unanswered(response.status()) || absl::Now() >= deadline) {
      Complain(response.status().ToString());
      return Answer();
    }
    ++repeated_count_;
    absl::SleepFor(kRetryPause);
  }
}

void Writer::WriteNew(int count) {
  std::vector<Value> values;
  v1::BatchWriteRecordsRequest batch;
  batch.set_parent(site_->parent);
  batch.set_all_or_nothing(true);
  for (int i = 0; i < count; ++i) {
    const size_t index = records_.size() + values.size();
    values.push_back(
        NewValue(absl::StrCat(site_->parent, "/subjects/", label_, "-", index / kRecordsPerSubject,
                              "/events/VISIT~", index % kRecordsPerSubject + 1, "/forms/LAB")));
    *batch.add_requests() = RequestFor(values.back(), absl::StrCat(label_, "-", next_request_++));
  }
  const auto response = Insist(batch);
  if (!response) return;
  for (int i = 0; i < count; ++i) {
    Value& value = values[static_cast<size_t>(i)];
    ledger_->Add(value.record, value.text, response->results(i).response().changes_size());
    records_.push_back(std::move(value.record));
  }
}

void Writer::WriteOver() {
  const Value value = NewValue(records_[random_() % records_.size()]);
  const auto response = Insist(RequestFor(value, absl::StrCat(label_, "-", next_request_++)));
  if (response) ledger_->Add(value.record, value.text, response->changes_size());
}

void Writer::Start(absl::Duration pause, int bulk_max, absl::Duration patience) {
  patience_ = patience;
  stopping_ = false;
  thread_ = std::thread([this, pause, bulk_max] {
    while (!stopping_) {
      constexpr int kStepsPerBulk = 60;
      if (records_.empty() || random_() % kStepsPerBulk == 0) {
        WriteNew(static_cast<int>(random_() % static_cast<uint64_t>(bulk_max)) + 1);
      } else {
        WriteOver();
      }
      absl::SleepFor(pause);
    }
  });
}

void Writer::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> Writer::complaints() const {
  const std::lock_guard lock(mutex_);
  return complaints_;
}

Writer::Value Writer::NewValue(std::string record) {
  return {.record = std::move(record),
          .text = absl::StrCat("remark ", absl::Hex(random_(), absl::kZeroPad16), " of ", label_)};
}

v1::WriteRecordRequest Writer::RequestFor(const Value& value, const std::string& request_id) const {
  v1::WriteRecordRequest request;
  request.set_name(value.record);
  v1::ItemInput* item = request.add_items();
  item->set_item(kWrittenItem);
  item->set_text(value.text);
  request.set_author(label_);
  request.set_reason("test of faults");
  request.set_request_id(request_id);
  request.set_create_missing(true);
  request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
  return request;
}

void Writer::Complain(const std::string& complaint) {
  const std::lock_guard lock(mutex_);
  complaints_.push_back(absl::StrCat(label_, ": ", complaint));
}

}  // namespace trialsync::end_to_end
