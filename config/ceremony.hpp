#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace config {

// A key ceremony as one file: what will be done, with what, by whom, decided before the day. There is nothing
// to choose in the room.

struct CeremonyPerson {
  std::string role;                          // "custodian-1": a role, not a name
  std::optional<std::filesystem::path> key;  // public key that signs the transcript: SSH, or X.509 in PEM
};

struct CeremonyToken {
  std::filesystem::path module;
  std::string label;
  // What must be there, and else the ceremony stops. Empty: not compared.
  std::string model, manufacturer, serial;
  // Whether the machine makes the PINs and shares them among the custodians. False: the HSM has PINs and a
  // quorum of its own, and --pin-source names the PIN.
  bool shared_pin = true;
  // Through which an HSM with a quorum of its own is reached: these may be up, and nothing else.
  std::vector<std::string> interfaces;
};

struct CeremonyNames {
  std::vector<std::string> dns, email, ip;  // "example.com", "example.com", "10.0.0.0/8"
  [[nodiscard]] bool empty() const { return dns.empty() && email.empty() && ip.empty(); }
};

struct CeremonyConstraints {
  CeremonyNames permitted, excluded;
  [[nodiscard]] bool empty() const { return permitted.empty() && excluded.empty(); }
};

struct CeremonyRoot {
  std::string subject;        // "CN=Example Root G1,O=Example,C=US"
  std::string key_algorithm;  // "EC_secp384r1"
  std::string signing_algorithm;
  int validity_days = 0;
  std::size_t path_length = 2;  // three tiers: 2, 1, 0
  CeremonyConstraints names;
  // Where its list and its certificate will be published: what it certifies says so. Empty: it says nothing.
  std::string crl_distribution_point, ca_issuers;
};

// A certificate for an authority below, or for another root.
struct CeremonyCertificate {
  std::filesystem::path csr;
  std::string csr_sha256;                            // of the file; compared when given
  std::optional<std::filesystem::path> certificate;  // cross_sign: the other root's own
  int validity_days = 0;
  std::size_t path_length = 0;  // left out: one below the root's
  CeremonyConstraints names;
};

struct CeremonyRevocation {
  std::vector<std::filesystem::path> certificates;
  std::string reason;  // "KEY_COMPROMISE"
  int next_update_days = 0;
};

struct CeremonyScript {
  std::string name;
  std::filesystem::path state, output, shares;
  CeremonyToken token;
  std::size_t threshold = 0;
  std::vector<CeremonyPerson> custodians, witnesses;
  CeremonyRoot root;
  std::optional<CeremonyCertificate> sign_subordinate, cross_sign;
  std::optional<CeremonyRevocation> revoke_subordinate;
};

// Whether the roles' public keys are read: a rehearsal has others, and may come before they were brought.
enum class KeyFiles { read, left_alone };

// Paths are relative to the file's folder. Public key files must be there unless they are left alone; what a
// step reads, only when the step is run. Throws Invalid with every problem at once.
[[nodiscard]] CeremonyScript load_ceremony(const std::filesystem::path& file, KeyFiles keys = KeyFiles::read);

}  // namespace config
