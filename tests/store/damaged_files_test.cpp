// SPDX-License-Identifier: Apache-2.0
// Files as a full disk, a bad cable or an attacker leaves them: the answer is InputError, whatever is in
// them.
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "zoetrope/store/mapped_embeddings.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "embeddings_shards.hpp"
#include "hdf5.hpp"
#include "store/samples.hpp"
#include "store/scratch.hpp"
#include "support/peak_memory.hpp"

namespace zoetrope::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DamagedFilesTest : public ScratchTest {
 protected:
  fs::path path() const { return folder_ / "a.h5"; }

  // A dataset /x made by `create(file, space, properties)` with the shape {rows}, never written to.
  template <typename Create>
  void make(hsize_t rows, Create create) const {
    const hid_t file = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(1, &rows, nullptr);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t dataset = create(file, space, properties);
    ASSERT_GE(dataset, 0);
    for (const hid_t id : {dataset}) H5Dclose(id);
    H5Pclose(properties);
    H5Sclose(space);
    H5Fclose(file);
  }
};

TEST_F(DamagedFilesTest, AHugeShapeAllocatesNothing) {
  make(hsize_t{1} << 60, [](hid_t file, hid_t space, hid_t properties) {
    return H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  });

  const std::string message = message_of<InputError>([&] { Hdf5File::open(path()).read_floats("x"); });

  EXPECT_THAT(message, HasSubstr("/x: stores fewer bytes than its shape asks for"));
}

TEST_F(DamagedFilesTest, AHugeCompressedShapeAllocatesNothing) {
  make(hsize_t{1} << 40, [](hid_t file, hid_t space, hid_t properties) {
    const hsize_t chunk = 1 << 20;
    H5Pset_chunk(properties, 1, &chunk);
    H5Pset_deflate(properties, 9);
    return H5Dcreate2(file, "x", H5T_IEEE_F64LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  });

  EXPECT_THROW(Hdf5File::open(path()).read_doubles("x"), InputError);
}

// HDF5 unpacks whole chunks, however few of their values are asked for.
TEST_F(DamagedFilesTest, AHugeChunkThatIsPackedIsNotUnpacked) {
  const double values[] = {1, 2};
  const hsize_t rows = 2, most_rows = H5S_UNLIMITED, chunk = 1 << 22;
  const hid_t file = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(1, &rows, &most_rows);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 1, &chunk);
  H5Pset_deflate(properties, 1);
  const hid_t dataset = H5Dcreate2(file, "x", H5T_IEEE_F64LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
  H5Dclose(dataset);
  H5Pclose(properties);
  H5Sclose(space);
  H5Fclose(file);

  const auto read = [&] { Hdf5File::open(path()).read_doubles("x"); };

  EXPECT_THAT(message_of<InputError>(read), HasSubstr("/x: is compressed or filtered"));
  EXPECT_LT(support::peak_kib_of(read), 16 << 10);
}

// External storage could name any file of this machine.
TEST_F(DamagedFilesTest, ValuesInAnotherFileAreRefused) {
  std::ofstream(folder_ / "secret") << "0123456789abcdef";
  const std::string secret = folder_ / "secret";
  make(2, [&](hid_t file, hid_t space, hid_t properties) {
    H5Pset_external(properties, secret.c_str(), 0, 16);
    return H5Dcreate2(file, "x", H5T_IEEE_F64LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  });

  const std::string message = message_of<InputError>([&] { Hdf5File::open(path()).read_doubles("x"); });

  EXPECT_THAT(message, HasSubstr("another file"));
}

TEST_F(DamagedFilesTest, LinksToOtherFilesAreRefused) {
  Hdf5File other = Hdf5File::create(folder_ / "other.h5");
  other.write("x", std::vector<double>{1}, {1});
  other.close();
  const hid_t file = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("other.h5", "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);

  EXPECT_THAT(message_of<InputError>([&] { Hdf5File::open(path()).read_doubles("x"); }),
              HasSubstr("is a link"));
  EXPECT_TRUE(Hdf5File::open(path()).names().empty());
}

void read_everything(const fs::path& folder) {
  try {
    read_embeddings(folder);
  } catch (const InputError&) {
  }
  try {
    const MappedEmbeddings mapped(folder);
  } catch (const InputError&) {
  }
  try {
    read_analysis(folder / "analysis.h5");
  } catch (const InputError&) {
  }
}

TEST_F(DamagedFilesTest, EveryCutIsAnInputError) {
  const EmbeddingsIdentity identity = sample_identity(11, 3);
  write_shard(folder_, identity, 0, {sample_rows(0, 11, 3), {}});
  seal(folder_, identity);
  write_analysis(folder_ / "analysis.h5", sample_analysis(3, 5, 2));
  const std::string embeddings = support::read_file(folder_ / "embeddings.h5");
  const std::string analysis = support::read_file(folder_ / "analysis.h5");

  for (std::size_t size = 0; size < embeddings.size(); size += 37) {
    std::ofstream(folder_ / "embeddings.h5", std::ios::binary) << embeddings.substr(0, size);
    EXPECT_THROW(read_embeddings(folder_), InputError) << "cut to " << size << " bytes";
    EXPECT_THROW(MappedEmbeddings{folder_}, InputError) << "cut to " << size << " bytes";
  }
  for (std::size_t size = 0; size < analysis.size(); size += 101) {
    std::ofstream(folder_ / "analysis.h5", std::ios::binary) << analysis.substr(0, size);
    EXPECT_THROW(read_analysis(folder_ / "analysis.h5"), InputError) << "cut to " << size << " bytes";
  }
}

TEST_F(DamagedFilesTest, FlippedBytesCrashNothing) {
  const EmbeddingsIdentity identity = sample_identity(3, 2);
  write_shard(folder_, identity, 0, {sample_rows(0, 3, 2), {}});
  seal(folder_, identity);
  write_analysis(folder_ / "analysis.h5", sample_analysis(2, 3, 1));
  std::mt19937 random(7);
  for (const char* name : {"embeddings.h5", "analysis.h5"}) {
    const std::string whole = support::read_file(folder_ / name);
    for (int round = 0; round < 500; ++round) {
      std::string damaged = whole;
      damaged[random() % damaged.size()] = static_cast<char>(random());
      std::ofstream(folder_ / name, std::ios::binary) << damaged;
      read_everything(folder_);
    }
  }
}

// Reads with `read` what `path` holds with each of its bits flipped in turn, but for `step` - 1 of `step`: it
// must be the same as before, or an InputError.
template <typename Read>
void expect_every_flip_found(const fs::path& path, std::size_t step, const Read& read) {
  const std::string whole = support::read_file(path);
  const auto before = read();
  std::size_t found = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); bit += step) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    std::ofstream(path, std::ios::binary) << damaged;
    try {
      EXPECT_TRUE(read() == before) << "bit " << bit << " of " << path;
    } catch (const InputError&) {
      ++found;
    }
  }
  EXPECT_GT(found, 0U);
  std::ofstream(path, std::ios::binary) << whole;
}

TEST_F(DamagedFilesTest, EveryFlippedBitIsFoundOrWithoutEffect) {
  EmbeddingsIdentity identity = sample_identity(11, 3);
  identity.num_classes = 2;
  write_shard(folder_, identity, 0,
              {sample_rows(0, 11, 3), sample_rows(0, 11, 2), {sample_rows(11, 13, 3), {0.5F, -0.5F}}});
  seal(folder_, identity);
  write_analysis(folder_ / "analysis.h5", sample_analysis(3, 5, 2));

  expect_every_flip_found(folder_ / "embeddings.h5", 61, [&] {
    const Embeddings read = read_embeddings(folder_);
    return std::tuple(read.values, read.logits, read.classifier.weight, read.classifier.bias,
                      read.identity.step, read.identity.model_digest, read.identity.epoch);
  });
  expect_every_flip_found(folder_ / "embeddings.h5", 67, [&] {
    const MappedEmbeddings read(folder_);
    return std::tuple(std::vector<float>(read.values().begin(), read.values().end()),
                      std::vector<float>(read.logits().begin(), read.logits().end()), read.identity().step,
                      read.identity().model_digest, read.identity().epoch);
  });
  expect_every_flip_found(folder_ / "analysis.h5", 211, [&] {
    const Analysis read = read_analysis(folder_ / "analysis.h5");
    return std::tuple(read.step, read.class_names, read.ood_score, read.outlier, read.aligned, read.curves,
                      read.source_digest);
  });
}

TEST_F(DamagedFilesTest, AShardWithAFlippedBitIsNotThere) {
  const EmbeddingsIdentity identity = sample_identity(4, 3);
  write_shard(folder_, identity, 0, {sample_rows(0, 2, 3), {}});
  write_shard(folder_, identity, 2, {sample_rows(2, 4, 3), {}});
  const fs::path shard = folder_ / "embeddings.shard-2-4.h5";
  const std::string whole = support::read_file(shard);
  std::string damaged = whole;
  const float last = 3.0F + 2.0F / 1024.0F;
  damaged[damaged.rfind(std::string(reinterpret_cast<const char*>(&last), sizeof last))] ^= 1;
  const auto put = [&](const std::string& bytes) { std::ofstream(shard, std::ios::binary) << bytes; };

  put(damaged);
  EXPECT_EQ(shards_in(folder_), (std::vector<fs::path>{folder_ / "embeddings.shard-0-2.h5", shard}));
  EXPECT_THAT(message_of<InputError>([&] { verify_shard(shard); }),
              HasSubstr(shard.string() + ": /embeddings: is damaged"));
  EXPECT_NO_THROW(verify_shard(folder_ / "embeddings.shard-0-2.h5"));
  EXPECT_EQ(collect_shards(folder_, identity), (std::vector<support::Range>{{0, 2}}));
  EXPECT_FALSE(fs::exists(shard));

  put(damaged);  // after this job has looked at what was there
  EXPECT_THAT(message_of<RunError>([&] { seal(folder_, identity); }),
              ::testing::AllOf(HasSubstr(shard.string() + ": /embeddings: is damaged"), HasSubstr("again")));
  EXPECT_FALSE(fs::exists(shard));
  EXPECT_FALSE(fs::exists(folder_ / "embeddings.h5"));

  put(whole);
  seal(folder_, identity);
  EXPECT_EQ(read_embeddings(folder_).values, sample_rows(0, 4, 3));
}

// As another program may have written it anew: nothing is missing, but rows are not where they are looked
// for.
TEST_F(DamagedFilesTest, ValuesInChunksAreNotMapped) {
  const EmbeddingsIdentity identity = sample_identity(2, 2);
  {
    Hdf5File file = Hdf5File::create(folder_ / "embeddings.h5");
    write_identity(file, identity);
    file.close();
  }
  const hid_t file = H5Fopen((folder_ / "embeddings.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hsize_t shape[] = {2, 2}, chunk[] = {1, 2};
  const hid_t space = H5Screate_simple(2, shape, nullptr), properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 2, chunk);
  const hid_t dataset =
      H5Dcreate2(file, "embeddings", H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  const float values[] = {1, 2, 3, 4};
  ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
  H5Dclose(dataset), H5Pclose(properties), H5Sclose(space), H5Fclose(file);

  EXPECT_EQ(read_embeddings(folder_).values, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_THAT(message_of<InputError>([&] { MappedEmbeddings{folder_}; }),
              ::testing::AllOf(HasSubstr("embeddings.h5: /embeddings: cannot be read in blocks"),
                               HasSubstr("--memory-limit")));
}

// As versions before the digest wrote them.
TEST_F(DamagedFilesTest, AFileWithoutADigestIsRead) {
  const EmbeddingsIdentity identity = sample_identity(2, 2);
  for (const float last : {1.5F, std::numeric_limits<float>::quiet_NaN()}) {
    fs::remove(folder_ / "embeddings.h5");
    Hdf5File file = Hdf5File::create(folder_ / "embeddings.h5");
    file.write("embeddings", std::span<const float>(std::vector<float>{1, 2, 3, last}), {2, 2});
    write_identity(file, identity);
    file.close();
    if (std::isnan(last)) {
      EXPECT_THROW(verify_embeddings(folder_), InputError);
    } else {
      EXPECT_NO_THROW(verify_embeddings(folder_));
      EXPECT_EQ(read_embeddings(folder_).values.back(), last);
    }
  }
}

}  // namespace
}  // namespace zoetrope::store
