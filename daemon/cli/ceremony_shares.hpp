#pragma once
#include <string>
#include <vector>

#include "daemon/ceremony/share.hpp"
#include "daemon/cli/ceremony_room.hpp"
#include "pkcs11/pin.hpp"

namespace cli {

// How the transcript calls the making of shares, and the set that shares are of.
inline constexpr const char* kMakeShares = "make the PINs and share them";
inline constexpr const char* kShareSetFact = "share set";
// Behind a custodian's role: how the transcript calls the digest of a share's lines (Share::digest).
inline constexpr const char* kLinesOfShare = ".share without headings";

// The set's id in hex.
[[nodiscard]] std::string set_of(const ceremony::Share& share);

// A token's PINs, user's and security officer's, as one secret to be shared (I18). Nobody sees them.
[[nodiscard]] ca::SecretBytes random_pins();
// Throws Failure for a secret that holds something else.
[[nodiscard]] pkcs11::Pin user_pin(const ca::SecretBytes& pins);
[[nodiscard]] pkcs11::Pin officer_pin(const ca::SecretBytes& pins);

// Makes the folder, for its owner alone. Throws Failure with this advice when something is in it.
void need_empty_shares_folder(const std::filesystem::path& folder, const std::string& advice);
// A share for each custodian of the script: written, read back from the files, and all of them tried
// together, before any token depends on them. Their set.
[[nodiscard]] std::string write_shares(CeremonyRoom& room, const ca::SecretBytes& pins);

// One share file, at most ceremony::kMaxShareTextBytes. Throws Failure naming file and line.
[[nodiscard]] ceremony::Share read_share(const std::filesystem::path& file);
// Those of --share, in its order.
[[nodiscard]] std::vector<ceremony::Share> given_shares(const CeremonyRoom& room);
// Throws Failure for shares that are not as many, of as many, as the script says.
void check_threshold(const CeremonyRoom& room, const std::vector<ceremony::Share>& shares);
// What the shares restore; the transcript has their numbers and set. Throws Failure.
[[nodiscard]] ca::SecretBytes restore_pins(CeremonyRoom& room, const std::vector<ceremony::Share>& shares);

}  // namespace cli
