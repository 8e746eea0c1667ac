// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/fonts.hpp"

#include <gmock/gmock.h>

namespace zoetrope::render {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Of a private use area: no font of a distribution has them.
const std::string kPrivate = "\U0010f123", kAnother = "\U0010f124";

TEST(Fonts, MissingCharactersAreNamedOnceInTheirOrder) {
  const MissingCharacters missing =
      missing_characters({"Ankle boot", "a" + kAnother + "b" + kPrivate, kPrivate + kAnother});

  EXPECT_THAT(missing.characters, ElementsAre(kAnother, kPrivate));
  EXPECT_EQ(missing.package, "fonts-noto-core");
}

TEST(Fonts, NothingIsMissingOfWhatIsShownOrNeverSeen) {
  EXPECT_THAT(missing_characters({}).characters, IsEmpty());
  EXPECT_THAT(
      missing_characters({"T-shirt/top", "caf\u00e9", "a\nb\tc", "\xff\xfe", "\u200b\u202e"}).characters,
      IsEmpty());
}

TEST(Fonts, ThePackageFitsTheScript) {
  for (const auto& [text, package] : {std::pair{"日", "fonts-noto-cjk"},
                                      {"한", "fonts-noto-cjk"},
                                      {"\U0001f980", "fonts-noto-color-emoji"}}) {
    const MissingCharacters missing = missing_characters({text});
    EXPECT_EQ(missing.package, missing.characters.empty() ? "" : package);
  }
}

}  // namespace
}  // namespace zoetrope::render
