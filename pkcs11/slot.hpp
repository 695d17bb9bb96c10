#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "pkcs11/uri.hpp"

namespace pkcs11 {

// A slot with a token in it.
struct Slot {
  unsigned long slot_id = 0;  // changes when tokens come and go: name tokens by label or serial
  std::string description;
  std::string label;
  std::string serial;
  std::string manufacturer;
  std::string model;
  bool initialized = false;
  bool login_required = false;
  bool write_protected = false;
  bool user_pin_set = false;
  bool user_pin_count_low = false;
  bool user_pin_final_try = false;
  bool user_pin_locked = false;
  bool user_pin_to_be_changed = false;
  unsigned long max_sessions = 0;  // 0: no limit, or not told
};

// What a token says about one mechanism.
struct Mechanism {
  unsigned long mechanism = 0;
  std::string name;
  unsigned long min_key_size = 0;
  unsigned long max_key_size = 0;
  bool hardware = false;
  bool sign = false;
  bool verify = false;
  bool generate_key_pair = false;
};

// For an operator's eyes: loads the module, asks, unloads it. Throws Error. Not beside a Token on the same
// module in one process.
[[nodiscard]] std::vector<Slot> list_slots(const std::string& module_path);
[[nodiscard]] std::vector<Mechanism> mechanisms(const std::string& module_path, unsigned long slot_id);

// True when every token attribute of the URI is that of the slot.
[[nodiscard]] bool matches(const Uri& uri, const Slot& slot);

}  // namespace pkcs11
