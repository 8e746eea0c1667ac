// SPDX-License-Identifier: Apache-2.0
// Model folders of others that are not read: what they are, and how to make of them what is
// (describe_foreign_weights() of zoetrope/model/folder.hpp).
#pragma once

#include <filesystem>
#include <string>

namespace zoetrope::model {

// InputError: `folder` lacks `missing`, a file of its model. Where it holds weights of another kind the
// message names them, and says how to convert them.
[[noreturn]] void refuse_foreign_weights(const std::filesystem::path& folder, const std::string& missing);

}  // namespace zoetrope::model
