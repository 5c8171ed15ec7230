// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/edit_message.h"

#include <cstdint>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/reflection.h"

namespace trialsync::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Deeper than any message of the protocol.
constexpr int kDepthMax = 12;

// A number near the edges of what is sensible, near `now`, or any.
uint64_t EditedNumber(uint64_t now, Input& input) {
  constexpr uint64_t kEdges[] = {0,
                                 1,
                                 2,
                                 255,
                                 1000,
                                 1001,
                                 (uint64_t{1} << 31) - 1,
                                 uint64_t{1} << 31,
                                 (uint64_t{1} << 32) - 1,
                                 uint64_t{1} << 63,
                                 ~uint64_t{0}};
  switch (input.Choose(5)) {
    case 0:
      return now + 1;
    case 1:
      return now - 1;
    case 2:
      return kEdges[input.Choose(std::size(kEdges))];
    case 3:
      return input.U8();
    default:
      return input.U64();
  }
}

std::string EditedText(std::string text, const FieldDescriptor& field, Input& input) {
  if (input.Choose(4) == 0) {
    text = std::string(input.Text());
  } else {
    EditBytes(text, input);
  }
  if (field.type() == FieldDescriptor::TYPE_BYTES) return text;
  // A `string` that is not UTF-8 is not parsed by every release of the library.
  for (char& c : text) c = static_cast<char>(c & 0x7f);
  return text;
}

// One value, in a field that is set, or at `index` of one that is repeated.
void EditScalar(Message& message, const FieldDescriptor& field, int index, Input& input) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  const auto edit = [&](auto get, auto get_repeated, auto set, auto set_repeated) {
    const auto now = repeated ? (reflection.*get_repeated)(message, &field, index)
                              : (reflection.*get)(message, &field);
    using Number = std::remove_cv_t<decltype(now)>;
    const auto next =
        static_cast<Number>(EditedNumber(static_cast<uint64_t>(static_cast<int64_t>(now)), input));
    if (repeated) {
      (reflection.*set_repeated)(&message, &field, index, next);
    } else {
      (reflection.*set)(&message, &field, next);
    }
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return edit(&Reflection::GetInt32, &Reflection::GetRepeatedInt32, &Reflection::SetInt32,
                  &Reflection::SetRepeatedInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return edit(&Reflection::GetInt64, &Reflection::GetRepeatedInt64, &Reflection::SetInt64,
                  &Reflection::SetRepeatedInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return edit(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32, &Reflection::SetUInt32,
                  &Reflection::SetRepeatedUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return edit(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64, &Reflection::SetUInt64,
                  &Reflection::SetRepeatedUInt64);
    case FieldDescriptor::CPPTYPE_BOOL:
      return edit(&Reflection::GetBool, &Reflection::GetRepeatedBool, &Reflection::SetBool,
                  &Reflection::SetRepeatedBool);
    case FieldDescriptor::CPPTYPE_ENUM:
      return edit(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue,
                  &Reflection::SetEnumValue, &Reflection::SetRepeatedEnumValue);
    case FieldDescriptor::CPPTYPE_STRING:
      if (repeated) {
        reflection.SetRepeatedString(
            &message, &field, index,
            EditedText(reflection.GetRepeatedString(message, &field, index), field, input));
      } else {
        reflection.SetString(&message, &field,
                             EditedText(reflection.GetString(message, &field), field, input));
      }
      return;
    default:
      return;  // the protocol has no floating point
  }
}

void AddOne(Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      reflection.AddMessage(&message, &field);
      return;
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.AddString(&message, &field, "");
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.AddUInt32(&message, &field, 0);
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection.AddUInt64(&message, &field, 0);
      return;
    default:
      return;
  }
}

void EditAt(Message& message, int depth, Input& input);

// Takes one away, puts one elsewhere, repeats one, or changes one.
void EditRepeated(Message& message, const FieldDescriptor& field, int depth, Input& input) {
  const Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  const size_t act = input.Choose(6);
  if (size == 0 || act == 0) {
    AddOne(message, field);
    const int added = reflection.FieldSize(message, &field) - 1;
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (added == size && is_message) {
      Message* const last = reflection.MutableRepeatedMessage(&message, &field, added);
      if (size > 0) {
        last->CopyFrom(reflection.GetRepeatedMessage(
            message, &field, static_cast<int>(input.Choose(static_cast<size_t>(size)))));
      }
    }
    return;
  }
  const auto at = static_cast<int>(input.Choose(static_cast<size_t>(size)));
  if (act == 1) {
    reflection.SwapElements(&message, &field, at, size - 1);
    return reflection.RemoveLast(&message, &field);
  }
  if (act == 2) {
    return reflection.SwapElements(&message, &field, at,
                                   static_cast<int>(input.Choose(static_cast<size_t>(size))));
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return EditAt(*reflection.MutableRepeatedMessage(&message, &field, at), depth + 1, input);
  }
  EditScalar(message, field, at, input);
}

void EditAt(Message& message, int depth, Input& input) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  if (type.field_count() == 0 || depth > kDepthMax) return;
  const FieldDescriptor& field =
      *type.field(static_cast<int>(input.Choose(static_cast<size_t>(type.field_count()))));
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return EditRepeated(message, field, depth, input);
  if (input.Choose(16) == 0) return reflection.ClearField(&message, &field);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return EditAt(*reflection.MutableMessage(&message, &field), depth + 1, input);
  }
  EditScalar(message, field, 0, input);
}

}  // namespace

void EditMessage(google::protobuf::Message& message, Input& input) { EditAt(message, 0, input); }

void EditBytes(std::string& bytes, Input& input) {
  const size_t at = input.Choose(bytes.size() + 1);
  switch (input.Choose(4)) {
    case 0:
      bytes.insert(at, input.Text());
      return;
    case 1:
      bytes.erase(at, 1 + input.U8());
      return;
    case 2:
      bytes.resize(at);
      return;
    default:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (input.U8() + 1));
      return;
  }
}

}  // namespace trialsync::fuzz
