// SPDX-License-Identifier: Apache-2.0
// JSON that tells whether a bit of it has changed: an object with its own digest, "zoetrope_digest", over its
// compact text (keys sorted, UTF-8) without that.
#pragma once

#include <string>
#include <string_view>

#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

inline constexpr const char* kJsonDigest = "zoetrope_digest";

std::string digest_of_text(std::string_view text);  // "xxh3-128:" and 32 hexadecimal digits

support::Json with_digest(support::Json object);

// InputError where the object has another digest than its own, or one of its keys was the digest's until a
// bit became another. False: it has none, as of versions that wrote none, and of others.
bool check_digest(support::Json object, const std::string& origin);

// InputError where a key of the object was `name` until one of its bits became another.
void refuse_flipped_key(const support::Json& object, std::string_view name, const std::string& origin);

}  // namespace zoetrope::store
