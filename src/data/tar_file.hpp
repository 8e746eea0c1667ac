// SPDX-License-Identifier: Apache-2.0
// What lies where in a tar file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoetrope/support/files.hpp"

namespace zoetrope::data {

struct TarEntry {
  std::string name;
  std::size_t offset = 0;  // of its bytes in the tar file, within which they lie
  std::size_t size = 0;
};

// Its files in their order, without folders and links, and without hidden ones, as `datasets` leaves them
// out. Throws InputError naming the file and the byte where it is damaged, cut or compressed, or holds a file
// in pieces.
std::vector<TarEntry> list_tar(const support::MappedFile& file);

}  // namespace zoetrope::data
