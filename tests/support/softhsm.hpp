#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "tests/fault/shim/shim_control.hpp"

namespace test {

// A private SoftHSM in a temporary folder, for one test process: it sets SOFTHSM2_CONF, which is the whole
// process's, so make one per process and before the first Token; it must outlive every Token.
//
//   test::SoftHsm hsm;
//   const auto& issuing = hsm.add_token("issuing");
//   pkcs11: module path hsm.module(), PIN source "file:" + issuing.pin_file.string()
//
// Faults, either or both: files that go away (move_away), or the shim (with_shim, then hsm.module() is the
// shim).
class SoftHsm {
 public:
  struct TokenFiles {
    std::string label;
    std::string pin;
    std::filesystem::path pin_file;  // mode 0600
  };

  SoftHsm();
  ~SoftHsm();
  SoftHsm(const SoftHsm&) = delete;
  SoftHsm& operator=(const SoftHsm&) = delete;

  // By softhsm2-util; before the module is loaded. Without a PIN it gets one of its own.
  const TokenFiles& add_token(const std::string& label, const std::string& pin = {});
  // The token's files leave SoftHSM's folder in one rename, and come back. A module that is loaded sees the
  // token again only after C_Finalize and C_Initialize.
  void move_away(const std::string& label);
  void move_back(const std::string& label);
  // Replaces the content; mode stays 0600.
  static void write_pin(const std::filesystem::path& file, const std::string& pin);

  // Puts the shim before SoftHSM; before the first Token. The reference lives as long as this.
  ShimControl& with_shim();
  [[nodiscard]] std::string module() const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  // The library itself, whatever with_shim() did.
  [[nodiscard]] static std::string real_module();

 private:
  std::filesystem::path folder_;
  std::map<std::string, TokenFiles> tokens_;
  std::map<std::string, std::filesystem::path> directories_;  // of each token, by label
  ShimControl* control_ = nullptr;
};

}  // namespace test
