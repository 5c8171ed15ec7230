// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "tests/transcripts/draft.h"
#include "tests/transcripts/runner.h"

namespace trialsync::transcripts {

std::string Runner::DoByHand(const std::string& name, const std::string& verb, Words& words) {
  if (name == "raw") {
    // "raw R1 says hello"
    RawReplica& made = stage_->Raw(verb);
    words.Expect("says");
    words.Expect("hello");
    return SayHello(made, words);
  }
  if (name == "centre") {
    CommitAtCentre(*stage_, ReadDraft(*stage_, "centre", words));
    return "";
  }
  RawReplica& raw = stage_->Raw(name);
  if (verb == "says") {
    words.Expect("hello");
    return SayHello(raw, words);
  }
  if (verb == "drafts") {
    const std::string draft = words.Take();
    const std::string authored = ReadDraft(*stage_, name, words).SerializeAsString();
    stage_->NameChange(ChangeIdOf(Sha256Of(authored)), draft);
    drafts_[draft] = authored;
    return "";
  }
  if (verb != "sends") words.Die("no verb: " + verb);
  return SendByHand(name, raw, words);
}

std::string Runner::SayHello(RawReplica& raw, Words& words) {
  SiteName site = Stage::partition();
  if (words.TakeIf("as")) {
    storage::Transaction transaction(stage_->Find(words.Take())->store().NewSnapshot());
    const v1::StoreIdentity identity = *storage::StoreTables(&transaction).Identity();
    raw.Impersonate({*ReplicaId::From(identity.replica()), identity.incarnation()});
  }
  v1::Hello hello = raw.Hello(site);
  while (!words.empty()) {
    if (words.TakeIf("with log")) {
      const uint64_t size = words.TakeNumber();
      *hello.mutable_log() = LogPositionAt(stage_->world().coordinator(), site, size);
    } else if (words.TakeIf("with another root")) {
      hello.mutable_log()->set_root(Sha256Of("another log").str());
    } else if (words.TakeIf("of another epoch")) {
      hello.mutable_log()->set_epoch(hello.log().epoch() + 1);
    } else if (words.TakeIf("with protocol")) {
      hello.set_protocol_versions(0, static_cast<uint32_t>(words.TakeNumber()));
    } else if (words.TakeIf("of study")) {
      hello.set_study(words.Take());
    } else if (words.TakeIf("of site")) {
      hello.set_site(words.Take());
    } else if (words.TakeIf("without replica id")) {
      hello.clear_replica();
    } else if (words.TakeIf("with chain")) {
      hello.mutable_chain()->set_seq(words.TakeNumber());
    } else {
      words.Die("no option of a hello");
    }
  }
  return raw.SayHello(hello);
}

// `R1 sends d1 d2 …`, or a draft made on the spot: `R1 sends edit …`.
std::string Runner::SendByHand(const std::string& name, RawReplica& raw, Words& words) {
  v1::SiteMessage message;
  if (words.TakeIf("another hello")) {
    *message.mutable_hello() = raw.Hello(Stage::partition());
    return raw.Send(std::move(message), /*on_older_stream=*/false);
  }
  if (words.TakeIf("an empty message")) {
    return raw.Send(std::move(message), /*on_older_stream=*/false);
  }
  if (words.TakeIf("a batch before hello")) {
    message.mutable_batch()->set_first_seq(1);
    return raw.SendFirst(std::move(message));
  }
  std::vector<std::string> authored;
  while (!words.empty()) {
    const std::string draft = words.Peek();
    if (!drafts_.contains(draft)) break;
    authored.push_back(drafts_[words.Take()]);
  }
  if (authored.empty()) {
    authored.push_back(ReadDraft(*stage_, name, words).SerializeAsString());
    stage_->NameChange(ChangeIdOf(Sha256Of(authored.back())),
                       absl::StrCat(name, ":", raw.next_seq()));
  }
  v1::Batch batch = raw.BatchOf(authored);
  bool on_older_stream = false;
  while (!words.empty()) {
    if (words.TakeIf("from seq")) {
      batch.set_first_seq(words.TakeNumber());
    } else if (words.TakeIf("with another chain")) {
      batch.set_chain(Sha256Of("another chain").str());
    } else if (words.TakeIf("counted as")) {
      batch.set_count(static_cast<uint32_t>(words.TakeNumber()));
    } else if (words.TakeIf("damaged")) {
      batch.mutable_content()->assign("damaged");
    } else if (words.TakeIf("on the older stream")) {
      on_older_stream = true;
    } else {
      words.Die("no option of a batch");
    }
  }
  return raw.SendBatch(batch, authored, on_older_stream);
}

}  // namespace trialsync::transcripts
