#include "daemon/cli/doctor_checks.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "pkcs11/doctor.hpp"

namespace cli {
namespace {

constexpr auto kTlsWarning = std::chrono::hours{24 * 14};

bool held_by_a_daemon(const std::filesystem::path& ledger) {
  const int fd = ::open((ledger.string() + ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0;
  ::close(fd);
  return held;
}

// OpenSSL's first reason; the queue is empty afterwards.
std::string openssl_reason() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

Finding key_fits(const config::TlsOptions& tls) {
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context{::SSL_CTX_new(::TLS_server_method()),
                                                                    ::SSL_CTX_free};
  ::ERR_clear_error();
  if (::SSL_CTX_use_certificate_chain_file(context.get(), tls.certificate.c_str()) != 1) {
    return {"tls certificate", false, tls.certificate.string() + ": " + openssl_reason(),
            "PEM, the server's certificate first"};
  }
  if (::SSL_CTX_use_PrivateKey_file(context.get(), tls.private_key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      ::SSL_CTX_check_private_key(context.get()) != 1) {
    return {"tls private key", false, tls.private_key.string() + ": " + openssl_reason(),
            "use the key that " + tls.certificate.string() + " was issued for, without a passphrase"};
  }
  return {"tls private key", true, "fits the certificate", ""};
}

Finding tls_validity(const config::TlsOptions& tls) {
  const auto blocks = ca::parse_pem(read_text(tls.certificate), 16);
  const auto validity = ca::Certificate::parse(blocks.front().der).validity;
  const auto now = ca::to_seconds(ca::SystemClock{}.now());
  const std::string until = "valid until " + ca::rfc3339(validity.not_after);
  if (now > validity.not_after) {
    return {"tls validity", false, until, "replace the files and send SIGHUP"};
  }
  if (now < validity.not_before) {
    return {"tls validity", false, "valid from " + ca::rfc3339(validity.not_before),
            "check this machine's clock"};
  }
  return {"tls validity", true, until + (validity.not_after - now < kTlsWarning ? ": replace it soon" : ""),
          ""};
}

// Whoever checks what the key signed asks until its certificate ends; one that has none yet gets one.
void add_needed_keys(const ca::AuthorityRecord& authority, ca::TimePoint now, std::vector<TrialKey>& keys) {
  if (authority.status == ca::AuthorityStatus::deleted &&
      (!authority.restorable_until || *authority.restorable_until <= now)) {
    return;
  }
  const auto add = [&](const ca::KeyGeneration& key, const std::string& state) {
    if (key.validity && key.validity->not_after < ca::to_seconds(now)) {
      return;
    }
    const std::string name =
        "key " + std::to_string(key.key_number) + " (" + state + ") of " + authority.arn.id;
    if (!key.key_uri.empty()) {
      keys.push_back({name, pkcs11::Uri::parse(key.key_uri)});
    }
    if (!key.ocsp_key_uri.empty()) {
      keys.push_back({"the OCSP signer of " + name, pkcs11::Uri::parse(key.ocsp_key_uri)});
    }
  };
  add(authority, "active");
  for (const ca::KeyGeneration& other : authority.other_keys) {
    add(other, other.retired_at ? "retired" : other.certificate_der.empty() ? "prepared" : "published");
  }
}

Finding as_finding(const std::string& name, const pkcs11::DoctorStep& step) {
  return {"token " + name + ": " + step.what, step.ok, step.detail, step.hint};
}

}  // namespace

Findings check_token(const pkcs11::TokenOptions& token, const std::vector<TrialKey>& keys) {
  Findings findings;
  std::size_t next = 0;
  bool usable = true;
  do {
    const auto key = next < keys.size() ? std::optional{keys[next].uri} : std::nullopt;
    bool key_steps = false;
    for (const pkcs11::DoctorStep& step : pkcs11::diagnose(token, key)) {
      key_steps = key_steps || step.what == "key attributes";
      if (next == 0 || key_steps || !step.ok) {
        Finding finding = as_finding(token.name, step);
        if (key_steps) {
          finding.check += " of " + keys[next].name;
        }
        findings.push_back(std::move(finding));
      }
      usable = usable && (step.ok || key_steps);
    }
  } while (usable && ++next < keys.size());
  return findings;
}

Findings check_ledger(const config::Options& options, std::vector<TrialKey>& keys) {
  const auto& path = options.ledger.path;
  const auto folder = path.parent_path();
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return {{"ledger", false, folder.string() + " cannot be written by this user",
             "run doctor as the daemon's user; check owner and mode"}};
  }
  if (held_by_a_daemon(path)) {
    return {{"ledger", true,
             "in use by a running daemon, which audits the authorities' keys itself: see /readyz", ""}};
  }
  if (!std::filesystem::exists(path)) {
    return {{"ledger", true, "does not exist yet: the first start makes it", ""}};
  }
  try {
    const ca::SystemClock clock;
    ca::SqliteStore store{{.path = path.string(), .node = options.node, .readers = 1}, clock};
    for (const auto& authority : store.all_authorities()) {
      add_needed_keys(authority, clock.now(), keys);
    }
    const auto counts = store.counts();
    return {{"ledger", true,
             std::to_string(keys.size()) + " keys in use, " + std::to_string(counts.issued) +
                 " certificates issued, " + std::to_string(counts.pending) + " pending",
             ""}};
  } catch (const ca::Error& error) {
    return {{"ledger", false, error.what(),
             "restore the ledger from its copy if the file is damaged; do not delete it"}};
  }
}

Findings check_tls(const config::TlsOptions& tls) {
  Findings findings{key_fits(tls)};
  struct stat key {};
  if (::stat(tls.private_key.c_str(), &key) == 0 && (key.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    findings.push_back(
        {"tls private key mode", false, tls.private_key.string() + " can be read by others", "chmod 600 it"});
  }
  try {
    findings.push_back(tls_validity(tls));
  } catch (const std::exception& error) {
    findings.push_back({"tls validity", false, error.what(), "PEM, the server's certificate first"});
  }
  return findings;
}

Findings check_buckets(const config::Options& options) {
  Findings findings;
  for (const config::BucketOptions& bucket : options.buckets) {
    const std::string check = "bucket " + bucket.name;
    if (bucket.s3) {
      findings.push_back({check, true, "at " + bucket.s3->endpoint + ": tried by the next report only", ""});
      continue;
    }
    // Not by mode bits: a file system may be read-only, full or away.
    std::string probe = (bucket.directory / ".doctor-XXXXXX").string();
    const int fd = ::mkstemp(probe.data());
    if (fd < 0) {
      findings.push_back({check, false, bucket.directory.string() + ": " + std::strerror(errno),
                          "run doctor as the daemon's user; check owner, mode and free space"});
      continue;
    }
    ::close(fd);
    ::unlink(probe.c_str());
    findings.push_back({check, true, bucket.directory.string() + " can be written", ""});
  }
  return findings;
}

Finding check_clock() {
  timex state{};
  const int result = ::adjtimex(&state);
  const std::string now = ca::rfc3339(ca::SystemClock{}.now());
  if (result < 0 || result == TIME_ERROR) {
    return {"clock", true, now + "; the kernel does not know it as synchronized: run a time service", ""};
  }
  return {"clock", true, now + ", synchronized", ""};
}

}  // namespace cli
