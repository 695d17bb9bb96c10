#include <algorithm>
#include <fstream>

#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"
#include "ca/base/strings.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source.hpp"

namespace sigv4 = ca::sigv4;

namespace {

// One line of sigv4_vectors.txt, whose head says how it was made.
struct SignedVector {
  std::string method, path, query, body, secret, region, canonical_hash, signature;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> signed_headers;
};

std::string plain(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\x") == 0) {
      bytes += ca::text_of(ca::from_hex(text.substr(i + 2, 2)));
      i += 3;
    } else {
      bytes.push_back(text[i]);
    }
  }
  return bytes;
}

std::vector<std::pair<std::string, std::string>> read_headers(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(";;", at), text.size());
    const std::string line = text.substr(at, end - at);
    const std::size_t colon = line.find(':');
    headers.emplace_back(plain(line.substr(0, colon)), plain(line.substr(colon + 1)));
    at = end + 2;
  }
  return headers;
}

std::vector<SignedVector> read_vectors() {
  std::ifstream file{test::source("tests/unit/base/sigv4_vectors.txt")};
  std::vector<SignedVector> vectors;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) {
      continue;
    }
    const auto fields = ca::split(line, '|');
    REQUIRE(fields.size() == 10);
    vectors.push_back({.method = fields[0],
                       .path = plain(fields[1]),
                       .query = plain(fields[2]),
                       .body = plain(fields[4]),
                       .secret = plain(fields[5]),
                       .region = fields[6],
                       .canonical_hash = fields[7],
                       .signature = fields[9],
                       .headers = read_headers(fields[3]),
                       .signed_headers = ca::split(fields[8], ';')});
  }
  return vectors;
}

std::string canonical_of(const SignedVector& vector) {
  const std::string payload_hash = ca::to_hex(ca::sha256(ca::bytes_of(vector.body)));
  return sigv4::canonical_request(
      {vector.method, vector.path, vector.query, vector.headers, vector.signed_headers, payload_hash});
}

std::string signature_of(const SignedVector& vector) {
  const sigv4::Scope scope{"20261124", vector.region, "acm-pca"};
  const ca::SecretBytes key = sigv4::signing_key(ca::bytes_of(vector.secret), scope);
  return ca::to_hex(
      sigv4::signature(key, sigv4::string_to_sign("20261124T120000Z", scope, canonical_of(vector))));
}

// Changes every byte of `part` in turn, and restores it. Measured against our own signature of the unchanged
// request: code that leaves a part unsigned gives the same one twice.
void check_every_byte(SignedVector& vector, std::string& part) {
  const std::string original = part;
  const std::string unchanged = signature_of(vector);
  for (const char flip : {'\x01', '\x80'}) {
    for (std::size_t i = 0; i < original.size(); ++i) {
      part[i] = static_cast<char>(part[i] ^ flip);
      CAPTURE(i, part);
      CHECK(signature_of(vector) != unchanged);
      part = original;
    }
  }
}

bool is_normal(const std::string& path) { return sigv4::canonical_path(path) == sigv4::escaped(path, "/"); }

// A path that is not in its normal form shares its signature with others: daemon/auth refuses it whatever the
// signature is.
void check_every_path_byte(SignedVector& vector) {
  const std::string original = vector.path;
  const std::string unchanged = signature_of(vector);
  for (std::size_t i = 0; is_normal(original) && i < original.size(); ++i) {
    vector.path[i] = static_cast<char>(original[i] ^ '\x01');
    CAPTURE(i, vector.path);
    CHECK((!is_normal(vector.path) || signature_of(vector) != unchanged));
    vector.path = original;
  }
}

}  // namespace

TEST_CASE("sigv4: every request of the botocore table has its signature", "[base][sigv4]") {
  const auto vectors = read_vectors();
  REQUIRE(vectors.size() == 40);
  for (const SignedVector& vector : vectors) {
    INFO(vector.method << ' ' << vector.path << '?' << vector.query);
    CHECK(ca::to_hex(ca::sha256(ca::bytes_of(canonical_of(vector)))) == vector.canonical_hash);
    CHECK(signature_of(vector) == vector.signature);
  }
}

TEST_CASE("sigv4: one changed byte of the botocore table gives another signature", "[base][sigv4][I11]") {
  for (SignedVector& vector : read_vectors()) {
    INFO(vector.method << ' ' << vector.path << '?' << vector.query);
    check_every_byte(vector, vector.method);
    check_every_byte(vector, vector.query);
    check_every_byte(vector, vector.region);
    check_every_byte(vector, vector.secret);
    for (auto& [name, value] : vector.headers) {
      // Outer and repeated white space is not signed: such a value has no byte-for-byte promise.
      if (sigv4::canonical_header_value(value) == value) {
        check_every_byte(vector, value);
      }
    }
    check_every_path_byte(vector);
    if (vector.body.size() <= 256) {
      check_every_byte(vector, vector.body);
    }
  }
}
