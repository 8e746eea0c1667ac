// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/digest.hpp"

#include <openssl/evp.h>
#include <xxhash.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/progress_marks.hpp"

namespace zoetrope::support {

namespace {

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    if (context == nullptr || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1)
      throw RunError("OpenSSL cannot start a SHA-256 digest");
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  mark_progress();
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1)
    throw RunError("OpenSSL cannot continue a SHA-256 digest");
}

void Sha256::update(std::string_view text) {
  update(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(state_->context, digest, &size) != 1)
    throw RunError("OpenSSL cannot finish a SHA-256 digest");
  return to_hex({digest, size});
}

struct Xxh3::State {
  State() : state(XXH3_createState()) {
    if (state == nullptr || XXH3_128bits_reset(state) != XXH_OK)
      throw RunError("libxxhash cannot start an XXH3 digest");
  }
  ~State() { XXH3_freeState(state); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  XXH3_state_t* state;
};

Xxh3::Xxh3() : state_(std::make_unique<State>()) {}
Xxh3::~Xxh3() = default;

void Xxh3::update(std::span<const std::byte> bytes) {
  mark_progress();
  if (XXH3_128bits_update(state_->state, bytes.data(), bytes.size()) != XXH_OK)
    throw RunError("libxxhash cannot continue an XXH3 digest");
}

void Xxh3::update(std::string_view text) {
  update(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Xxh3::hex() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->state));
  return to_hex(canonical.digest);
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

}  // namespace zoetrope::support
