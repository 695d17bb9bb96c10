#include "daemon/cli/ceremony_pins.hpp"

#include <optional>
#include <utility>

#include "daemon/cli/ceremony_shares.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/token_memory.hpp"
#include "pkcs11/token_setup.hpp"

namespace cli {
namespace {

constexpr const char* kInitialise = "initialise the token";
// Only with a token that was never initialised do shares open nothing: whoever wipes others has lost the key.
constexpr const char* kKeepShares =
    "keep them until it is sure that they open nothing: put in the token of the run that wrote them. If the "
    "step then asks for --share, they are its shares; if chancery hsm list-slots shows that very token "
    "without "
    "initialisation, wipe them (shred -u), then begin again";

std::string described(const pkcs11::Slot& slot) {
  return "model '" + slot.model + "', manufacturer '" + slot.manufacturer + "', serial '" + slot.serial + "'";
}

bool is_the_scripts(const config::CeremonyToken& token, const pkcs11::Slot& slot) {
  const auto same = [](const std::string& wanted, const std::string& has) {
    return wanted.empty() || wanted == has;
  };
  return same(token.model, slot.model) && same(token.manufacturer, slot.manufacturer) &&
         same(token.serial, slot.serial);
}

std::string wanted_text(const config::CeremonyToken& token) {
  std::string text;
  const auto add = [&](const char* what, const std::string& value) {
    if (!value.empty()) {
      text += (text.empty() ? "" : ", ") + std::string{what} + " '" + value + "'";
    }
  };
  add("model", token.model);
  add("manufacturer", token.manufacturer);
  add("serial", token.serial);
  return text;
}

// The one fresh token that the script means is here, before there are PINs for it.
void check_fresh_token(const config::CeremonyToken& token) {
  std::string others;
  std::size_t fitting = 0;
  for (const auto& slot : pkcs11::list_slots(token.module.string())) {
    if (slot.initialized) {
      continue;
    }
    fitting += is_the_scripts(token, slot) ? 1 : 0;
    others += is_the_scripts(token, slot) ? "" : (others.empty() ? "" : "; ") + described(slot);
  }
  if (fitting == 1) {
    return;
  }
  constexpr const char* kUndone = "no PIN was made, no token was touched";
  if (fitting > 1) {
    throw Failure{std::to_string(fitting) + " fresh tokens fit the script", token.module.string(),
                  "take all out but one, or name its serial in the script", kUndone};
  }
  throw Failure{
      others.empty()
          ? "there is no token without initialisation"
          : "the token without initialisation has " + others + ", the script says " + wanted_text(token),
      token.module.string(),
      others.empty() ? "put in a fresh one, or reset a token with the vendor's tool, if nothing on it is "
                       "needed; chancery hsm list-slots shows what is there"
                     : "put in the token of the script, or correct the script and begin again",
      kUndone};
}

pkcs11::Pin fresh_token(CeremonyRoom& room) {
  const auto& script = room.script();
  check_fresh_token(script.token);
  need_empty_shares_folder(script.shares, kKeepShares);
  const auto pins = random_pins();
  const auto set = write_shares(room, pins);
  write_token_memory(script.state, {.share_set = set, .next_set = {}, .serial = {}});
  pkcs11::NewToken wanted{.label = script.token.label, .place = {}};
  const auto name = [](std::optional<std::string>& place, const std::string& value) {
    if (!value.empty()) {
      place = value;
    }
  };
  name(wanted.place.serial, script.token.serial);
  name(wanted.place.model, script.token.model);
  name(wanted.place.manufacturer, script.token.manufacturer);
  const auto slot =
      pkcs11::initialise_token(script.token.module.string(), wanted, officer_pin(pins), user_pin(pins));
  write_token_memory(script.state,
                     {.share_set = set, .next_set = {}, .serial = slot.serial, .initialised = true});
  room.note(kInitialise, "C_InitToken and C_InitPIN: the PINs are set");
  room.check_token(slot);
  return user_pin(pins);
}

// Before anything is tried on the token: it has few attempts.
void check_sets(const CeremonyRoom& room, const std::vector<ceremony::Share>& shares) {
  const auto memory = read_token_memory(room.script().state);
  if (!memory) {
    return;
  }
  if (memory->setting) {
    throw Failure{
        "new PINs were being set when the step renew-shares was interrupted", room.script().state.string(),
        "keep the old shares and the new ones; repeat renew-shares with both: it finds out which open "
        "the token",
        "no PIN was tried"};
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (set_of(shares[i]) != memory->share_set) {
      throw Failure{
          "share " + std::to_string(shares[i].number) + " of set " + ceremony::in_groups(set_of(shares[i])) +
              " is of another ceremony: this root's shares are of set " +
              ceremony::in_groups(memory->share_set) + ", says its state folder",
          room.arguments().shares[i],
          "bring the shares that say that set; if the state folder is another root's, this root's own",
          "no PIN was tried, nothing was signed"};
    }
  }
}

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

// The token that this ceremony initialised, in the words of whoever remembers it; empty: it has none yet.
std::string token_in_use(const CeremonyRoom& room) {
  const auto& state = room.script().state;
  const auto memory = read_token_memory(state);
  const bool remembered = memory && memory->initialised;
  if (!remembered && !room.was_done(kInitialise) && !std::filesystem::exists(state / "ledger.db")) {
    return "";
  }
  return "'" + room.script().token.label + "'" +
         (remembered && !memory->serial.empty() ? ", serial " + memory->serial : "");
}

// No token has the script's label: a fresh one is wanted, unless this ceremony has its token already.
void check_before_fresh(const CeremonyRoom& room) {
  const auto& token = room.script().token;
  constexpr const char* kUndone = "no PIN was made or tried, no token was touched";
  if (const auto used = token_in_use(room); !used.empty()) {
    throw Failure{
        "this ceremony's token is not here: " + used, token.module.string(),
        "keep the shares, they open it; put it in, or restore its backup with the vendor's tool, "
        "then repeat the step with --share FILE,FILE. To begin anew with another token: another state, "
        "output and shares in the script",
        kUndone};
  }
  if (!room.arguments().shares.empty()) {
    throw Failure{"shares were given, and there is no token '" + token.label + "' here that they could open",
                  token.module.string(),
                  "keep the shares; put in their token: chancery hsm list-slots shows what is there",
                  kUndone};
  }
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
  if (!found) {
    check_before_fresh(room);
  }
  if (found && fresh && room.arguments().shares.empty()) {
    throw Failure{
        "the token '" + token.label + "' is initialised already, and no share was given",
        token.module.string(),
        token_in_use(room).empty()
            ? "after an interruption of this very ceremony: the same with --share FILE,FILE; else take a "
              "fresh "
              "token, or reset this one with the vendor's tool when nothing on it is needed"
            : "it is this ceremony's: keep it and the shares, and repeat the step with --share FILE,FILE",
        "no PIN was tried, nothing was erased"};
  }
}

// Whether the script's token is there and initialised; if not, a fresh one is wanted.
bool checked_token(CeremonyRoom& room) {
  const auto found = find_token(room);
  check_before_pin(room, found.has_value());
  if (found) {
    room.check_token(*found);
  }
  return found.has_value();
}

pkcs11::Pin shared_pin(CeremonyRoom& room) {
  const auto shares = given_shares(room);
  check_sets(room, shares);
  check_threshold(room, shares);
  return user_pin(restore_pins(room, shares));
}

}  // namespace

void need_ceremony_token(CeremonyRoom& room) { static_cast<void>(checked_token(room)); }

TokenArguments with_pin(const CeremonyRoom& room, pkcs11::Pin pin) {
  const auto& token = room.script().token;
  return {token.module.string(), token.label, "shares",
          pkcs11::PinSource::kept(std::move(pin), "the custodians' shares")};
}

TokenArguments open_ceremony_token(CeremonyRoom& room) {
  const auto& token = room.script().token;
  try {
    const bool found = checked_token(room);
    if (token.shared_pin) {
      return with_pin(room, found ? shared_pin(room) : fresh_token(room));
    }
    if (room.arguments().pin_source.empty()) {
      throw Failure{"the script says that the HSM has PINs of its own, and none is named", "--pin-source",
                    "give file:<path>, fd:<number> or prompt", "the token was not opened"};
    }
    return {token.module.string(), token.label, room.arguments().pin_source};
  } catch (const pkcs11::Error& error) {
    throw token_failure(error, token.module.string(), "nothing was signed");
  }
}

}  // namespace cli
