// SPDX-License-Identifier: Apache-2.0
// The input is a trainer_state.json, and the text that a training leaves of itself (training.json, the
// metadata of optimizer.safetensors).
#include "zoetrope/store/trainer_state.hpp"

#include "zoetrope/support/error.hpp"

#include "scratch_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  const auto path = folder.path() / "trainer_state.json";
  folder.write("trainer_state.json", {data, size});
  const auto read = [](const auto& reader) {
    try {
      reader();
    } catch (const InputError&) {
    }
  };
  read([&] { store::read_trainer_state(path); });
  read([&] { support::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz"); });
  return 0;
}
