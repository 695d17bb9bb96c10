#include "daemon/cli/ceremony_pins.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <optional>
#include <unistd.h>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/output_file.hpp"
#include "pkcs11/token_setup.hpp"

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

pkcs11::Pin user_pin(const ca::SecretBytes& secret) {
  if (secret.view().size() != 2 * kPinCharacters) {
    throw Failure{"the shares hold something else than a token's PINs", "--share", "use the token's shares",
                  "no PIN was tried"};
  }
  return pkcs11::Pin{secret.view().first(kPinCharacters)};
}

pkcs11::Pin officer_pin(const ca::SecretBytes& secret) {
  return pkcs11::Pin{secret.view().last(kPinCharacters)};
}

void refuse_shares_folder(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder)) {
    throw Failure{"the folder for the shares is not empty", folder.string(),
                  "shares of an interrupted ceremony whose token was not initialised open nothing: wipe them "
                  "(shred -u), then begin again",
                  "no PIN was made, no token was touched"};
  }
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
}

// Written, read back from the files, and put together from both ends of the list, before the token depends on
// them.
void hand_out(CeremonyRoom& room, const ca::SecretBytes& secret) {
  const auto& script = room.script();
  const auto shares = ceremony::split(secret.view(), static_cast<unsigned>(script.threshold),
                                      static_cast<unsigned>(script.custodians.size()));
  std::vector<ceremony::Share> read;
  std::map<std::string, std::string> artefacts;
  std::map<std::string, std::string> facts{
      {"share set", ceremony::in_groups(ca::to_hex(shares.front().set.id))}};
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
  for (const auto& some : {std::span{read}.first(script.threshold), std::span{read}.last(script.threshold)}) {
    if (!ca::equal_secrets(ceremony::combine(some).view(), secret.view())) {
      throw Failure{"the shares do not restore the PIN", script.shares.string(), "use another medium",
                    "the token was not initialised"};
    }
  }
  room.note("make the PINs and share them",
            std::to_string(script.custodians.size()) + " shares, any " + std::to_string(script.threshold) +
                " restore them; nobody has seen a PIN",
            facts, artefacts);
}

pkcs11::Pin fresh_token(CeremonyRoom& room) {
  const auto& script = room.script();
  refuse_shares_folder(script.shares);
  const auto secret = ceremony::random_pin(2 * kPinCharacters);
  hand_out(room, secret);
  pkcs11::NewToken wanted{.label = script.token.label, .place = {}};
  if (!script.token.serial.empty()) {
    wanted.place.serial = script.token.serial;
  }
  if (!script.token.model.empty()) {
    wanted.place.model = script.token.model;
  }
  const auto slot =
      pkcs11::initialise_token(script.token.module.string(), wanted, officer_pin(secret), user_pin(secret));
  room.note("initialise the token", "C_InitToken and C_InitPIN: the PINs are set");
  room.check_token(slot);
  return user_pin(secret);
}

pkcs11::Pin shared_pin(CeremonyRoom& room) {
  std::vector<ceremony::Share> shares;
  for (const auto& file : room.arguments().shares) {
    shares.push_back(read_share(file));
  }
  try {
    const auto secret = ceremony::combine(shares);
    std::string numbers;
    for (const auto& share : shares) {
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(share.number);
    }
    room.note("restore the PIN from shares", "shares " + numbers,
              {{"share set", ceremony::in_groups(ca::to_hex(shares.front().set.id))}});
    return user_pin(secret);
  } catch (const ca::Error& error) {
    throw Failure{
        error.what(), "--share",
        "give as many different shares of this token as the script says; which one is not the ceremony's, "
        "chancery ceremony check-share --transcript tells",
        "no PIN was tried"};
  }
}

}  // namespace

ceremony::Share read_share(const std::filesystem::path& file) {
  const auto contents = file_contents(file);
  try {
    return ceremony::Share::parse(text_of(contents));
  } catch (const ca::Error& error) {
    throw Failure{error.what(), file.string(), "compare that line with the sheet, digit by digit",
                  "no PIN was tried"};
  }
}

namespace {

// The script's token; nullopt: none is called so. Throws Failure when two are.
std::optional<pkcs11::Slot> find_token(const CeremonyRoom& room) {
  const auto& token = room.script().token;
  std::optional<pkcs11::Slot> found;
  for (const auto& slot : pkcs11::list_slots(token.module.string())) {
    if (!slot.initialized || slot.label != token.label) {
      continue;
    }
    if (found) {
      throw Failure{
          "two tokens are called '" + token.label + "', serials " + found->serial + " and " + slot.serial,
          token.module.string(), "take all out but the ceremony's", "no token was opened, no PIN was tried"};
    }
    found = slot;
  }
  return found;
}

// What is there must be there, and a token that was used is never taken for a fresh one.
void check_before_pin(const CeremonyRoom& room, bool found) {
  const auto& token = room.script().token;
  const bool fresh = token.shared_pin && room.arguments().step == "root";
  if (!found && !fresh) {
    throw Failure{"there is no token '" + token.label + "'", token.module.string(),
                  "put in the token that the script names; chancery hsm list-slots shows what is there",
                  "no PIN was tried, nothing was signed"};
  }
  if (found && fresh && room.arguments().shares.empty()) {
    throw Failure{
        "the token '" + token.label + "' is initialised already, and no share was given",
        token.module.string(),
        "after an interruption of this very ceremony: the same with --share FILE,FILE; else take a fresh "
        "token, or reset this one with the vendor's tool when nothing on it is needed",
        "no PIN was tried, nothing was erased"};
  }
}

}  // namespace

TokenArguments open_ceremony_token(CeremonyRoom& room) {
  const auto& token = room.script().token;
  TokenArguments arguments{token.module.string(), token.label, "shares"};
  try {
    const auto found = find_token(room);
    check_before_pin(room, found.has_value());
    if (found) {
      room.check_token(*found);
    }
    if (!token.shared_pin) {
      arguments.pin_source = room.arguments().pin_source;
      if (arguments.pin_source.empty()) {
        throw Failure{"the script says that the HSM has PINs of its own, and none is named", "--pin-source",
                      "give file:<path>, fd:<number> or prompt", "the token was not opened"};
      }
      return arguments;
    }
    arguments.pin =
        pkcs11::PinSource::kept(found ? shared_pin(room) : fresh_token(room), "the custodians' shares");
    return arguments;
  } catch (const pkcs11::Error& error) {
    throw token_failure(error, arguments.module, "nothing was signed");
  }
}

}  // namespace cli
