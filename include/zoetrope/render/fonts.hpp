// SPDX-License-Identifier: Apache-2.0
// What the fonts of this machine cannot show.
#pragma once

#include <string>
#include <vector>

namespace zoetrope::render {

struct MissingCharacters {
  std::vector<std::string> characters;  // each once, in UTF-8, in the order of the texts
  std::string package;                  // of Debian and Ubuntu, with a font that has the first of them
};

// The characters of `texts` that no font here has: a picture shows their numbers in boxes. Of very many
// different characters the first thousand are looked at.
MissingCharacters missing_characters(const std::vector<std::string>& texts);

}  // namespace zoetrope::render
