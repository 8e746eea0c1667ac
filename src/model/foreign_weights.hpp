// SPDX-License-Identifier: Apache-2.0
// Model folders of others that are not read: what they are, and how to make of them what is
// (describe_foreign_weights() of zoetrope/model/folder.hpp).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace zoetrope::model {

// What to do about an adapter that is not merged here.
inline constexpr std::string_view kMergeInPython =
    "merge it in Python, with the base model's folder and classes: "
    "PeftModel.from_pretrained(base_model, folder).merge_and_unload().save_pretrained(new_folder)";

// InputError: `folder` lacks `missing`, a file of its model. Where it holds weights of another kind the
// message names them, and says how to convert them.
[[noreturn]] void refuse_foreign_weights(const std::filesystem::path& folder, const std::string& missing);

}  // namespace zoetrope::model
