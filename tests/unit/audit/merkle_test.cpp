#include "ca/audit/merkle.hpp"

#include <bit>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "tests/support/catch.hpp"

namespace {

// The definition of RFC 6962, 2.1, as it stands there.
ca::Sha256 naive_root(const std::vector<ca::Sha256>& leaves) {
  if (leaves.empty()) {
    return ca::sha256({});
  }
  if (leaves.size() == 1) {
    return leaves.front();
  }
  const auto k = static_cast<std::ptrdiff_t>(std::bit_floor(leaves.size() - 1));
  const ca::Sha256 left = naive_root({leaves.begin(), leaves.begin() + k});
  const ca::Sha256 right = naive_root({leaves.begin() + k, leaves.end()});
  ca::Bytes node{0x01};
  node.insert(node.end(), left.begin(), left.end());
  node.insert(node.end(), right.begin(), right.end());
  return ca::sha256(node);
}

std::string text(std::string_view hex) { return ca::text_of(ca::from_hex(hex)); }

}  // namespace

TEST_CASE("merkle: the roots of 0 to 8 leaves are those of certificate transparency", "[audit][I6]") {
  // Leaves and roots of the reference test in RFC 6962's first implementation.
  const std::vector<std::string> inputs{"",
                                        text("00"),
                                        text("10"),
                                        text("2021"),
                                        text("3031"),
                                        text("40414243"),
                                        text("5051525354555657"),
                                        text("606162636465666768696a6b6c6d6e6f")};
  const std::vector<std::string> roots{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                       "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                       "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                       "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                       "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                       "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                       "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  ca::MerkleFrontier frontier;
  CHECK(ca::to_hex(frontier.root()) == roots[0]);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    frontier.append(ca::leaf_hash(inputs[i]));
    CHECK(frontier.size() == i + 1);
    CHECK(ca::to_hex(frontier.root()) == roots[i + 1]);
  }
}

TEST_CASE("merkle: the frontier gives the root of the definition at every size", "[audit][I6]") {
  ca::MerkleFrontier frontier;
  std::vector<ca::Sha256> leaves;
  for (int i = 0; i < 200; ++i) {
    leaves.push_back(ca::leaf_hash("event " + std::to_string(i)));
    frontier.append(leaves.back());
    REQUIRE(frontier.root() == naive_root(leaves));
    // Every step may be the one after a restart.
    frontier = ca::MerkleFrontier::restore(frontier.size(), frontier.stored());
    REQUIRE(frontier.root() == naive_root(leaves));
  }
}

TEST_CASE("merkle: a stored frontier of a wrong length is refused", "[audit][I6]") {
  const ca::Bytes two(64, 7);
  CHECK_NOTHROW(ca::MerkleFrontier::restore(5, two));
  CHECK_NOTHROW(ca::MerkleFrontier::restore(0, {}));
  for (const std::uint64_t size : {0ULL, 4ULL, 7ULL}) {
    CHECK_THROWS_AS(ca::MerkleFrontier::restore(size, two), ca::Error);
  }
  CHECK_THROWS_AS(ca::MerkleFrontier::restore(5, ca::ByteView{two}.first(63)), ca::Error);
  CHECK_THROWS_AS(ca::MerkleFrontier::restore(1, {}), ca::Error);
}
