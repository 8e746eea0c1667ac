// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/fonts.hpp"

#include <set>

#include <glib.h>

#include "text.hpp"

namespace zoetrope::render {
namespace {

constexpr std::size_t kMostCharacters = 1000;

std::string package_for(gunichar character) {
  constexpr gunichar kFirstPictograph = 0x1f000, kLastPictograph = 0x1faff;
  if (character >= kFirstPictograph && character <= kLastPictograph) return "fonts-noto-color-emoji";
  switch (g_unichar_get_script(character)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_HANGUL:
    case G_UNICODE_SCRIPT_BOPOMOFO:
      return "fonts-noto-cjk";
    default:
      return "fonts-noto-core";
  }
}

}  // namespace

MissingCharacters missing_characters(const std::vector<std::string>& texts) {
  constexpr gunichar kFirstNotAscii = 0x80;
  MissingCharacters missing;
  const Typesetter typesetter(kFonts);
  std::set<gunichar> seen;
  for (const std::string& text : texts) {
    const std::string line = printable(text);
    for (const char* at = line.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
      const gunichar character = g_utf8_get_char(at);
      if (character < kFirstNotAscii || !g_unichar_isgraph(character)) continue;
      if (seen.size() >= kMostCharacters || !seen.insert(character).second) continue;
      const std::string one(at, static_cast<std::size_t>(g_utf8_next_char(at) - at));
      if (typesetter.has_glyphs(one)) continue;
      if (missing.characters.empty()) missing.package = package_for(character);
      missing.characters.push_back(one);
    }
  }
  return missing;
}

}  // namespace zoetrope::render
