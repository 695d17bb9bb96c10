#include "daemon/cli/ceremony_shares.hpp"

#include <array>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/output_file.hpp"

namespace cli {
namespace {

// Six bits a character: 192 bits.
constexpr std::size_t kPinCharacters = 32;
constexpr mode_t kOwnerOnly = 0600;

ca::SecretBytes file_contents(const std::filesystem::path& file) {
  struct Buffer {
    std::array<std::uint8_t, ceremony::kMaxShareTextBytes + 1> bytes{};
    ~Buffer() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  } buffer;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  std::size_t size = 0;
  for (ssize_t got = 1; descriptor >= 0 && got > 0 && size < buffer.bytes.size();) {
    got = ::read(descriptor, buffer.bytes.data() + size, buffer.bytes.size() - size);
    size += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  if (descriptor < 0 || size == 0) {
    throw Failure{"cannot read the share", file.string(), "check the file's name and owner",
                  "the token was not opened"};
  }
  return ca::SecretBytes{ca::ByteView{buffer.bytes}.first(size)};
}

std::string_view text_of(const ca::SecretBytes& secret) {
  return {reinterpret_cast<const char*>(secret.view().data()), secret.view().size()};
}

}  // namespace

std::string set_of(const ceremony::Share& share) { return ca::to_hex(share.set.id); }

ca::SecretBytes random_pins() { return ceremony::random_pin(2 * kPinCharacters); }

pkcs11::Pin user_pin(const ca::SecretBytes& pins) {
  if (pins.view().size() != 2 * kPinCharacters) {
    throw Failure{"the shares hold something else than a token's PINs", "--share", "use the token's shares",
                  "no PIN was tried"};
  }
  return pkcs11::Pin{pins.view().first(kPinCharacters)};
}

pkcs11::Pin officer_pin(const ca::SecretBytes& pins) { return pkcs11::Pin{pins.view().last(kPinCharacters)}; }

void need_empty_shares_folder(const std::filesystem::path& folder, const std::string& advice) {
  if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder)) {
    throw Failure{"the folder for the shares is not empty", folder.string(), advice,
                  "no PIN was made, no token was touched"};
  }
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
}

std::string write_shares(CeremonyRoom& room, const ca::SecretBytes& pins) {
  const auto& script = room.script();
  const auto shares = ceremony::split(pins.view(), static_cast<unsigned>(script.threshold),
                                      static_cast<unsigned>(script.custodians.size()));
  std::vector<ceremony::Share> read;
  std::map<std::string, std::string> artefacts;
  const std::string set = set_of(shares.front());
  std::map<std::string, std::string> facts{{kShareSetFact, ceremony::in_groups(set)}};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto& role = script.custodians[i].role;
    const auto file = script.shares / (role + ".share");
    const auto text = shares[i].text("Share of " + role + ", " + script.name + ", token " +
                                     script.token.label + (room.arguments().rehearse ? "\nREHEARSAL" : "") +
                                     "\nKeep it apart from the token and from the other shares.");
    OutputFile{file, kOwnerOnly}.write(text_of(text));
    read.push_back(read_share(file));
    artefacts[role + ".share"] = ca::to_hex(ca::sha256(text.view()));
    artefacts[role + kLinesOfShare] = read.back().digest();
    facts["check value of " + role] = read.back().check_value();
  }
  if (!ca::equal_secrets(ceremony::combine(read).view(), pins.view())) {
    throw Failure{"the shares do not restore the PIN", script.shares.string(), "use another medium",
                  "no PIN of the token was set"};
  }
  room.note(kMakeShares,
            std::to_string(script.custodians.size()) + " shares, any " + std::to_string(script.threshold) +
                " restore them; nobody has seen a PIN",
            facts, artefacts);
  return set;
}

std::vector<ceremony::Share> given_shares(const CeremonyRoom& room) {
  std::vector<ceremony::Share> shares;
  for (const auto& file : room.arguments().shares) {
    shares.push_back(read_share(file));
  }
  return shares;
}

// The transcript says what the script says.
void check_threshold(const CeremonyRoom& room, const std::vector<ceremony::Share>& shares) {
  const auto& script = room.script();
  const auto any_of = [](std::size_t threshold, std::size_t count) {
    return "any " + std::to_string(threshold) + " of " + std::to_string(count);
  };
  for (const auto& share : shares) {
    if (share.set.threshold != script.threshold || share.set.count != script.custodians.size()) {
      throw Failure{"the script says that " + any_of(script.threshold, script.custodians.size()) +
                        " restore the PIN, the shares say " + any_of(share.set.threshold, share.set.count),
                    room.arguments().script,
                    "take the script of the ceremony that made the shares; other custodians or another "
                    "threshold are new shares: the step renew-shares",
                    "no PIN was tried"};
    }
  }
}

ca::SecretBytes restore_pins(CeremonyRoom& room, const std::vector<ceremony::Share>& shares) {
  try {
    auto pins = ceremony::combine(shares);
    std::string numbers;
    for (const auto& share : shares) {
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(share.number);
    }
    room.note("restore the PIN from shares", "shares " + numbers,
              {{kShareSetFact, ceremony::in_groups(set_of(shares.front()))}});
    return pins;
  } catch (const ca::Error& error) {
    throw Failure{
        error.what(), "--share",
        "give as many different shares of this token as the script says; which one is not the ceremony's, "
        "chancery ceremony check-share --transcript tells",
        "no PIN was tried"};
  }
}

ceremony::Share read_share(const std::filesystem::path& file) {
  const auto contents = file_contents(file);
  try {
    return ceremony::Share::parse(text_of(contents));
  } catch (const ca::Error& error) {
    throw Failure{error.what(), file.string(), "compare that line with the sheet, digit by digit",
                  "no PIN was tried"};
  }
}

}  // namespace cli
