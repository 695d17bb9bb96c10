#pragma once
#include <memory>
#include <optional>
#include <string>

namespace ca {

class PolicyDocument;

// Who asks. Only daemon/auth (and the offline CLI) makes one, after the proof of identity succeeded.
struct Caller {
  std::string account;        // 12 digits
  std::string principal;      // name in the principals file, "provisioner"
  std::string principal_arn;  // "arn:aws:iam::123456789012:user/provisioner", or ":role/..."
  // Of a caller with temporary credentials: "arn:aws:sts::123456789012:assumed-role/<role>/<session>".
  std::string session_arn;
  // What a session was cut down to when its role was assumed; absent: nothing.
  std::shared_ptr<const PolicyDocument> session_policy;
  std::string region;         // of the credential scope; the daemon's own region for mTLS
  std::string access_key_id;  // empty for mTLS
  // Set for a device that authenticates with its own certificate: it may speak for this device only.
  std::optional<std::string> device_id;
  std::string source_ip;
  std::string request_id;  // uuid of this request; audit and log carry it

  // How the caller is named to people: the session when there is one.
  [[nodiscard]] const std::string& shown_arn() const {
    return session_arn.empty() ? principal_arn : session_arn;
  }
};

}  // namespace ca
