// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "daemon/command/run.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "sync/merkle.h"
#include "sync/record_proof.h"
#include "tests/command/command_fixture.h"

namespace trialsync::command {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Runs without any server.
class ProofTest : public CommandTest {
 protected:
  ProofTest() : key_(sync::SigningKey::FromSecret("centre", std::string(32, 'k')).value()) {
    v1::Change change;
    change.set_study("pbc");
    change.set_site("MAYO1");
    change.set_author("anna");
    change.set_reason("typing \x1b[31merror");
    change.set_nonce("0123456789abcdef");
    change.mutable_record()->set_subject("0123456789abcdef");
    change.mutable_record()->set_event(2);
    change.mutable_record()->set_form(5);
    v1::ItemWrite* write = change.mutable_edit()->add_writes();
    write->set_item(11);
    write->mutable_value()->set_decimal("1.30");
    proof_.authored = change.SerializeAsString();
    proof_.authored_digest = Sha256Of(proof_.authored);
    sync::Receipt receipt;
    receipt.number = 2;
    receipt.received_time_us = 1'795'339'800'000'000;
    receipt.verdict = {v1::OUTCOME_APPLIED, v1::REASON_UNSPECIFIED, {{11, v1::OUTCOME_DISPUTED}}};
    proof_.receipt = receipt.Encode();
    proof_.index = 1;
    proof_.path = {Sha256Of("the first leaf")};
    sync::Checkpoint checkpoint;
    checkpoint.partition = {"pbc", "MAYO1"};
    checkpoint.size = 2;
    checkpoint.root =
        sync::NodeHash(proof_.path[0], sync::LeafHash(proof_.authored_digest, proof_.receipt));
    checkpoint.epoch = 0x0123456789abcdef;
    checkpoint.time_us = 1'795'395'723'000'004;
    proof_.signed_checkpoint = sync::SignCheckpoint(checkpoint, key_).value();
  }

  ExitCode Check(const std::string& content, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"proof", "check", WriteFile("a.proof", content), "--key",
                                       key_.verifier().ToString()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in;
    Console console{out, err, in, false};
    const ExitCode code = command::Run(std::move(arguments), console);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  sync::SigningKey key_;
  sync::RecordProof proof_;
};

TEST_F(ProofTest, SaysWhatAProofThatHoldsProves) {
  EXPECT_EQ(Check(FormatRecordProof(proof_)), ExitCode::kOk) << err_;
  EXPECT_THAT(out_, StartsWith("The proof holds, by the key of centre.\nchange "));
  EXPECT_THAT(out_, HasSubstr(" is commit 2 of the log of studies/pbc/sites/MAYO1\nwhat: edit\n"
                              "of: subject 30313233343536373839616263646566, event 2, form 5\n"
                              "item 11: 1.30\n"));
  EXPECT_THAT(out_, HasSubstr("reason: typing \\x1b[31merror\n"));
  EXPECT_EQ(err_, "");
}

TEST_F(ProofTest, SaysItToAScriptToo) {
  EXPECT_EQ(Check(FormatRecordProof(proof_), {"-o", "json"}), ExitCode::kOk) << err_;
  google::protobuf::Struct answer;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(out_, &answer).ok()) << out_;
  const auto& fields = answer.fields();
  EXPECT_TRUE(fields.at("holds").bool_value());
  EXPECT_FALSE(fields.at("redacted").bool_value());
  EXPECT_EQ(fields.at("partition").string_value(), "studies/pbc/sites/MAYO1");
  EXPECT_EQ(fields.at("commit").string_value(), "2");
  EXPECT_EQ(fields.at("changeId").string_value(), ChangeIdOf(proof_.authored_digest).hex());
  EXPECT_EQ(fields.at("receivedTime").string_value(), "2026-11-22T09:30:00Z");
  EXPECT_EQ(fields.at("outcome").string_value(), "OUTCOME_APPLIED");
  EXPECT_THAT(out_,
              HasSubstr("\"lineages\": [{\"lineage\": 11, \"outcome\": \"OUTCOME_DISPUTED\"}]"));
  EXPECT_EQ(fields.at("change").struct_value().fields().at("author").string_value(), "anna");
  const auto& checkpoint = fields.at("checkpoint").struct_value().fields();
  EXPECT_EQ(checkpoint.at("size").string_value(), "2");
  EXPECT_EQ(checkpoint.at("epoch").string_value(), "0123456789abcdef");
  EXPECT_EQ(checkpoint.at("time").string_value(), "2026-11-23T01:02:03.000004Z");
}

TEST_F(ProofTest, ARedactedChangeIsProvenWithoutItsContent) {
  proof_.authored.clear();
  EXPECT_EQ(Check(FormatRecordProof(proof_)), ExitCode::kOk) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("what: redacted"), Not(HasSubstr("anna"))));
  EXPECT_EQ(Check(FormatRecordProof(proof_), {"-o", "json"}), ExitCode::kOk);
  EXPECT_THAT(out_, AllOf(HasSubstr("\"redacted\": true"), Not(HasSubstr("\"change\":"))));
}

TEST_F(ProofTest, OneThatDoesNotHoldIsTheAnswerNo) {
  proof_.receipt[1] ^= 1;
  EXPECT_EQ(Check(FormatRecordProof(proof_)), ExitCode::kNo);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_, AllOf(HasSubstr("a.proof: the proof does not hold: this change with this "
                                    "receipt is not at its place"),
                          Not(HasSubstr("holds,"))));
  EXPECT_EQ(Check(FormatRecordProof(proof_), {"-o", "json"}), ExitCode::kNo);
  EXPECT_THAT(out_, StartsWith("{\n \"holds\": false,\n \"why\": \"the proof does not hold: "));
}

TEST_F(ProofTest, SoIsOneThatSomebodyElseSigned) {
  key_ = sync::SigningKey::FromSecret("centre", std::string(32, 'x')).value();
  EXPECT_EQ(Check(FormatRecordProof(proof_)), ExitCode::kNo);
  EXPECT_THAT(err_, HasSubstr("it is not signed by centre+"));
}

TEST_F(ProofTest, WhatIsNoProofOrNoKeyIsNotUnderstood) {
  EXPECT_EQ(Check("study: pbc\n"), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("a.proof: this is not the proof of a change; in line 1"));
  EXPECT_EQ(Check(FormatRecordProof(proof_) + "\n"), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("a.proof: this is not a signed note: "));
  EXPECT_EQ(Check(FormatRecordProof(proof_), {"--key", "centre"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"proof", "check", directory() + "/none", "--key", key_.verifier().ToString()}),
            ExitCode::kUsage);
  EXPECT_EQ(Run({"proof", "check", directory() + "/a.proof"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"proof", "check", directory() + "/a.proof", "--key", "centre+00000000+AAAA"}),
            ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("--key: 'centre+00000000+AAAA' is not a verifier key"));
  EXPECT_EQ(Run({"proof"}), ExitCode::kUsage);
}

}  // namespace
}  // namespace trialsync::command
