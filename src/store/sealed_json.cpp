// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/sealed_json.hpp"

#include <utility>

#include "zoetrope/support/digest.hpp"

#include "bits.hpp"

namespace zoetrope::store {

using support::Json;

std::string digest_of_text(std::string_view text) {
  support::Xxh3 digest;
  digest.update(text);
  return "xxh3-128:" + digest.hex();
}

Json with_digest(Json object) {
  object.erase(kJsonDigest);
  std::string digest = digest_of_text(object.dump());
  object[kJsonDigest] = std::move(digest);
  return object;
}

bool check_digest(Json object, const std::string& origin) {
  if (!object.is_object()) throw InputError(origin + ": is not a JSON object");
  if (!object.contains(kJsonDigest)) {
    refuse_flipped_key(object, kJsonDigest, origin);
    return false;
  }
  const Json digest = std::move(object.at(kJsonDigest));
  object.erase(kJsonDigest);
  if (digest != digest_of_text(object.dump()))
    throw InputError(origin + ": is damaged: it no longer holds what its digest was made of");
  return true;
}

void refuse_flipped_key(const Json& object, std::string_view name, const std::string& origin) {
  for (const auto& [key, value] : object.items())
    if (differing_bits(key, name) == 1)
      throw InputError(origin + ": is damaged: it holds \"" + key + "\" instead of \"" + std::string(name) +
                       "\"");
}

}  // namespace zoetrope::store
