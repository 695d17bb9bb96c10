#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

// Runs a fuzz target without libFuzzer: every file of the corpus, then mutations of them. Seed and number are
// fixed, so that a failure comes again. With REPLAY_KEEP=<file> each input is written there before it is
// tried: after a crash the file holds the culprit.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMaxInput = 40000;  // above every bound of the parsers
constexpr std::uint32_t kSeed = 20261124;

std::vector<Input> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> corpus;
  for (const auto& path : files) {
    std::ifstream file{path, std::ios::binary};
    corpus.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  return corpus;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Input>& corpus) : corpus_{corpus} {}

  Input next() {
    Input input = corpus_[below(corpus_.size())];
    for (std::size_t steps = 1 + below(4); steps > 0; --steps) {
      mutate(input);
    }
    input.resize(std::min(input.size(), kMaxInput));
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  std::ptrdiff_t place(const Input& input) { return static_cast<std::ptrdiff_t>(below(input.size() + 1)); }

  void mutate(Input& input) {
    static constexpr std::uint8_t kTelling[] = {0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF,
                                                0x30, 0x31, 0x03, 0x06, 0xA0, 0x0A, '-',  '%'};
    if (input.empty()) {
      input.push_back(static_cast<std::uint8_t>(random_()));
      return;
    }
    const std::size_t at = below(input.size());
    switch (below(7)) {
      case 0:
        input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(8)));
        break;
      case 1:
        input[at] = kTelling[below(std::size(kTelling))];
        break;
      case 2:
        input[at] = static_cast<std::uint8_t>(input[at] + (below(2) == 0 ? 1 : 255));
        break;
      case 3:
        input.resize(at);
        break;
      case 4: {
        const std::size_t end = std::min(input.size(), at + 1 + below(16));
        input.erase(input.begin() + static_cast<std::ptrdiff_t>(at),
                    input.begin() + static_cast<std::ptrdiff_t>(end));
        break;
      }
      case 5:
        insert(input, Input(1 + below(8), kTelling[below(std::size(kTelling))]));
        break;
      default:
        insert(input, piece(corpus_[below(corpus_.size())]));
        break;
    }
  }

  void insert(Input& input, const Input& what) {
    input.insert(input.begin() + place(input), what.begin(), what.end());
  }

  Input piece(const Input& source) {
    const std::size_t begin = below(source.size());
    const std::size_t end = std::min(source.size(), begin + 1 + below(64));
    return {source.begin() + static_cast<std::ptrdiff_t>(begin),
            source.begin() + static_cast<std::ptrdiff_t>(end)};
  }

  const std::vector<Input>& corpus_;
  std::mt19937 random_{kSeed};
};

void run(const Input& input) {
  if (const char* keep = std::getenv("REPLAY_KEEP")) {
    std::ofstream file{keep, std::ios::binary | std::ios::trunc};
    file.write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
  }
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS-FOLDER RUNS\n", argv[0]);
    return 2;
  }
  const std::vector<Input> corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: the corpus is empty\n", argv[1]);
    return 2;
  }
  for (const Input& input : corpus) {
    run(input);
  }
  Mutator mutator{corpus};
  const unsigned long runs = std::stoul(argv[2]);
  for (unsigned long count = 0; count < runs; ++count) {
    run(mutator.next());
  }
  std::printf("%zu corpus files and %lu mutations\n", corpus.size(), runs);
  return 0;
}
