#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace config {

using Milliseconds = std::chrono::milliseconds;
using Path = std::filesystem::path;

// What the configuration file says, checked, with every default filled in. Plain values: the wiring in
// daemon/ hands them to the modules. Paths are absolute. No secret is in here, only the paths of files that
// hold one.

struct TlsOptions {
  Path certificate;  // PEM, leaf first
  Path private_key;  // PEM, owner-only
  std::optional<Path> client_ca;
  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

struct ListenerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  friend bool operator==(const ListenerOptions&, const ListenerOptions&) = default;
};

struct ListenersOptions {
  ListenerOptions api{"127.0.0.1", 8443};
  TlsOptions api_tls;
  ListenerOptions status{"127.0.0.1", 8080};
  ListenerOptions operations{"127.0.0.1", 9464};
  friend bool operator==(const ListenersOptions&, const ListenersOptions&) = default;
};

struct LimitsOptions {
  std::size_t header_bytes = 16 * 1024;
  std::size_t header_fields = 64;
  Milliseconds handshake_time{5000};
  Milliseconds header_time{5000};
  Milliseconds body_time{10000};
  Milliseconds idle_time{30000};
  Milliseconds write_time{10000};
  Milliseconds drain_time{10000};               // SIGTERM: how long running requests may take to end
  std::size_t large_bodies = 32 * 1024 * 1024;  // bytes, all together
  std::size_t requests_per_second = 10000;      // of one principal
  std::size_t request_burst = 20000;            // of one principal, at once
  std::size_t connections = 4096;
  std::size_t connections_per_ip = 1024;
  friend bool operator==(const LimitsOptions&, const LimitsOptions&) = default;
};

struct PoolOptions {
  PoolOptions() = default;
  PoolOptions(std::size_t with_threads, std::size_t with_queue) : threads{with_threads}, queue{with_queue} {}
  std::size_t threads = 4;
  std::size_t queue = 256;                                // requests that wait beside those that run
  std::size_t per_principal = (threads + queue + 1) / 2;  // of these, at most so many of one principal
  friend bool operator==(const PoolOptions&, const PoolOptions&) = default;
};

struct PoolsOptions {
  std::size_t io_threads = 2;
  PoolOptions issue{16, 256};
  PoolOptions change{4, 256};
  PoolOptions read{4, 256};
  PoolOptions status{2, 256};
  PoolOptions operations{1, 32};
  friend bool operator==(const PoolsOptions&, const PoolsOptions&) = default;
};

struct TokenOptions {
  std::string name;        // "issuing": what `authority.key_token` and metrics call it
  std::string uri;         // RFC 7512, selects the token; module-path and pin-source are the next two
  Path module;             // the PKCS#11 library
  std::string pin_source;  // "file:/path", "credential:NAME" (systemd) or "fd:N"
  std::size_t sessions = 16;
  friend bool operator==(const TokenOptions&, const TokenOptions&) = default;
};

struct LedgerOptions {
  Path path;
  std::size_t queue = 8192;  // changes waiting for the writer
  std::size_t batch = 512;   // changes in one transaction
  std::size_t readers = 4;   // read connections
  std::size_t wal_bytes = 64 * 1024 * 1024;
  friend bool operator==(const LedgerOptions&, const LedgerOptions&) = default;
};

struct AuthorityOptions {
  std::string partition = "aws";
  std::vector<std::string> regions{"us-east-1"};
  std::string key_token;  // name of the token for new CA keys; the only token when there is one
  Milliseconds issue_wait{1000};
  Milliseconds create_wait{2000};
  Milliseconds sign_deadline{10000};
  Milliseconds resume_backoff{200};
  Milliseconds idempotency_window{300'000};
  Milliseconds key_gone_after{3'600'000};
  std::size_t max_pending = 10000;    // per account
  std::size_t max_authorities = 200;  // per account
  friend bool operator==(const AuthorityOptions&, const AuthorityOptions&) = default;
};

struct RevocationOptions {
  // How relying parties reach the status listener: "http://status.example.com", no slash at the end. Default:
  // the listener's own address and port, when that is one address and not all of them.
  std::string url;
  std::optional<Path> crl_directory;          // absent: "crls" beside the ledger
  Milliseconds crl_delay{5000};               // from a revocation to the CRL that lists it
  std::size_t partition_size = 100'000;       // certificates that name one partition's CRL
  bool ca_issuers = false;                    // certificates say where their issuer's certificate is
  bool no_rev_avail = false;                  // RFC 9608, in what SHORT_LIVED_CERTIFICATE authorities issue
  Milliseconds ocsp_validity{4 * 3'600'000};  // of an answer
  Milliseconds ocsp_signer_validity{30 * 86'400'000LL};  // of a certificate that answers are signed with
  std::size_t ocsp_cache = 50'000;                       // answers
  std::size_t ocsp_signatures_per_second = 1000;         // for answers that are kept then
  std::size_t ocsp_unknown_per_second = 100;             // the same for each kind of answer that is not kept
  std::size_t ocsp_nonce_per_second = 100;
  std::size_t ocsp_several_per_second = 100;
  std::size_t ocsp_percent_per_sender = 25;  // of each of these, for one network
  friend bool operator==(const RevocationOptions&, const RevocationOptions&) = default;
};

// A bucket on a server that speaks S3.
struct S3Options {
  std::string endpoint;  // http or https, host and port
  std::string region = "us-east-1";
  std::string bucket;  // its name there
  std::string access_key_id;
  Path secret_access_key;  // owner-only file with the secret on one line
  std::optional<Path> ca_bundle;
  bool path_style = true;
  Milliseconds timeout{30'000};
  Path spool;  // folder where a report waits until it is sent
  friend bool operator==(const S3Options&, const S3Options&) = default;
};

// What the AWS API calls an S3 bucket: where audit reports and CRLs are put. A folder or one on a server.
struct BucketOptions {
  std::string name;  // S3BucketName
  Path directory;    // empty: `s3` says where it is
  std::optional<S3Options> s3;
  std::optional<std::string> url;  // http, under which relying parties read it; no slash at the end
  friend bool operator==(const BucketOptions&, const BucketOptions&) = default;
};

// Roots that relying parties fetch together from the status listener.
struct TrustBundleOptions {
  std::string name;
  std::string pem;  // of its files, in their order, each certificate once
  friend bool operator==(const TrustBundleOptions&, const TrustBundleOptions&) = default;
};

struct ProvisioningProfileOptions {
  std::string name = "default";
  std::string authority;  // ARN
  std::string template_name = "EndEntityClientAuthCertificate";
  int validity_days = 90;
  // Which names a request may carry; {device_id} stands for the device of the request, * for any text.
  std::vector<std::string> common_names{"{device_id}"};
  std::vector<std::string> dns_names;
  std::vector<std::string> uris;
  std::vector<std::string> ip_addresses;
  std::vector<std::string> emails;
  friend bool operator==(const ProvisioningProfileOptions&, const ProvisioningProfileOptions&) = default;
};

enum class LogLevel { debug, info, warning, error };

struct Options {
  Path file;  // where it was read
  std::string node = "node-1";
  LogLevel log_level = LogLevel::info;
  std::optional<Path> pidfile;
  ListenersOptions listeners;
  LimitsOptions limits;
  PoolsOptions pools;
  std::vector<TokenOptions> tokens;
  LedgerOptions ledger;
  AuthorityOptions authority;
  RevocationOptions revocation;
  Milliseconds clock_window{300'000};  // how far a request's date may be from ours (SigV4)
  Path principals;
  std::vector<TrustBundleOptions> trust_bundles;
  std::vector<ProvisioningProfileOptions> profiles;
  std::vector<BucketOptions> buckets;
};

// Reads and checks the whole file. Throws Invalid with every problem of the file at once.
[[nodiscard]] Options load(const Path& file);

}  // namespace config
