#pragma once
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "config/ceremony.hpp"
#include "daemon/ceremony/transcript.hpp"
#include "pkcs11/slot.hpp"

namespace cli {

// What the operators say at the command line.
struct CeremonyArguments {
  std::string script, step, clock_confirmed, pin_source;
  std::vector<std::string> present, shares;
  bool rehearse = false;
  bool paper_to_stderr = false;  // stdout is for a program
};

// The script; of a rehearsal with SoftHSM, folders and a subject of its own. Throws Failure with every
// problem.
[[nodiscard]] config::CeremonyScript ceremony_script(const CeremonyArguments& arguments);

// The script as its file has it, whether or not the roles' keys are there. Throws Failure with every problem.
[[nodiscard]] config::CeremonyScript script_text(const std::string& file);

// A ceremony that is under way: the script, the folder of this step, its transcript, and the paper on the
// table, which is printed as it is written down. Not thread-safe.
class CeremonyRoom {
 public:
  // Reads the script and checks everything that can be checked before a token is touched: people, clock,
  // network, swap, where shares will be written. A rehearsal only reports the last three. Throws Failure at
  // the first difference.
  explicit CeremonyRoom(const CeremonyArguments& arguments);

  [[nodiscard]] const config::CeremonyScript& script() const { return script_; }
  [[nodiscard]] const CeremonyArguments& arguments() const { return arguments_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path transcript_file() const;

  // Whether an earlier run of this step wrote the command down.
  [[nodiscard]] bool was_done(const std::string& command) const;
  // The custodians who are, or were in an earlier run of this step: only theirs are signatures that count.
  [[nodiscard]] std::vector<std::string> custodians_present() const;

  // Prints and writes down.
  void note(const std::string& command, const std::string& output = "",
            const std::map<std::string, std::string>& facts = {},
            const std::map<std::string, std::string>& artefacts = {});
  // Writes the file into the folder, its hash into the transcript and in groups of four digits on the table.
  void publish(const std::string& name, const std::string& contents);
  // The token that is there is the one of the script. Throws Failure.
  void check_token(const pkcs11::Slot& slot);
  [[nodiscard]] std::ostream& paper() const;
  // What stopped it goes into the transcript, which stays open.
  void stopped(const std::string& why);
  void close();

 private:
  void begin();

  CeremonyArguments arguments_;
  config::CeremonyScript script_;
  std::filesystem::path folder_;
  ca::SystemClock clock_;
  std::unique_ptr<ceremony::Transcript> transcript_;
};

// The step that makes new PINs and new shares of them.
inline constexpr const char* kRenewShares = "renew-shares";

// How the transcript calls a run that stopped.
inline constexpr const char* kStopped = "STOPPED";

// What the transcript's fact kPinFact says: who has the token's PIN.
inline constexpr const char* kPinFact = "PIN";
[[nodiscard]] std::string pin_fact(const config::CeremonyScript& script);

// SHA-256 of a file in hex. Throws Failure.
[[nodiscard]] std::string file_sha256(const std::filesystem::path& file);

}  // namespace cli
