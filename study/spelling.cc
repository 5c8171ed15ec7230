// SPDX-License-Identifier: Apache-2.0
#include "study/spelling.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

namespace trialsync::study {
namespace {

const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// Each character by itself, as its simple mapping has it.
std::string Mapped(std::string_view text, utf8proc_int32_t (*map)(utf8proc_int32_t)) {
  std::string mapped;
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t read =
        utf8proc_iterate(Bytes(text), static_cast<utf8proc_ssize_t>(text.size()), &point);
    if (read <= 0) return mapped.append(text);
    std::array<uint8_t, 4> encoded;
    const utf8proc_ssize_t written = utf8proc_encode_char(map(point), encoded.data());
    mapped.append(reinterpret_cast<const char*>(encoded.data()), static_cast<size_t>(written));
    text.remove_prefix(static_cast<size_t>(read));
  }
  return mapped;
}

size_t FirstBytes(std::string_view text) {
  utf8proc_int32_t point = 0;
  const utf8proc_ssize_t read =
      utf8proc_iterate(Bytes(text), static_cast<utf8proc_ssize_t>(text.size()), &point);
  return read <= 0 ? 0 : static_cast<size_t>(read);
}

}  // namespace

bool IsComposed(std::string_view text) {
  utf8proc_uint8_t* composed = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(Bytes(text), static_cast<utf8proc_ssize_t>(text.size()), &composed,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(composed, &std::free);
  return size >= 0 && text == std::string_view(reinterpret_cast<const char*>(composed),
                                               static_cast<size_t>(size));
}

std::vector<std::string> CaseVariants(std::string_view text) {
  const std::string small = Mapped(text, &utf8proc_tolower);
  const std::string capital = Mapped(text, &utf8proc_toupper);
  const std::string first = Mapped(text.substr(0, FirstBytes(text)), &utf8proc_toupper);
  const std::string name = first + Mapped(text.substr(FirstBytes(text)), &utf8proc_tolower);
  std::vector<std::string> variants;
  for (const std::string& variant : {small, capital, name}) {
    const bool known =
        variant == text || std::find(variants.begin(), variants.end(), variant) != variants.end();
    if (!known) variants.push_back(variant);
  }
  return variants;
}

}  // namespace trialsync::study
