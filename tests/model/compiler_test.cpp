// SPDX-License-Identifier: Apache-2.0
// Machine code for GPUs that are not here: how it is kept, and (where NVRTC is) that the kernels compile.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include <gmock/gmock.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "../../src/model/cuda/row_kernels.hpp"
#include "support/scratch.hpp"

namespace zoetrope::model {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Optional;

CubinCache make_cache() {
  return CubinCache(scratch::folder() / "cache");  // not there yet
}

TEST(CubinCache, GivesWhatWasKeptForTheKeyAlone) {
  const CubinCache cache = make_cache();
  EXPECT_EQ(cache.find("sm_90"), std::nullopt);

  EXPECT_EQ(cache.keep("sm_90", std::string("code\0more", 9)), "");

  EXPECT_THAT(cache.find("sm_90"), Optional(std::string("code\0more", 9)));
  EXPECT_EQ(cache.find("sm_80"), std::nullopt);
}

TEST(CubinCache, PassesOverAFileOfAnotherKey) {
  const CubinCache cache = make_cache();
  cache.keep("sm_90", "code");
  fs::rename(cache.file_of("sm_90"), cache.file_of("sm_80"));
  EXPECT_EQ(cache.find("sm_80"), std::nullopt);
}

TEST(CubinCache, PassesOverAFileThatHasChangedInAnyByte) {
  const CubinCache cache = make_cache();
  cache.keep("sm_90", "code");
  const std::string whole = support::read_file(cache.file_of("sm_90"));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 1;
    support::write_file(cache.file_of("sm_90"), damaged);
    EXPECT_EQ(cache.find("sm_90"), std::nullopt) << "byte " << i;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    support::write_file(cache.file_of("sm_90"), whole.substr(0, size));
    EXPECT_EQ(cache.find("sm_90"), std::nullopt) << size << " bytes";
  }
}

TEST(CubinCache, PassesOverAFileThatOthersMayWriteTo) {
  const CubinCache cache = make_cache();
  cache.keep("sm_90", "code");
  fs::permissions(cache.file_of("sm_90"), fs::perms::group_write, fs::perm_options::add);
  EXPECT_EQ(cache.find("sm_90"), std::nullopt);
}

TEST(CubinCache, SaysWhyItKeepsNothing) {
  const fs::path file = scratch::folder() / "file";
  std::ofstream(file) << "x";
  EXPECT_THAT(CubinCache(file).keep("sm_90", "code"), HasSubstr("file"));
  EXPECT_THAT(CubinCache({}).keep("sm_90", "code"), HasSubstr("HOME"));
  EXPECT_EQ(CubinCache({}).find("sm_90"), std::nullopt);
}

TEST(CubinCache, IsWhereTheEnvironmentSays) {
  ::setenv("HOME", "/home/ada", 1);
  ::setenv("XDG_CACHE_HOME", "/scratch/ada", 1);
  EXPECT_EQ(cache_folder(), "/scratch/ada/zoetrope");
  ::setenv("XDG_CACHE_HOME", "relative", 1);  // which the XDG specification has ignored
  EXPECT_EQ(cache_folder(), "/home/ada/.cache/zoetrope");
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("HOME");
  EXPECT_EQ(cache_folder(), "");
}

TEST(Compiler, ThatIsMissingIsAnErrorThatNamesIt) {
  try {
    const Compiler compiler("libnvrtc.so.0");
    FAIL();
  } catch (const RunError& error) {
    EXPECT_THAT(error.what(), HasSubstr("libnvrtc.so.0"));
    EXPECT_THAT(error.what(), HasSubstr("torch wheel"));
  }
}

#ifdef ZOETROPE_NVRTC
struct Target {
  const char* architecture;
  std::int64_t hidden;
};

void PrintTo(const Target& target, std::ostream* to) {
  *to << target.architecture << ", rows of " << target.hidden;
}

class Nvrtc : public ::testing::TestWithParam<Target> {};

// An ELF file in which every kernel is found, and which is not compiled twice.
TEST_P(Nvrtc, CompilesTheRowKernels) {
  const auto [architecture, hidden] = GetParam();
  const Compiler compiler(ZOETROPE_NVRTC);
  const fs::path folder = scratch::folder();

  const std::string cubin = compile_row_kernels(compiler, CubinCache(folder), architecture, hidden);

  EXPECT_EQ(cubin.substr(0, 4),
            "\x7f"
            "ELF");
  for (const char* const name : kRowKernels) EXPECT_THAT(cubin, HasSubstr(std::string(".text.") + name));
  EXPECT_EQ(compile_row_kernels(compiler, CubinCache(folder), architecture, hidden), cubin);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
}

INSTANTIATE_TEST_SUITE_P(Targets, Nvrtc,
                         ::testing::Values(Target{"sm_80", 768}, Target{"sm_90", 768}, Target{"sm_100", 768},
                                           Target{"sm_90", 192}, Target{"sm_90", 1536}));

TEST(NvrtcErrors, SayWhereSourceIsWrong) {
  try {
    Compiler(ZOETROPE_NVRTC)
        .compile("__global__ void f() {\n  int x = y;\n}\n", "wrong.cu", {"--gpu-architecture=sm_90"});
    FAIL();
  } catch (const RunError& error) {
    EXPECT_THAT(error.what(), HasSubstr("wrong.cu(2): error: identifier \"y\" is undefined"));
  }
}
#endif

}  // namespace
}  // namespace zoetrope::model
