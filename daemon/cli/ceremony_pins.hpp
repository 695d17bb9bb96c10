#pragma once
#include "daemon/ceremony/share.hpp"
#include "daemon/cli/ceremony_room.hpp"
#include "daemon/cli/token_arguments.hpp"

namespace cli {

// Behind a custodian's role: how the transcript calls the digest of a share's lines (Share::digest).
inline constexpr const char* kLinesOfShare = ".share without headings";

// The token of the ceremony, with its PIN: of a fresh token by making PINs that nobody sees, sharing them and
// initialising it; of one that is there from the custodians' shares, or from --pin-source where the HSM has a
// quorum of its own. PIN and shares are in locked memory and in the share files, nowhere else (I18). Throws
// Failure.
[[nodiscard]] TokenArguments open_ceremony_token(CeremonyRoom& room);

// One share file, at most ceremony::kMaxShareTextBytes. Throws Failure naming file and line.
[[nodiscard]] ceremony::Share read_share(const std::filesystem::path& file);

}  // namespace cli
