// SPDX-License-Identifier: Apache-2.0
// Joins the page's sources (src/review/page), the libraries and the run's data into one file.
#include <algorithm>
#include <cstdio>
#include <span>

#include "zoetrope/render/class_colours.hpp"
#include "zoetrope/review/review.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/trace.hpp"

#include "page_arrays.hpp"
#include "page_curves.hpp"
#include "page_neighbours.hpp"
#include "resources.hpp"
#include "sheets.hpp"

namespace zoetrope::review {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPageBytes = 12'000'000;
// Neighbours may take so much of a page that is larger than this without them.
constexpr std::size_t kLeastNeighbourBytes = 1'250'000;
constexpr std::size_t kLiveNeighbourFrames = 2;

std::string escape_html(const std::string& text) {
  std::string escaped;
  for (const char c : text)
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else
      escaped += c;
  return escaped;
}

// JSON that can stand in a script element: without '<' nothing in it can end the element. Bytes that are no
// UTF-8, as file names may hold, become U+FFFD.
std::string script_json(const Json& value) {
  std::string text;
  for (const char c : value.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

std::vector<std::string> hex_colours(const render::ClassColours& all) {
  std::vector<std::string> colours;
  for (const std::uint32_t rgb : all) {
    char text[8];
    std::snprintf(text, sizeof text, "#%06x", static_cast<unsigned>(rgb));
    colours.push_back(text);
  }
  return colours;
}

Json own_columns(const std::vector<OwnColumn>& columns) {
  Json all = Json::array();
  for (const OwnColumn& column : columns) {
    Json own = {{"name", column.name}, {"values", column.values}};  // what is no number becomes null
    if (!column.categories.empty()) own["categories"] = column.categories;
    all.push_back(std::move(own));
  }
  return all;
}

Json layout_of(const Sheets& sheets) {
  return {{"width", sheets.width},          {"height", sheets.height},
          {"cellWidth", sheets.cell_width}, {"cellHeight", sheets.cell_height},
          {"columns", sheets.columns},      {"rows", sheets.rows},
          {"sheets", sheets.jpegs.size()}};
}

Json describe(const Review& review, const PageOptions& options, const PackedArrays& arrays,
              const Sheets& sheets) {
  const store::Analysis& analysis = review.analysis;
  std::vector<double> explained;
  for (std::size_t t = 0; t < analysis.num_frames(); ++t)
    explained.push_back(analysis.explained_variance_ratio[2 * t] +
                        analysis.explained_variance_ratio[2 * t + 1]);
  Json meta = {{"title", review.title},
               {"refreshSeconds", options.refresh_seconds},
               {"size", analysis.num_images()},
               {"asksFrom", options.asks_from},
               {"outliers", analysis.num_outliers()},
               {"steps", analysis.step},
               {"epochs", store::moments_of(analysis)},
               {"hasEpochs", store::has_epochs(analysis)},
               {"explained", explained},
               {"classNames", analysis.class_names},
               {"classColours",
                {{"light", hex_colours(render::kClassColoursOnLight)},
                 {"dark", hex_colours(render::kClassColoursOnDark)}}},
               {"range", {{"low", arrays.quantisation.low}, {"high", arrays.quantisation.high}}},
               {"largestDistance", arrays.largest_distance},
               {"largestTrainDistance", arrays.largest_train_distance},
               {"curves", curves_of(review)},
               {"arrays", arrays.packer.directory()},
               {"images", layout_of(sheets)}};
  if (const std::string search = store::search_text(analysis); !search.empty()) meta["search"] = search;
  if (!review.image_names.empty()) meta["names"] = review.image_names;
  if (analysis.num_training() > 0) meta["training"] = {{"size", analysis.num_training()}};
  if (!review.train_names.empty()) meta["training"]["names"] = review.train_names;
  if (!review.columns.empty()) meta["columns"] = own_columns(review.columns);
  return meta;
}

void describe_neighbours(const PackedNeighbours& neighbours, std::size_t analysed, Json& meta) {
  Json sizes = Json::array();
  for (const std::string& code : neighbours.codes) sizes.push_back(code.size());
  meta["neighbours"] = {
      {"frames", neighbours.frames}, {"count", neighbours.count}, {"analysed", analysed}, {"sizes", sizes}};
}

// Tells a live page that this one has news.
std::string version_of(const Json& meta, const PackedArrays& arrays, const std::string& neighbours) {
  support::Sha256 version;
  version.update(meta.dump(-1, ' ', false, Json::error_handler_t::replace));
  version.update(arrays.packer.bytes());
  version.update(neighbours);
  return version.hex();
}

std::string sheet_elements(const Sheets& sheets) {
  std::string elements;
  for (std::size_t i = 0; i < sheets.jpegs.size(); ++i) {
    elements += "<script type=\"text/plain\" id=\"sheet-" + std::to_string(i) + "\">" +
                printable(sheets.jpegs[i]) + "</script>\n";
  }
  return elements;
}

// Of the test images, and behind them of the training images.
Sheets sheets_of(const Review& review) {
  const auto count = static_cast<std::int64_t>(review.analysis.num_images());
  if (review.train_images.pixels.empty()) return make_sheets(review.images, count);
  Images all = review.images;
  const std::vector<std::uint8_t>& more = review.train_images.pixels;
  all.pixels.insert(all.pixels.end(), more.begin(), more.end());
  return make_sheets(all, count + static_cast<std::int64_t>(review.analysis.num_training()));
}

// The library as the page holds it; packed once, as --live writes the page again and again.
const std::string& packed_tabulator() {
  static const std::string packed = printable(gzip(resource("tabulator.js")));
  return packed;
}

bool is_of(const Images& images, std::int64_t count) {
  return images.height > 0 && images.width > 0 && (images.channels == 1 || images.channels == 3) &&
         images.pixels.size() ==
             static_cast<std::size_t>(count * images.height * images.width * images.channels);
}

void check(const Review& review) {
  const Images &images = review.images, &training = review.train_images;
  const auto count = static_cast<std::int64_t>(review.analysis.num_images());
  const auto num_training = static_cast<std::int64_t>(review.analysis.num_training());
  const bool is_alike =
      training.pixels.empty() || (is_of(training, num_training) && training.height == images.height &&
                                  training.width == images.width && training.channels == images.channels);
  if (!is_alike ||
      (!review.train_names.empty() && review.train_names.size() != review.analysis.num_training()))
    throw UsageError("the training images are not the " + std::to_string(num_training) +
                     " training images of the analysis");
  if (!images.pixels.empty() && !is_of(images, count)) {
    throw UsageError("the images are not the " + std::to_string(count) +
                     " images of the analysis; give the --data of that run");
  }
  if (!review.image_names.empty() && review.image_names.size() != review.analysis.num_images()) {
    throw UsageError("there are " + std::to_string(review.image_names.size()) + " image names for " +
                     std::to_string(count) + " images");
  }
}

// What the page may do: its own script and the library that this unpacks, nothing from elsewhere and
// nothing to elsewhere, so that a name that got into the page as HTML could not run. Tabulator makes styles
// as it goes. The live page opens itself in a frame, from disk or from a server.
std::string policy_for(std::string_view script) {
  const std::string hex = support::sha256_hex(std::as_bytes(std::span(script)));
  std::string digest;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    digest += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return "default-src 'none'; script-src 'sha256-" + base64(digest) +
         "' blob:; style-src 'unsafe-inline'; img-src data: blob:; connect-src data:; "
         "worker-src blob:; frame-src 'self' file:; base-uri 'none'; form-action 'none'";
}

using Replacements = std::vector<std::pair<std::string_view, std::string>>;

// Puts each value at the place of its {{name}}; what is put in is not looked through again.
std::string fill(std::string_view page, const Replacements& replacements) {
  std::string filled;
  for (std::size_t start; (start = page.find("{{")) != std::string_view::npos;) {
    const std::size_t end = page.find("}}", start);
    const std::string_view name = page.substr(start + 2, end - start - 2);
    const auto found = std::find_if(replacements.begin(), replacements.end(),
                                    [name](const auto& r) { return r.first == name; });
    filled.append(page.substr(0, start)).append(found->second);
    page.remove_prefix(end + 2);
  }
  return filled.append(page);
}

// How many bytes of neighbours the page has room for, as printable() writes them.
std::size_t room_beside(const Replacements& parts, const Json& meta, std::size_t frames) {
  constexpr std::size_t kOfFrame = 24;  // what `meta` tells of one
  std::size_t taken = resource("page.html").size() + script_json(meta).size() + 1000;
  for (const auto& [name, part] : parts) taken += part.size();
  taken += kOfFrame * frames;
  const std::size_t left = taken < kPageBytes ? kPageBytes - taken : 0;
  return std::max(left, kLeastNeighbourBytes) / 16 * 13;
}

}  // namespace

void write_page(const std::filesystem::path& path, const Review& review, const PageOptions& options) {
  const trace::Span span("review page", path);
  check(review);
  const PackedArrays arrays = pack_arrays(review);
  const Sheets sheets = sheets_of(review);
  Json meta = describe(review, options, arrays, sheets);
  const std::string script = "\n" + join_modules() + "\n";
  Replacements parts = {{"title", escape_html(review.title)},
                        {"policy", policy_for(script)},
                        {"library_notice", "holds Tabulator, which is under the MIT licence"},
                        {"style", std::string(resource("style.css"))},
                        {"tabulator_css", std::string(resource("tabulator.css"))},
                        {"arrays", printable(arrays.packer.gzip())},
                        {"sheets", sheet_elements(sheets)},
                        {"tabulator", packed_tabulator()},
                        {"script", script}};
  // A live page is written with every checkpoint: there those of the first and the newest are enough.
  const std::size_t frames = review.analysis.num_frames();
  const PackedNeighbours neighbours =
      pack_neighbours(review.analysis, arrays.points, room_beside(parts, meta, frames),
                      options.refresh_seconds > 0 ? kLiveNeighbourFrames : frames);
  std::string codes;
  for (const std::string& code : neighbours.codes) codes += code;
  if (neighbours.count > 0) describe_neighbours(neighbours, review.analysis.num_neighbours(), meta);
  meta["version"] = version_of(meta, arrays, codes);
  parts.emplace_back("neighbours", printable(codes));
  parts.emplace_back("meta", script_json(meta));
  support::write_file(path, fill(resource("page.html"), parts));
}

}  // namespace zoetrope::review
