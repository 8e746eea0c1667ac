// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/whole_file.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::render {
namespace {

void expect_not_whole(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_THAT([&] { require_whole_file(path); },
              ::testing::ThrowsMessage<InputError>(::testing::HasSubstr(path.string() + ": is ")))
      << bytes.size() << " bytes";
}

TEST(WholeFile, TellsACutOneOfEachKind) {
  const Picture plain{160, 90, std::vector<std::uint32_t>(160 * 90, 0xff336699)};
  write_png("whole.png", plain);
  for (const std::string& format : animation_formats())
    write_animation("whole." + format, {.format = format, .fps = 8}, 3, [&](std::size_t) { return plain; });

  for (const char* name : {"whole.png", "whole.gif", "whole.webp", "whole.mp4"}) {
    EXPECT_NO_THROW(require_whole_file(name)) << name;
    const std::string whole = support::read_file(name);
    for (const std::size_t size : {std::size_t{0}, std::size_t{7}, whole.size() / 2, whole.size() - 1})
      expect_not_whole(name, whole.substr(0, size));
    expect_not_whole(name, std::string(whole.size(), '\0'));
  }
}

TEST(WholeFile, AFlippedBitOfAPngIsNoticed) {
  write_png("flipped.png", {2, 2, std::vector<std::uint32_t>(4, 0xff336699)});
  std::string bytes = support::read_file("flipped.png");
  bytes[bytes.size() / 2] ^= 1;
  expect_not_whole("flipped.png", bytes);
}

}  // namespace
}  // namespace zoetrope::render
