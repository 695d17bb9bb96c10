#include "config/trust_bundles.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/x509/certificate.hpp"

namespace config {
namespace {

constexpr std::size_t kMaxFile = 256 * 1024;
constexpr std::size_t kMaxCertificates = 64;  // of one file

// Throws ca::Error: why it cannot be trusted as a root.
void check_root(const ca::Certificate& certificate) {
  const auto basic = certificate.basic_constraints();
  if (!basic || !basic->ca) {
    throw ca::Error{ca::Code::malformed_certificate, "is not the certificate of an authority"};
  }
  if (!certificate.self_issued() || !certificate.is_signed_by(certificate.public_key)) {
    throw ca::Error{ca::Code::malformed_certificate, "is not self-signed: a root is"};
  }
}

std::vector<ca::Bytes> read_roots(const Path& file) {
  std::ifstream stream{file, std::ios::binary};
  std::string text(kMaxFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (!stream.eof() && stream.fail()) || stream.gcount() == 0) {
    throw ca::Error{ca::Code::malformed_certificate, "cannot be read, or is empty"};
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxFile) {
    throw ca::Error{ca::Code::malformed_certificate, "is larger than 256 KiB"};
  }
  std::vector<ca::Bytes> roots;
  for (ca::PemBlock& block : ca::parse_pem(text, kMaxCertificates)) {
    if (block.label != "CERTIFICATE") {
      throw ca::Error{ca::Code::malformed_certificate, "holds something else than certificates"};
    }
    check_root(ca::Certificate::parse(block.der));
    roots.push_back(std::move(block.der));
  }
  if (roots.empty()) {
    throw ca::Error{ca::Code::malformed_certificate, "holds no certificate"};
  }
  return roots;
}

bool is_bundle_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && text.front() != '.' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
}

}  // namespace

void read_trust_bundle(Mapping& map, std::vector<TrustBundleOptions>& bundles) {
  TrustBundleOptions bundle;
  map.text("name", bundle.name, Mapping::Presence::required);
  if (map.has("name") && !is_bundle_name(bundle.name)) {
    map.problem("name", "expected at most 64 of a-z 0-9 - _ . and no dot in front");
  }
  std::vector<std::string> files;
  map.texts("files", files, Mapping::Presence::required);
  if (map.has("files") && files.empty()) {
    map.problem("files", "must hold at least one file with a root certificate");
  }
  std::set<ca::Bytes> seen;
  for (const std::string& file : files) {
    try {
      for (const ca::Bytes& root : read_roots(map.absolute(file))) {
        if (seen.insert(root).second) {
          bundle.pem += ca::to_pem("CERTIFICATE", root) + "\n";
        }
      }
    } catch (const ca::Error& error) {
      map.problem("files", map.absolute(file).string() + ": " + error.what());
    }
  }
  for (const TrustBundleOptions& other : bundles) {
    if (!bundle.name.empty() && other.name == bundle.name) {
      map.problem("name", "another bundle has this name");
    }
  }
  bundles.push_back(std::move(bundle));
}

}  // namespace config
