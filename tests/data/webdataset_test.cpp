// SPDX-License-Identifier: Apache-2.0
// Tar files of WebDataset's; what they hold is compared with `datasets` in tables_test.py.
#include <cstdio>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"

#include "golden.hpp"
#include "image_folder.hpp"
#include "scratch.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kBlock = 512;

void pad(Bytes& tar) {
  tar.resize((tar.size() + kBlock - 1) / kBlock * kBlock);
}

// The header's sum counts its own eight bytes as spaces.
void seal(std::uint8_t* header) {
  std::fill_n(header + 148, 8, ' ');
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += header[i];
  std::snprintf(reinterpret_cast<char*>(header + 148), 8, "%06o", sum);
}

void add(Bytes& tar, const std::string& name, const Bytes& content, std::uint64_t claimed_size = 0) {
  Bytes header(kBlock);
  std::copy(name.begin(), name.end(), header.begin());
  std::snprintf(reinterpret_cast<char*>(header.data() + 100), 8, "0000644");
  std::snprintf(reinterpret_cast<char*>(header.data() + 124), 12, "%011llo",
                static_cast<unsigned long long>(claimed_size ? claimed_size : content.size()));
  header[156] = '0';
  std::copy_n(
      "ustar\0"
      "00",
      8, header.begin() + 257);
  seal(header.data());
  tar.insert(tar.end(), header.begin(), header.end());
  tar.insert(tar.end(), content.begin(), content.end());
  pad(tar);
}

class WebDataset : public ScratchTest {
 protected:
  WebDataset() {
    const Golden golden("decode");
    for (const auto& golden_case : golden.cases())
      if (golden_case.at("name") == "rgb.png") png_ = golden.array<std::uint8_t>(golden_case.at("file"));
    for (const char* label : {"1", "0", "2"}) {
      const std::string key = "images/" + std::to_string(tar_.size());
      add(tar_, key + ".png", png_);
      add(tar_, key + ".cls", Bytes{static_cast<std::uint8_t>(label[0])});
    }
    end_ = tar_.size();
    tar_.resize(tar_.size() + 2 * kBlock);
    write("train-0.tar", tar_);
    write("test-0.tar", tar_);
  }

  std::unique_ptr<Dataset> open(const std::string& part = "", Split split = Split::kTrain) const {
    return open_dataset("webdataset:" + (folder_ / part).string(), split, DatasetOptions{});
  }

  Bytes png_, tar_;
  std::size_t end_ = 0;
};

TEST_F(WebDataset, ReadsSamplesInOrderWithTheirKeys) {
  const auto train = open();

  EXPECT_THAT(labels(*train), ElementsAre(1, 0, 2));
  EXPECT_THAT(train->class_names(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(train->image_name(0), "images/0.png");
  EXPECT_GT(train->image(2).pixels.size(), 0u);
  EXPECT_THAT(labels(*open("train-0.tar")), ElementsAre(1, 0, 2));
  EXPECT_THAT([&] { open("train-0.tar", Split::kTest); },
              ThrowsMessage<InputError>(HasSubstr("--test-split")));
}

TEST_F(WebDataset, HasAnotherDigestWhereAnyByteOfAnImageIsAnother) {
  const std::string before = open()->digest();
  Bytes changed = tar_;
  changed[kBlock + png_.size() - 1] ^= 1;
  write("train-0.tar", changed);
  EXPECT_NE(open()->digest(), before);
}

TEST_F(WebDataset, ReportsFilesCutAnywhere) {
  for (std::size_t size = 1; size < end_ + kBlock; size += 37) {
    write("train-0.tar", Bytes(tar_.begin(), tar_.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_THAT([&] { open(); }, ThrowsMessage<InputError>(HasSubstr("train-0.tar: "))) << size;
  }
}

TEST_F(WebDataset, ReadsWhatLacksTheZerosAtItsEnd) {
  write("train-0.tar", Bytes(tar_.begin(), tar_.begin() + static_cast<std::ptrdiff_t>(end_)));
  EXPECT_THAT(labels(*open()), ElementsAre(1, 0, 2));
}

TEST_F(WebDataset, ReportsDamagedHeadersAndTrustsNoSizeInThem) {
  int reported = 0;
  for (std::size_t at = 0; at < kBlock; ++at) {
    Bytes damaged = tar_;
    damaged[at] ^= 0x80;
    write("train-0.tar", damaged);
    try {
      open();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("train-0.tar"));
      ++reported;
    }
  }
  EXPECT_GT(reported, 200);
  for (const std::uint64_t size : {std::uint64_t{9000}, (std::uint64_t{1} << 33) - 1}) {
    Bytes tar;
    add(tar, "1.png", png_, size);
    tar.resize(tar.size() + 2 * kBlock);
    write("train-0.tar", tar);
    EXPECT_THAT([&] { open(); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("train-0.tar: byte "), HasSubstr("1.png"))))
        << size;
  }
}

TEST_F(WebDataset, NamesTheSampleWhoseImageIsBroken) {
  Bytes broken = tar_;
  broken[kBlock] = 'x';
  write("train-0.tar", broken);
  const auto train = open();
  EXPECT_THAT([&] { train->image(0); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("train-0.tar: sample images/0"), HasSubstr("--skip-bad-images"))));
}

}  // namespace
}  // namespace zoetrope::data
