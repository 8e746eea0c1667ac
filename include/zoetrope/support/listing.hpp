// SPDX-License-Identifier: Apache-2.0
// What lies under a path. An answer is given only where the system gives one: a disk or a file server that
// fails is asked twice more, and then, as where permission, descriptors or memory are lacking, all of these
// throw RunError, and InputError where the path itself is impossible (too long, a link to itself). So what is
// not there is not there, and may be made again, and what is may be the reason to remove something else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::support {

// Whether the folder of `path` lists its name. To be asked wherever another host may have written the file a
// moment ago, or may do so soon: a network's file system remembers for half a minute that stat() or open()
// has found nothing, and forgets it when the folder is opened. False where the folder is not there, either.
// Where the folder may not be listed, but entered, stat() answers.
bool is_listed(const std::filesystem::path& path);

// What the folder lists, sorted; nothing where there is no such folder.
std::vector<std::string> names_in(const std::filesystem::path& folder);

// As those of std::filesystem; links are followed.
bool exists(const std::filesystem::path& path);
bool is_directory(const std::filesystem::path& path);
bool is_regular_file(const std::filesystem::path& path);
// In bytes. InputError where there is no such file.
std::uintmax_t file_size(const std::filesystem::path& path);

}  // namespace zoetrope::support
