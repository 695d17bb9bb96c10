#include "daemon/cli/ceremony_renewal.hpp"

#include <utility>

#include "daemon/cli/ceremony_pins.hpp"
#include "daemon/cli/ceremony_shares.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/offline_authority.hpp"
#include "daemon/cli/offline_root.hpp"
#include "daemon/cli/token_memory.hpp"
#include "pkcs11/token_setup.hpp"

namespace cli {
namespace {

constexpr const char* kSetPins = "set the new PINs";
constexpr const char* kNotSet = "no PIN was set: the old shares open the token";

struct GivenShares {
  std::vector<ceremony::Share> old_ones, new_ones;
};

[[noreturn]] void refuse_set(const ceremony::Share& share, const std::string& file,
                             const TokenMemory& memory) {
  throw Failure{
      "share " + std::to_string(share.number) + " of set " + ceremony::in_groups(set_of(share)) +
          " is of another ceremony: this root's shares are of set " + ceremony::in_groups(memory.share_set) +
          (memory.next_set.empty() ? "" : ", the new ones of set " + ceremony::in_groups(memory.next_set)),
      file, "bring the shares that say that set; if the state folder is another root's, this root's own",
      "no PIN was tried"};
}

GivenShares sorted(const CeremonyRoom& room, const TokenMemory& memory) {
  GivenShares given;
  auto shares = given_shares(room);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto set = set_of(shares[i]);
    if (set != memory.share_set && set != memory.next_set) {
      refuse_set(shares[i], room.arguments().shares[i], memory);
    }
    (set == memory.share_set ? given.old_ones : given.new_ones).push_back(std::move(shares[i]));
  }
  return given;
}

// The old shares open the token, and it is the root's, before new ones are made for it.
void prove_old_shares(const CeremonyRoom& room, const ca::SecretBytes& pins) {
  const auto& state = room.script().state;
  OfflineAuthority offline{state, with_pin(room, user_pin(pins)), false};
  offline.check_key(active_root(offline, state.string()));
}

void write_new_shares(CeremonyRoom& room, TokenMemory memory, const std::vector<ceremony::Share>& old_ones) {
  const auto& script = room.script();
  need_empty_shares_folder(
      script.shares, memory.next_set.empty()
                         ? "keep what is in it, and name another folder as `shares` in the script"
                         : "if they are the new ones that an earlier run wrote, hand them out and repeat the "
                           "step with old and new shares; to make others, name another folder as `shares` "
                           "in the script: those of the earlier run open nothing then");
  prove_old_shares(room, restore_pins(room, old_ones));
  memory.next_set = write_shares(room, random_pins());
  write_token_memory(script.state, memory);
  room.paper() << "[ ] the new shares open nothing yet: hand them out, each custodian checks the own one\n"
                  "      chancery ceremony check-share FILE\n"
                  "[ ] then repeat this step with "
               << old_ones.front().set.threshold << " old and " << script.threshold
               << " new shares, the new ones as their custodians keep them: --share OLD,OLD,NEW,NEW\n";
}

pkcs11::TokenPins pins_of(const ca::SecretBytes& pins) { return {user_pin(pins), officer_pin(pins)}; }

// A token that answered with an error, such as one that does not let its PINs be changed, still has the old
// ones: no other step has to wait for this one then.
bool is_untouched(const std::string& module, const pkcs11::Uri& token, const ca::SecretBytes& old_pins) {
  try {
    return pkcs11::takes_user_pin(module, token, user_pin(old_pins));
  } catch (const pkcs11::Error&) {
    return false;
  }
}

void change_pins(CeremonyRoom& room, TokenMemory memory, const ca::SecretBytes& old_pins,
                 const ca::SecretBytes& new_pins) {
  const auto& script = room.script();
  const std::string module = script.token.module.string();
  pkcs11::Uri token;
  token.token = script.token.label;
  const bool begun = std::exchange(memory.setting, true);
  write_token_memory(script.state, memory);
  try {
    pkcs11::change_pins(module, token, pins_of(old_pins), pins_of(new_pins), begun);
  } catch (const pkcs11::Error& error) {
    const bool tried_in_vain = error.error_class() == pkcs11::ErrorClass::wrong_pin;
    if (!begun && !tried_in_vain && is_untouched(module, token, old_pins)) {
      memory.setting = false;
      write_token_memory(script.state, memory);
      throw token_failure(error, module, kNotSet);
    }
    throw token_failure(
        error, module,
        "not both PINs are set: keep the old shares and the new ones, and repeat the step with "
        "both, which finds out which open the token");
  }
}

TokenArguments set_pins(CeremonyRoom& room, TokenMemory memory, const GivenShares& given) {
  check_threshold(room, given.new_ones);
  const auto old_pins = restore_pins(room, given.old_ones);
  const auto new_pins = restore_pins(room, given.new_ones);
  change_pins(room, memory, old_pins, new_pins);
  room.note(kSetPins, "C_SetPIN for user and security officer: the old shares open this token no more",
            {{kShareSetFact, ceremony::in_groups(memory.next_set)}});
  memory.share_set = std::exchange(memory.next_set, "");
  memory.setting = false;
  write_token_memory(room.script().state, memory);
  return with_pin(room, user_pin(new_pins));
}

TokenMemory remembered(const CeremonyRoom& room) {
  const auto memory = read_token_memory(room.script().state);
  if (!memory) {
    throw Failure{"the state folder does not remember the token's shares: ceremony.json is not there",
                  room.script().state.string(),
                  "bring the folder that lies in the vault with the token, or its backup", kNotSet};
  }
  return *memory;
}

std::optional<TokenArguments> renewed(CeremonyRoom& room) {
  need_ceremony_token(room);
  const auto memory = remembered(room);
  const auto given = sorted(room, memory);
  if (!memory.setting && room.was_done(kSetPins)) {
    return with_pin(room, user_pin(restore_pins(room, given.old_ones)));  // what is left is the transcript
  }
  if (given.new_ones.empty() && !memory.setting) {
    write_new_shares(room, memory, given.old_ones);
    return std::nullopt;
  }
  if (given.new_ones.empty() || given.old_ones.empty()) {
    throw Failure{memory.setting ? "the PINs were being set when this step was interrupted"
                                 : "new shares were given, and no old ones",
                  "--share", "give enough of the old and of the new shares: --share OLD,OLD,NEW,NEW",
                  "no PIN was tried"};
  }
  return set_pins(room, memory, given);
}

}  // namespace

std::optional<TokenArguments> renew_shares(CeremonyRoom& room) {
  const auto& token = room.script().token;
  if (!token.shared_pin) {
    throw Failure{"the HSM has PINs and a quorum of its own: there are no shares", room.arguments().script,
                  "change its quorum with the vendor's tool", kNotSet};
  }
  if (room.arguments().shares.empty()) {
    throw Failure{"no share was given", "--share", "give as many old shares as open the token", kNotSet};
  }
  try {
    return renewed(room);
  } catch (const pkcs11::Error& error) {
    throw token_failure(error, token.module.string(), kNotSet);
  }
}

}  // namespace cli
