// SPDX-License-Identifier: Apache-2.0
// Seconds to write a checkpoint's embeddings.h5, until they are on the disk: store_bench FOLDER [--rows N]
// [--columns N] bench/peers/write_h5py.py writes the same numbers with h5py. As that does, it answers each
// line of its input with one repetition, a line of JSON.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

#include <boost/program_options.hpp>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/json.hpp"

namespace {

namespace store = zoetrope::store;

// Number i is (37 i + i i) mod 256: the peer makes the same.
store::Embeddings made_up(std::int64_t rows, std::int64_t columns) {
  store::Embeddings made;
  made.identity.model_digest = made.identity.dataset_digest = std::string(64, 'a');
  made.identity.num_rows = rows;
  made.identity.num_columns = columns;
  made.values.resize(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < made.values.size(); ++i)
    made.values[i] = static_cast<float>((37 * i + i * i) % 256);
  return made;
}

double sum_of(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return sum;
}

}  // namespace

int main(int argc, char** argv) try {
  namespace po = boost::program_options;
  std::string folder;
  std::int64_t rows = 10000, columns = 128;
  po::options_description known("Options");
  known.add_options()("folder", po::value(&folder)->required())("rows", po::value(&rows))(
      "columns", po::value(&columns));
  po::positional_options_description places;
  places.add("folder", 1);
  po::variables_map values;
  po::store(po::command_line_parser(argc, argv).options(known).positional(places).run(), values);
  po::notify(values);

  const store::Embeddings embeddings = made_up(rows, columns);
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto start = std::chrono::steady_clock::now();
    store::write_embeddings(folder, embeddings);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double answer = sum_of(store::read_embeddings(folder).values);
    std::cout << zoetrope::support::Json{{"seconds", seconds}, {"items", rows}, {"answer", answer}}
              << std::endl;
  }
} catch (const std::exception& error) {
  std::cerr << "store_bench: " << error.what() << "\n";
  return 1;
}
