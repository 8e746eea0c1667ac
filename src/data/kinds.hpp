// SPDX-License-Identifier: Apache-2.0
// Which kind of data set a file is of, as far as its name tells, and so which scheme of --data reads it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace zoetrope::data {

bool is_parquet(std::string_view file_name);
bool is_arrow(std::string_view file_name);
bool is_tar(std::string_view file_name);

// The files beside images in which `datasets` looks for their labels.
bool is_image_metadata(std::string_view file_name);

// "parquet", "webdataset" or "folder" of a folder, by what most of its files are, as `datasets` chooses; ""
// where it holds none of these. Of a file likewise, by its name.
std::string_view scheme_for(const std::filesystem::path& place);

// "; it holds .parquet files: give --data parquet:DIR" where another scheme than `scheme` reads `place`, else
// "".
std::string hint_at_scheme(const std::filesystem::path& place, std::string_view scheme);

}  // namespace zoetrope::data
