// SPDX-License-Identifier: Apache-2.0
// The input is a log.csv, ours or the article's. What is read and written again reads the same.
#include "zoetrope/store/loss_log.hpp"

#include <cstdlib>

#include "zoetrope/support/error.hpp"

#include "../../src/store/loss_log_file.hpp"
#include "scratch_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  const auto path = folder.path() / "log.csv";
  folder.write("log.csv", {data, size});
  try {
    const auto log = store::read_loss_log(path);
    store::last_logged(log, 10);
    store::LossLog again(path, std::int64_t{1} << 53);
    if (store::read_loss_log(path).size() != log.size()) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
