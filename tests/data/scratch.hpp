// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "support/scratch.hpp"

namespace zoetrope::data {

using Bytes = std::vector<std::uint8_t>;

// A test that puts files into its scratch folder.
class ScratchTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const Bytes& bytes) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  void write_text(const std::string& name, const std::string& text) const {
    write(name, Bytes(text.begin(), text.end()));
  }

  Bytes read(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
  }

  void write_gzip(const std::string& name, const Bytes& bytes) const {
    gzFile file = gzopen((folder_ / name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
  }

  const std::filesystem::path folder_ = scratch::folder();
};

}  // namespace zoetrope::data
