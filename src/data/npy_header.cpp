// SPDX-License-Identifier: Apache-2.0
#include "npy_header.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::data {

namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr std::size_t kMostHeaderBytes = 65536;  // numpy itself refuses more than 10,000
constexpr std::size_t kMostDimensions = 32;

// The text of a header: a Python dict of 'descr', 'fortran_order' and 'shape'.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& place) : rest_(text), place_(place) {}

  NpyHeader parse() {
    NpyHeader header;
    std::array<bool, 3> found{};
    expect('{');
    while (!takes('}')) {
      const std::string key = quoted();
      expect(':');
      const std::size_t at = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
      if (at == 3 || std::exchange(found[at], true)) fail("its key '" + key + "' is unknown or there twice");
      if (at == 0) header.type = descr();
      if (at == 1) header.is_by_columns = truth();
      if (at == 2) header.shape = tuple();
      if (!takes(',') && !is_next('}')) fail("a comma is missing between its entries");
    }
    skip_space();
    if (!rest_.empty()) fail("something follows its last brace");
    if (!std::ranges::all_of(found, [](bool is) { return is; }))
      fail("'descr', 'fortran_order' or 'shape' is missing");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(place_ + ": the header is not as numpy writes it: " + what);
  }

  void skip_space() {
    const std::size_t text = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(text, rest_.size()));
  }
  bool is_next(char wanted) {
    skip_space();
    return rest_.starts_with(wanted);
  }
  bool takes(char wanted) {
    if (!is_next(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!takes(wanted)) fail(std::string("'") + wanted + "' is missing");
  }

  std::string quoted() {
    const char quote = is_next('"') ? '"' : '\'';
    expect(quote);
    const std::size_t end = std::min(rest_.find(quote), rest_.size());
    const std::string text(rest_.substr(0, end));
    if (end == rest_.size() || text.find('\\') != std::string::npos) fail("a text in it does not end");
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool truth() {
    skip_space();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail("'fortran_order' is neither True nor False");
  }

  // Python 2 wrote "10L".
  std::uint64_t whole_number() {
    skip_space();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) fail("'shape' is no tuple of whole numbers");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (rest_.starts_with('L')) rest_.remove_prefix(1);
    return value;
  }

  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> numbers;
    expect('(');
    while (!takes(')')) {
      numbers.push_back(whole_number());
      if (numbers.size() > kMostDimensions) fail("'shape' has too many numbers");
      if (!takes(',') && !is_next(')')) fail("'shape' is no tuple of whole numbers");
    }
    return numbers;
  }

  [[noreturn]] void refuse_dtype(const std::string& what) const {
    throw InputError(place_ + ": holds " + what + "; write it as an array of float32");
  }

  NumberType descr() {
    if (is_next('[')) refuse_dtype("a structured dtype, with fields that have names");
    const std::string word = quoted();
    std::string_view text = word;
    NumberType type;
    if (!text.empty() && std::string_view("<>=|").find(text[0]) != std::string_view::npos) {
      type.is_big_endian = text[0] == '>';
      text.remove_prefix(1);
    }
    if (text.starts_with('O'))
      refuse_dtype("objects (dtype object), a pickle, which can run code and is not read");
    if (!text.empty()) type.kind = text[0];
    text.remove_prefix(std::min<std::size_t>(1, text.size()));
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), type.bytes);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    const bool is_whole = (type.kind == 'i' || type.kind == 'u') &&
                          (type.bytes == 1 || type.bytes == 2 || type.bytes == 4 || type.bytes == 8);
    const bool is_real = type.kind == 'f' && (type.bytes == 2 || type.bytes == 4 || type.bytes == 8);
    if (!is_number || (!is_whole && !is_real)) refuse_dtype("dtype '" + word + "'");
    return type;
  }

  std::string_view rest_;
  const std::string& place_;
};

// The product, where it fits.
std::optional<std::uint64_t> product_of(const std::vector<std::uint64_t>& shape, std::uint64_t start) {
  std::uint64_t product = start;
  for (const std::uint64_t size : shape)
    if (__builtin_mul_overflow(product, size, &product)) return std::nullopt;
  return product;
}

std::string text_of(const std::vector<std::uint64_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

// The header's text, and how many bytes stand before the numbers.
std::pair<std::string, std::uint64_t> read_text(const NextBytes& next, std::uint64_t size,
                                                const std::string& place) {
  const auto read = [&](std::uint64_t count) {
    std::string bytes(count, '\0');
    next(std::as_writable_bytes(std::span(bytes)));
    return bytes;
  };
  constexpr std::uint64_t kStart = kNpyMagic.size() + 2;
  const auto refuse_short = [&] { throw InputError(place + ": is cut within its header"); };
  const std::string start = size < kStart ? "" : read(kStart);
  if (!start.starts_with(kNpyMagic))
    throw InputError(place + ": is no .npy file: it does not begin with \\x93NUMPY");
  const int version = static_cast<unsigned char>(start[kNpyMagic.size()]);
  if (version < 1 || version > 3 || start.back() != 0)
    throw InputError(place + ": is of version " + std::to_string(version) + "." +
                     std::to_string(static_cast<unsigned char>(start.back())) +
                     " of .npy; 1.0, 2.0 and 3.0 are known");
  const std::uint64_t length_bytes = version == 1 ? 2 : 4;
  if (size < kStart + length_bytes) refuse_short();
  std::uint64_t length = 0;
  const std::string digits = read(length_bytes);
  for (std::size_t i = 0; i < digits.size(); ++i)
    length |= std::uint64_t{static_cast<unsigned char>(digits[i])} << (8 * i);
  if (length > kMostHeaderBytes)
    throw InputError(place + ": has a header of " + std::to_string(length) +
                     " bytes, which no array of plain numbers needs");
  if (size < kStart + length_bytes + length) refuse_short();
  return {read(length), kStart + length_bytes + length};
}

}  // namespace

NpyHeader read_npy_header(const NextBytes& next, std::uint64_t size, const std::string& place) {
  const auto [text, bytes] = read_text(next, size, place);
  NpyHeader header = HeaderText(text, place).parse();
  header.bytes = bytes;
  const auto numbers = product_of(header.shape, 1), all = product_of(header.shape, header.type.bytes);
  if (!numbers || !all || *all != size - bytes)
    throw InputError(place + ": its shape " + text_of(header.shape) + " of " + name_of(header.type) +
                     " takes " + (all ? std::to_string(*all) : "more than 2^64") + " bytes, and there are " +
                     std::to_string(size - bytes) + ": the file is cut or damaged");
  header.num_numbers = *numbers;
  return header;
}

}  // namespace zoetrope::data
