// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/digest.hpp"

#include <openssl/evp.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/progress_marks.hpp"

namespace zoetrope::support {

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
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

}  // namespace zoetrope::support
