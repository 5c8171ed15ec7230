// SPDX-License-Identifier: Apache-2.0
#include "sync/signed_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>
#include <vector>

#include "proto/digest.h"
#include "sync/base64.h"

namespace trialsync::sync {
namespace {

using testing::HasSubstr;

// The keys and note with which golang.org/x/mod/sumdb/note is tested.
constexpr char kPeter[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kPeterSecret[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kEnoch[] = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
constexpr char kText[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr char kPeterLine[] =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
constexpr char kEnochLine[] =
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/"
    "5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

VerifierKey Key(std::string_view text) { return VerifierKey::Parse(text).value(); }
SigningKey Peter() {
  return SigningKey::FromSecret("PeterNeumann", FromBase64(kPeterSecret)->substr(1)).value();
}
std::string Note(const std::string& lines) { return std::string(kText) + "\n" + lines; }
absl::StatusCode CodeOf(std::string_view note, const std::vector<VerifierKey>& keys) {
  return OpenNote(note, keys).status().code();
}

// RFC 8032 §7.1, tests 1 to 3.
TEST(NoteKey, SignsThePublishedMessages) {
  struct Published {
    const char* secret;
    const char* public_key;
    const char* message;
    const char* signature;
  };
  const std::vector<Published> all = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"}};
  for (const Published& published : all) {
    const auto key = SigningKey::FromSecret("rfc8032", *FromHex(published.secret));
    ASSERT_TRUE(key.ok());
    const std::string message = *FromHex(published.message);
    EXPECT_EQ(key->verifier(), VerifierKey("rfc8032", *FromHex(published.public_key)));
    EXPECT_EQ(ToHex(key->Sign(message)), published.signature);
    EXPECT_TRUE(key->verifier().Verify(message, *FromHex(published.signature)));
  }
}

TEST(NoteKey, EveryBitOfASignatureCounts) {
  const SigningKey key = Peter();
  const std::string message = "hi";
  const std::string signature = key.Sign(message);
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string wrong = signature;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(key.verifier().Verify(message, wrong)) << bit;
  }
  EXPECT_FALSE(key.verifier().Verify("hj", signature));
  EXPECT_FALSE(key.verifier().Verify(message, ""));
  EXPECT_FALSE(key.verifier().Verify(message, signature + '\0'));
  EXPECT_FALSE(key.verifier().Verify(message, signature.substr(1)));
  EXPECT_EQ(ERR_peek_error(), 0u) << "an error is left for TLS to find";
}

TEST(NoteKey, ReadsAndWritesThePublishedTexts) {
  for (const char* text :
       {kPeter, kEnoch,
        // c2sp.org/signed-note
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"}) {
    const auto key = VerifierKey::Parse(text);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->ToString(), text);
  }
  EXPECT_EQ(Key(kPeter).name(), "PeterNeumann");
  EXPECT_EQ(Key(kPeter).id(), 0xc74f20a3u);
  EXPECT_EQ(Peter().verifier(), Key(kPeter));
}

TEST(NoteKey, RefusesEveryMangledText) {
  const std::string text = kPeter;
  const auto refused = [](const std::string& mangled) {
    const auto key = VerifierKey::Parse(mangled);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << mangled;
  };
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t last = first; last <= text.size(); ++last) {
      if (last - first < text.size()) refused(text.substr(first, last - first));
    }
  }
  for (size_t i = 0; i < text.size(); ++i) {
    for (size_t bit = 0; bit < 8; ++bit) {
      std::string wrong = text;
      wrong[i] = static_cast<char>(wrong[i] ^ (1 << bit));
      refused(wrong);
    }
  }
  refused(text + "\n");
  refused(" " + text);
  refused("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  // Of another length, and of another kind, with the id that fits: published too.
  refused("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==");
  refused("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  EXPECT_THAT(
      VerifierKey::Parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
          .status()
          .message(),
      HasSubstr("another kind"));
}

TEST(NoteKey, NamesHaveNoSpacesAndNoPlus) {
  const std::string secret(32, 's');
  for (const char* name : {"a", "example.com/log", "ä", "研究", "a\u200bb"}) {
    EXPECT_TRUE(SigningKey::FromSecret(name, secret).ok()) << name;
  }
  for (const char* name : {"", "a b", "a+b", "a\tb", "a\nb", "a\x01", "a\u00a0b", "a\u3000",
                           "\u2028", "\u0085", "\xff", "a\u2003"}) {
    EXPECT_FALSE(SigningKey::FromSecret(name, secret).ok()) << name;
  }
  EXPECT_FALSE(SigningKey::FromSecret("a", secret.substr(1)).ok());
  EXPECT_FALSE(SigningKey::FromSecret("a", secret + "s").ok());
}

TEST(SignedNote, IsThePublishedOne) {
  const SigningKey peter = Peter();
  const std::vector<const SigningKey*> keys{&peter};
  EXPECT_EQ(SignNote(kText, keys).value(), Note(kPeterLine));
}

TEST(SignedNote, OpensByAnyKeyThatSigned) {
  const std::string both = Note(std::string(kPeterLine) + kEnochLine);
  EXPECT_EQ(OpenNote(both, std::vector{Key(kPeter)}).value(), kText);
  EXPECT_EQ(OpenNote(both, std::vector{Key(kEnoch)}).value(), kText);
  EXPECT_EQ(OpenNote(both, std::vector{Key(kEnoch), Key(kPeter)}).value(), kText);
  const std::string twice = Note(std::string(kPeterLine) + kPeterLine + kEnochLine + kEnochLine);
  EXPECT_EQ(OpenNote(twice, std::vector{Key(kPeter)}).value(), kText);
  // c2sp.org/signed-note
  EXPECT_EQ(
      OpenNote(
          "This is an example message.\n\n"
          "— example.com/foo "
          "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72"
          "IneyaQM=\n",
          std::vector{Key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")})
          .value(),
      "This is an example message.\n");
}

TEST(SignedNote, WhatIsSignedBySeveralOpensByEach) {
  const SigningKey peter = Peter();
  const SigningKey other = SigningKey::FromSecret("other", std::string(32, 'o')).value();
  const std::vector<const SigningKey*> keys{&other, &peter};
  const std::string text = "a text\n\n— with what looks like a signature\n\n";
  const std::string note = SignNote(text, keys).value();
  EXPECT_EQ(OpenNote(note, std::vector{peter.verifier()}).value(), text);
  EXPECT_EQ(OpenNote(note, std::vector{other.verifier()}).value(), text);
}

TEST(SignedNote, IsNotOpenWithoutAKeyThatSigned) {
  EXPECT_EQ(CodeOf(Note(kPeterLine), {}), absl::StatusCode::kUnauthenticated);
  const auto opened = OpenNote(Note(kPeterLine), std::vector{Key(kEnoch)});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(opened.status().message(), HasSubstr("not signed by EnochRoot+af0cfe78"));
  // The same name with another id, and the same id with another name, are other keys.
  const std::string line = kPeterLine;
  std::string other_id = line;
  other_id.replace(other_id.find("x08g"), 4, "xxxx");
  std::string other_name = line;
  other_name.replace(other_name.find("Peter"), 5, "Penny");
  for (const std::string& other : {other_id, other_name}) {
    EXPECT_EQ(CodeOf(Note(other), {Key(kPeter)}), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(OpenNote(Note(other + line), std::vector{Key(kPeter)}).value(), kText);
  }
}

TEST(SignedNote, AWrongSignatureOfAKnownKeySpoilsIt) {
  const std::string line = kPeterLine;
  const std::string longer = line.substr(0, 60) + "ABCD" + line.substr(60);
  const std::string wrong = line.substr(0, 60) + "ABCD" + line.substr(64);
  for (const std::string& lines : {longer, wrong, line + wrong, wrong + line}) {
    const auto opened = OpenNote(Note(lines), std::vector{Key(kPeter)});
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kUnauthenticated);
    EXPECT_THAT(opened.status().message(), HasSubstr("PeterNeumann+c74f20a3 does not fit"));
  }
  EXPECT_EQ(CodeOf(Note(wrong + kEnochLine), {Key(kPeter), Key(kEnoch)}),
            absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(OpenNote(Note(wrong + kEnochLine), std::vector{Key(kEnoch)}).ok());
}

TEST(SignedNote, EveryBitCounts) {
  const std::string note = Note(kPeterLine);
  for (size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string wrong = note;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(OpenNote(wrong, std::vector{Key(kPeter)}).ok()) << bit;
  }
}

TEST(SignedNote, RefusesWhatIsNotOne) {
  const std::string line = kPeterLine;
  const std::string text = kText;
  const std::string base64 = line.substr(line.find("x08g"));
  for (const std::string& note : std::vector<std::string>{
           "",
           "\n",
           "\n\n",
           text,
           text + "\n",
           text + line,
           "\n" + line,
           text + "\n" + line.substr(0, line.size() - 1),  // no line end
           "\x01" + text + "\n" + line,                    // a control character
           text + "\r\n" + line,
           text + "\n" + line + "\t\n",
           std::string("\0", 1) + text + "\n" + line,
           "\xff" + text + "\n" + line,  // not UTF-8
           text + "\n— Bad Name " + base64,
           text + "\n— " + base64,
           text + "\n—  " + base64,
           text + "\n— Peter+Neumann " + base64,
           text + "\n— Peter\u00a0Neumann " + base64,
           text + "\n- PeterNeumann " + base64,
           text + "\n—PeterNeumann " + base64,
           text + "\n— PeterNeumann\n",
           text + "\n— PeterNeumann \n",
           text + "\n— PeterNeumann x08gow==\n",  // an id alone
           text + "\n" + line + "Unexpected line.\n",
           text + "\n" + line + "\n",
           text + "\n" + line.substr(0, line.size() - 2) + "\n",    // padding missing
           text + "\n" + line.substr(0, line.size() - 3) + "N=\n",  // bits that mean nothing
           text + "\n— PeterNeumann " + base64.substr(0, 8) + " " + base64.substr(8),
           text + "\n— PeterNeumann  " + base64,
           text + "\n" + line.substr(0, line.size() - 1) + " \n"}) {
    const auto opened = OpenNote(note, std::vector{Key(kPeter)});
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kInvalidArgument) << note;
  }
}

TEST(SignedNote, ManySignaturesAreTakenAndTooManyAreNot) {
  std::string lines;
  for (size_t i = 0; i < kNoteSignaturesMax; ++i) lines += kEnochLine;
  EXPECT_TRUE(OpenNote(Note(lines), std::vector{Key(kEnoch)}).ok());
  EXPECT_EQ(CodeOf(Note(lines + kPeterLine), {Key(kPeter)}), absl::StatusCode::kInvalidArgument);
}

TEST(SignedNote, SignsNothingThatCouldNotBeOpened) {
  const SigningKey peter = Peter();
  const std::vector<const SigningKey*> keys{&peter};
  for (const char* text : {"", "abc", "a\tb\n", "a\r\n", "\xff\n", "a\x01\n"}) {
    EXPECT_EQ(SignNote(text, keys).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(SignNote("a\n", {}).ok());
  EXPECT_TRUE(SignNote("\n", keys).ok());
}

TEST(Base64, HasOneTextForEachContent) {
  EXPECT_EQ(ToBase64("\xfb\xff"), "+/8=");
  EXPECT_EQ(FromBase64("+/8="), "\xfb\xff");
  EXPECT_EQ(FromBase64(""), "");
  for (const char* text : {"+/8", "+/9=", "-_8=", "+/8==", "+/8=\n", " +/8=", "+ /8=", "+/8.", "=",
                           "A", "AAAA=", "+/8=AAAA"}) {
    EXPECT_EQ(FromBase64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace trialsync::sync
